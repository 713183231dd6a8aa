"""Kinds from the table to the filled table: whatever is written is a value that the column can have."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import latentfill
from latentfill import Imputer, TableOptions
from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.series import FloatArray
from latentfill.imputation.inspection.inspect_path import inspect_path
from latentfill.scoring.evaluate import evaluate
from latentfill.scoring.scores import ALL
from latentfill.scoring.spec import ScoringSpec

N = 300
T = np.arange(N)
DAY = np.sin(2 * np.pi * T / 24)
SETTINGS = {"effort": "quick", "intervals": 0.9, "samples": 3}
Rng = np.random.Generator


def in_range(values: FloatArray, low: float, high: float) -> bool:
    return bool(((values >= low) & (values <= high)).all())


def is_among(*possible: float) -> Callable[[FloatArray], bool]:
    return lambda values: bool(np.isin(values, possible).all())


@dataclass(frozen=True)
class Case:
    """A kind, how a column of it is made, and whether values are possible for it."""

    kind: str  # as `--kind` takes it
    values: Callable[[Rng], FloatArray]
    is_possible: Callable[[FloatArray], bool]


def is_whole(values: FloatArray) -> bool:
    return bool((values == np.round(values)).all())


def is_amount(values: FloatArray) -> bool:
    return in_range(values, 0, np.inf)


def direction(rng: Rng) -> FloatArray:
    return (20 + np.cumsum(rng.normal(0, 12, N))).round(1) % 360


def meter(rng: Rng) -> FloatArray:
    return np.cumsum(1 + DAY + rng.uniform(0, 0.2, N)).round(2)


def rain(rng: Rng) -> FloatArray:
    return (rng.exponential(2, N) * (rng.random(N) < 0.3)).round(1)


def codes(rng: Rng) -> FloatArray:
    return np.array([10.0, 20.0, 90.0])[np.cumsum(rng.random(N) < 0.15) * 2 % 3]


def flags(rng: Rng) -> FloatArray:
    return (DAY + rng.normal(0, 0.3, N) > 0).astype(float)


def charge(rng: Rng) -> FloatArray:
    return np.clip(70 + 40 * DAY + rng.normal(0, 9, N), 0, 100).round(1)


CASES = [
    Case("circular:360", direction, lambda values: in_range(values, 0, 360)),
    Case("counter", meter, is_amount),
    Case("zero-inflated", rain, is_amount),
    Case("code", codes, is_among(10, 20, 90)),
    Case("flag", flags, is_among(0, 1)),
    Case("integer", lambda rng: rng.poisson(4 + 3 * DAY).astype(float), is_whole),
    Case("range:0:100", charge, lambda values: in_range(values, 0, 100)),
    Case("non-negative", lambda rng: (rng.exponential(2, N) + 0.01).round(2), is_amount),
]
NAMES = [case.kind for case in CASES]


def truth_of(case: Case, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x, temp = case.values(rng), 10 + 5 * DAY + rng.normal(0, 1, N)
    return pd.DataFrame({"time": pd.date_range("2024-03-25", periods=N, freq="h"), "x": x, "temp": temp.round(2)})


def with_gaps(truth: pd.DataFrame, seed: int = 1) -> pd.DataFrame:
    """The table with gaps of 1 to 12 steps, one of them at each end."""
    rng, table = np.random.default_rng(seed), truth.copy()
    for name in ("x", "temp"):
        for start in (-1, *rng.integers(8, len(truth) - 20, 14), len(truth) - 3):
            table.loc[max(0, start) : start + rng.integers(1, 12), name] = np.nan
    return table


@pytest.fixture(params=CASES, ids=NAMES)
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


@pytest.fixture
def table(case: Case) -> pd.DataFrame:
    return with_gaps(truth_of(case))


def assert_possible(case: Case, table: pd.DataFrame, filled: pd.DataFrame, samples: FloatArray | None = None) -> None:
    """Everything in the column `x` of a filled table and of `samples` (S, T) is possible, and nothing is left out."""
    missing = table["x"].isna().to_numpy()
    assert missing.any()
    value, lower, upper = (filled[name].to_numpy(float) for name in ("x", "x_lower", "x_upper"))
    for part in (value, lower, upper, *(() if samples is None else samples)):
        assert case.is_possible(part)
    np.testing.assert_array_equal(value[~missing], table["x"][~missing])
    if not case.kind.startswith("circular"):
        assert ((lower <= value) & (value <= upper)).all()
    if case.kind == "counter":
        for register in (value, *(() if samples is None else samples)):
            assert (np.diff(register) >= 0).all()
        known = table["x"].ffill(), table["x"].bfill()
        assert (lower[missing] >= known[0].fillna(0)[missing]).all()
        assert (upper[missing] <= known[1].fillna(np.inf)[missing]).all()


def test_only_possible_values_are_written(case: Case, table: pd.DataFrame):
    imputation = Imputer(**SETTINGS, kind=f"x={case.kind}").fit(table).fill(table)
    assert imputation.summary["columns"]["x"]["kind"] == case.kind
    assert imputation.filled.samples is not None
    samples = imputation.filled.samples[:, :, 0]
    assert_possible(case, table, imputation.to_frame(), samples)
    missing = table["x"].isna().to_numpy()
    if case.kind == "zero-inflated":
        filled, read = imputation.to_frame()["x"][missing], table["x"].dropna()
        assert np.mean(filled == 0) == pytest.approx(np.mean(read == 0), abs=0.2)
        assert np.mean(samples[:, missing] == 0) == pytest.approx(np.mean(read == 0), abs=0.2)
    assert imputation.filled.expected is not None
    assert (imputation.filled.expected[missing, 0] >= 0).all()
    if not case.kind.startswith("range"):  # may be certain everywhere, at an end
        assert (samples[0] != samples[1]).any()


@pytest.mark.parametrize("settings", [{"margin": None}, {"max_gap": 3}, {"strategy": "linear"}, {"strategy": "locf"}])
def test_only_possible_values_are_written_whatever_the_settings(
    case: Case, table: pd.DataFrame, settings: dict[str, object]
):
    given = SETTINGS | {"kind": f"x={case.kind}"} | settings
    imputation = Imputer(**given).fit(table).fill(table)
    filled = imputation.to_frame()
    samples = imputation.filled.samples
    assert samples is not None
    if "max_gap" not in settings:
        assert_possible(case, table, filled, samples[:, :, 0])
        return
    left = filled["x"].isna()
    assert left.any()
    assert not left[table["x"].notna()].any()
    assert filled.loc[left, ["x_lower", "x_upper"]].isna().all(axis=None)
    assert case.is_possible(filled.loc[~left, ["x", "x_lower", "x_upper"]].to_numpy())


def test_a_saved_model_fills_with_the_same_bytes(case: Case, table: pd.DataFrame, tmp_path: Path):
    imputer = Imputer(**SETTINGS, kind=f"x={case.kind}").fit(table)
    own = imputer.fill(table)
    imputer.save(tmp_path / "model")
    loaded = Imputer.load(tmp_path / "model").fill(table)
    pd.testing.assert_frame_equal(loaded.to_frame(), own.to_frame(), check_exact=True)
    assert loaded.filled.samples is not None
    np.testing.assert_array_equal(loaded.filled.samples, own.filled.samples)
    np.testing.assert_array_equal(loaded.filled.expected, own.filled.expected)
    described = inspect_path(tmp_path / "model", TableOptions())
    assert described["columns"]["x"] == case.kind


def test_a_model_fills_a_table_that_it_has_not_seen(case: Case, table: pd.DataFrame):
    other = with_gaps(truth_of(case, seed=5), seed=6).iloc[:100]
    filled = Imputer(**SETTINGS, kind=f"x={case.kind}").fit(table).fill(other).to_frame()
    assert_possible(case, other, filled)


@pytest.mark.parametrize("model", ["own", "shared"])
def test_series_of_a_stacked_table_are_filled_with_possible_values(case: Case, model: str):
    stations = [with_gaps(truth_of(case, seed), seed + 10).head(120).assign(station=f"s{seed}") for seed in (0, 1)]
    stacked = pd.concat(stations, ignore_index=True)
    filled = latentfill.impute(stacked, by="station", model=model, kind=f"x={case.kind}", **SETTINGS | {"samples": 0})
    for name, of_station in filled.groupby("station"):
        own = stacked[stacked["station"] == name].reset_index(drop=True)
        assert_possible(case, own, of_station.reset_index(drop=True))


def test_scores_are_those_of_the_kind(case: Case):
    table = latentfill.read_table(with_gaps(truth_of(case)), TableOptions())
    config = Config(effort="quick", intervals=0.9, kind=f"x={case.kind}")
    (run,) = evaluate(table, config, ScoringSpec(strategies=("auto", "linear"), patterns=("block",)))
    scores = {score.strategy: score for score in run.scores if score.column == "x" and score.gap == ALL}
    assert scores.keys() == {"auto", "linear"}
    for score in scores.values():
        assert np.isfinite([score.mse, score.mae, score.coverage, score.width, score.crps]).all()
        assert 0 <= score.coverage <= 1
        assert score.mse >= 0
    assert scores["auto"].coverage > 0.5


def test_kinds_are_taken_on_the_command_line_and_shown(
    case: Case, table: pd.DataFrame, run_cli, tmp_path: Path, capsys
):
    table.to_csv(tmp_path / "in.csv", index=False)
    flags = ("--kind", f"x={case.kind}", "--effort", "quick", "--intervals", "0.9", "--samples", "2")
    assert run_cli("impute", tmp_path / "in.csv", "-o", tmp_path / "out.csv", "--quiet", *flags) == 0
    filled = pd.read_csv(tmp_path / "out.csv")
    assert_possible(case, table, filled)
    for number in (1, 2):
        assert case.is_possible(pd.read_csv(tmp_path / f"out.sample{number}.csv")["x"].to_numpy(float))
    summary = json.loads((tmp_path / "out.summary.json").read_text())
    assert summary["columns"]["x"]["kind"] == case.kind
    capsys.readouterr()
    assert run_cli("inspect", tmp_path / "in.csv", "--kind", f"x={case.kind}", "--json") == 0
    described = json.loads(capsys.readouterr().out)
    assert {name: column["kind"] for name, column in described["columns"].items()} == {
        "x": case.kind,
        "temp": "continuous",
    }


# Several kinds in one table, and tables that are hard to learn from.

KINDS = "dir=circular:360,kwh=counter,rain=zero-inflated,mode=code,flag=flag,n=integer,soc=range:0:100"
COLUMNS = {"dir": 0, "kwh": 1, "rain": 2, "mode": 3, "flag": 4, "n": 5, "soc": 6}  # the case of each


@pytest.fixture
def mixed() -> pd.DataFrame:
    """A table with a column of each kind, and one that is continuous."""
    columns = {name: with_gaps(truth_of(CASES[at], at), at)["x"] for name, at in COLUMNS.items()}
    return with_gaps(truth_of(CASES[0])).drop(columns="x").assign(**columns)


def assert_all_possible(table: pd.DataFrame, filled: pd.DataFrame) -> None:
    for name, at in COLUMNS.items():
        of_column = filled.rename(columns={f"{name}{end}": f"x{end}" for end in ("", "_lower", "_upper")})
        assert_possible(CASES[at], table.assign(x=table[name]), of_column)


def test_several_kinds_and_covariates_go_together(mixed: pd.DataFrame):
    weather = truth_of(CASES[0], seed=9)[["time", "temp"]].rename(columns={"temp": "weather"})
    imputation = Imputer(**SETTINGS, kind=KINDS, covariates=weather).fit(mixed).fill(mixed)
    assert_all_possible(mixed, imputation.to_frame())


def test_most_cells_may_be_missing(mixed: pd.DataFrame):
    rng = np.random.default_rng(0)
    names = [*COLUMNS, "temp"]
    few = mixed.assign(**{name: mixed[name].where(rng.random(N) < 0.45) for name in names})
    assert few[names].isna().to_numpy().mean() > 0.6
    assert_all_possible(few, latentfill.impute(few, kind=KINDS, effort="quick", intervals=0.9))


def test_twenty_rows_are_enough(mixed: pd.DataFrame):
    few = mixed.iloc[40:60].reset_index(drop=True)
    few.loc[[5, 6, 12], list(COLUMNS)] = np.nan
    assert_all_possible(few, latentfill.impute(few, kind=KINDS, effort="quick", intervals=0.9))


def test_clocks_may_go_forward(mixed: pd.DataFrame):
    table = mixed.head(200)
    utc = pd.date_range("2024-03-25", periods=200, freq="h", tz="UTC")  # clocks went forward on 31 March
    local = table.assign(time=utc.tz_convert("Europe/Berlin").tz_localize(None))
    filled = latentfill.impute(local, kind=KINDS, strategy="autoregression", intervals=0.9, timezone="Europe/Berlin")
    same = latentfill.impute(table, kind=KINDS, strategy="autoregression", intervals=0.9)
    assert_all_possible(local, filled)
    pd.testing.assert_frame_equal(filled.drop(columns="time"), same.drop(columns="time"), rtol=1e-6)


@pytest.mark.parametrize("kind", ["counter", "circular", "zero-inflated", "integer", "range:0:100", "non-negative"])
def test_errors_after_a_single_reading_are_unknown(kind: str, mixed: pd.DataFrame):
    table = mixed[["time", "temp"]].assign(x=np.where(T == 50, 7.0, np.nan))
    imputation = Imputer(**SETTINGS, kind=f"x={kind}").fit(table).fill(table)
    filled = imputation.to_frame()
    others = T != 50
    np.testing.assert_allclose(filled["x"], 7.0)
    assert filled.loc[others, ["x_lower", "x_upper"]].isna().all(axis=None)
    assert np.isnan(imputation.filled.expected[others, 1]).all()
    assert any("Too few readings to tell how large errors are: 'x'." in note for note in imputation.summary["notes"])
    assert filled[["temp", "temp_lower", "temp_upper"]].notna().all(axis=None)


def test_a_single_reading_of_a_code_is_filled_with_doubt(mixed: pd.DataFrame):
    table = mixed[["time", "temp"]].assign(x=np.where(T == 50, 7.0, np.nan))
    imputation = Imputer(**SETTINGS, kind="x=code").fit(table).fill(table)
    assert (imputation.to_frame()["x"] == 7.0).all()
    np.testing.assert_allclose(imputation.filled.expected[T != 50, 1], 1 / 3)


def test_a_column_without_a_reading_stays_empty(case: Case):
    table = truth_of(case).assign(x=np.nan)
    imputation = Imputer(**SETTINGS, kind=f"x={case.kind}").fit(table).fill(table)
    assert imputation.to_frame()[["x", "x_lower", "x_upper"]].isna().all(axis=None)
    assert any("No value to learn from, and left empty: 'x'." in note for note in imputation.summary["notes"])


def test_a_meter_that_is_seldom_read_is_filled_up_to_its_ends():
    readings = np.where(T % 24 == 12, truth_of(CASES[1])["x"], np.nan)
    table = truth_of(CASES[1]).assign(x=readings)
    filled = latentfill.impute(table, kind="x=counter", effort="quick")["x"].to_numpy()
    assert not np.isnan(filled).any()
    assert (np.diff(filled) >= 0).all()
    between = slice(12, 24 * 11 + 13)
    np.testing.assert_allclose(filled[between], np.interp(T, T[12::24], readings[12::24])[between], atol=0.01)


def test_limits_hold_for_every_amount_and_are_refused_for_directions(mixed: pd.DataFrame):
    filled = latentfill.impute(mixed, kind=KINDS, minimum="3", maximum="60", **SETTINGS | {"samples": 0})
    for name in ("rain", "n", "soc", "kwh"):
        gaps = mixed[name].isna()
        ends = filled.loc[gaps, [name, f"{name}_lower", f"{name}_upper"]].to_numpy()
        assert in_range(ends, 3, 60)
    with pytest.raises(InputError, match="column 'dir' cannot have the minimum 90: it is circular:360"):
        latentfill.impute(mixed, kind=KINDS, minimum="dir=90", effort="quick")


def test_limits_hold_from_the_past_alone_too():
    table = with_gaps(truth_of(CASES[2]))
    filled = latentfill.impute(table, kind="x=zero-inflated", minimum="0.5", maximum="3", causal=True, intervals=0.9)
    gaps = table["x"].isna() & (T >= 100) & filled["x_lower"].notna()
    assert gaps.any()
    assert in_range(filled.loc[gaps, ["x", "x_lower", "x_upper"]].to_numpy(), 0.5, 3)
    with pytest.raises(InputError, match="column 'x' cannot have the maximum 180: it is circular:360"):
        latentfill.impute(with_gaps(truth_of(CASES[0])), kind="x=circular", maximum="x=180", causal=True)


def test_limits_that_are_given_to_a_saved_model_are_refused_too(mixed: pd.DataFrame, run_cli, tmp_path: Path, capsys):
    mixed.to_csv(tmp_path / "in.csv", index=False)
    assert run_cli("fit", tmp_path / "in.csv", "-m", tmp_path / "model", "--kind", KINDS, "--strategy", "linear") == 0
    capsys.readouterr()
    flags = ("-m", tmp_path / "model", "-o", tmp_path / "out.csv", "--max", "mode=20")
    assert run_cli("apply", tmp_path / "in.csv", *flags) == 2
    assert "column 'mode' cannot have the maximum 20" in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()


def test_an_impossible_kind_is_refused_on_the_command_line(mixed: pd.DataFrame, run_cli, tmp_path: Path, capsys):
    mixed.to_csv(tmp_path / "in.csv", index=False)
    for kind, message in (
        ("dri=circular", "did you mean 'dir'"),
        ("temp=flag", "different values"),
        ("dir", "kind takes"),
    ):
        assert run_cli("impute", tmp_path / "in.csv", "-o", tmp_path / "out.csv", "--kind", kind) == 2
        assert message in capsys.readouterr().err


# Linear interpolation, as the README describes it.


def linear(values: list[float], kind: str) -> list[float]:
    table = pd.DataFrame({"time": pd.date_range("2024-01-01", periods=len(values), freq="h"), "x": values})
    return latentfill.impute(table, kind=f"x={kind}", strategy="linear")["x"].tolist()


def test_a_direction_turns_the_shorter_way():
    filled = linear([340.0, 350.0, np.nan, np.nan, np.nan, 10.0, 20.0], "circular:360")
    np.testing.assert_allclose(filled[2:5], [355, 0, 5], atol=0.06)


def test_a_flag_or_code_keeps_the_value_of_the_nearer_end():
    assert linear([10.0, 10.0, np.nan, np.nan, np.nan, np.nan, 90.0, 20.0], "code")[2:6] == [10, 10, 90, 90]
    assert linear([0.0, 0.0, np.nan, np.nan, 1.0, 0.0], "flag")[2:4] == [0, 1]


def test_a_meter_counts_at_a_rate_that_changes_evenly():
    filled = linear([0.25, 1.25, 2.25, 3.25, np.nan, np.nan, np.nan, 12.25, 15.25, 18.25], "counter")
    counted = np.cumsum([1.4, 1.8, 2.2, 2.6])  # at rates between 1 and 3; in all, 9 were counted
    np.testing.assert_allclose(filled[4:7], 3.25 + 9 * counted[:3] / counted[3])
