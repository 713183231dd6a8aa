"""Covariates: a table is predicted from other tables, whose columns are never held out, filled or written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import latentfill
from latentfill import Imputer
from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.series import BoolArray, Series
from latentfill.imputation.filling.fill import fill_series
from latentfill.imputation.fitting.best_fit import is_lower
from latentfill.imputation.fitting.fit import FitInputs, fit_series
from latentfill.imputation.stacked import impute_stacked
from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.error_sample import ErrorSample
from latentfill.imputation.validation.holdout import hold_out
from latentfill.scoring.evaluate import evaluate
from latentfill.scoring.spec import ScoringSpec
from latentfill.tables.covariates import AlignedFile, Covariates
from latentfill.windows.windows import ScaledSeries

N_STEPS = 720
HOURS = pd.date_range("2024-01-01", periods=N_STEPS, freq="h")
GAP = slice(360, 440)


def walk(seed: int) -> np.ndarray:
    """Weather that keeps to itself for some hours."""
    rng, level = np.random.default_rng(seed), np.zeros(N_STEPS)
    for t in range(1, N_STEPS):
        level[t] = 0.95 * level[t - 1] + rng.normal()
    return level


WEATHER = walk(0)
TRUTH = 3 + 2 * WEATHER
LINE = np.interp(np.arange(N_STEPS)[GAP], [GAP.start - 1, GAP.stop], TRUTH[[GAP.start - 1, GAP.stop]])
USEFUL = pd.DataFrame({"time": HOURS, "weather": WEATHER})
USELESS = pd.DataFrame({"time": HOURS, "noise": np.random.default_rng(9).normal(size=N_STEPS)})


@pytest.fixture
def table() -> pd.DataFrame:
    """A column that is a linear function of the weather, and another, with gaps."""
    load, other = TRUTH.copy(), walk(1)
    load[GAP], load[200:205], other[600:603] = np.nan, np.nan, np.nan
    return pd.DataFrame({"time": HOURS, "load": load, "other": other})


def error_in_gap(filled: pd.DataFrame) -> float:
    return float(np.mean((filled["load"].to_numpy()[GAP] - TRUTH[GAP]) ** 2))


@pytest.mark.parametrize("strategy", ["auto", "state_space"])
def test_a_long_gap_is_filled_from_a_covariate_that_the_column_follows(table: pd.DataFrame, strategy: str):
    imputer = Imputer(covariates=USEFUL, strategy=strategy, intervals=0.9, samples=2)
    imputation = imputer.fit(table).fill(table)
    filled = imputation.to_frame()
    assert error_in_gap(filled) < 0.1 * np.mean((LINE - TRUTH[GAP]) ** 2)
    bounds = [f"{name}_{end}" for name in ("load", "other") for end in ("lower", "upper")]
    assert list(filled.columns) == ["time", "load", "other", *bounds]
    observed = table.notna()
    pd.testing.assert_frame_equal(filled[table.columns].where(observed), table.where(observed))
    assert list(imputation.code_columns())[:2] == ["load", "other"]
    assert imputation.filled.samples is not None
    assert imputation.filled.samples.shape == (2, N_STEPS, 2)
    assert list(imputation.summary["columns"]) == ["load", "other"]
    about = imputation.summary["covariates"]
    assert about["files"] == {"covariates1": {"columns": ["weather"], "aligned": "same steps", "covered": 1.0}}
    assert about["used"]
    assert about["held_out_mse"]["with"] < 0.5 * about["held_out_mse"]["without"]
    assert any("The covariates lower the error on held-out cells" in note for note in imputation.summary["notes"])


def test_a_useless_covariate_is_left_out_and_the_table_is_filled_as_without_it(table: pd.DataFrame):
    imputer = Imputer(covariates=USELESS)
    read = imputer.read(table)
    with_it = imputer.fit(read).fill(read)
    pd.testing.assert_frame_equal(with_it.to_frame(), latentfill.impute(table))
    assert imputer.fitted_.covariates == ()
    assert not with_it.summary["covariates"]["used"]
    assert any("do not lower the error" in note for note in with_it.summary["notes"])
    assert with_it.summary["covariates"]["files"]["covariates1"]["columns"] == ["noise"]
    imputer.fill(table.head(300))  # needs no covariates


def test_a_calendar_of_holidays_fills_a_holiday(tmp_path: Path):
    hours, rng = pd.date_range("2024-01-01", periods=900, freq="h"), np.random.default_rng(0)
    is_holiday = np.isin(hours.day_of_year, (9, 27, 36))
    load = np.sin(np.arange(900) / 24 * 2 * np.pi) + 5 * is_holiday + 0.1 * rng.normal(size=900)
    truth, gap = load.copy(), slice(26 * 24 - 6, 27 * 24 + 6)  # the 27th of January, and some hours more
    load[gap] = np.nan
    (tmp_path / "days.csv").write_text("date,what\n2023-12-25,X\n2024-01-09,Fest\n2024-01-27,Fest\n2024-02-05,Fest\n")
    imputer = Imputer(covariates=tmp_path / "days.csv")
    table = imputer.read(pd.DataFrame({"time": hours, "load": load}))
    imputation = imputer.fit(table).fill(table)
    assert imputer.fitted_.covariates == ("what=Fest",)
    assert imputation.summary["covariates"]["files"]["days.csv"]["aligned"] == "held for 1 day"
    np.testing.assert_allclose(imputation.filled.values[gap, 0], truth[gap], atol=1)


def test_gaps_of_a_covariate_are_no_hindrance(table: pd.DataFrame):
    weather = USEFUL.copy()
    weather.loc[390:395, "weather"] = np.nan
    assert error_in_gap(latentfill.impute(table, covariates=weather.iloc[60:660])) < 0.1 * np.mean(
        (LINE - TRUTH[GAP]) ** 2
    )


def test_cells_are_held_out_of_the_table_alone_and_are_the_same_without_covariates():
    rng = np.random.default_rng(0)
    values, clock, config = rng.normal(size=(400, 3)), np.zeros((400, 0)), Config(length=8)
    values[50:60, 0] = np.nan
    targets = np.array([True, True, False])
    both = hold_out(ScaledSeries(values, clock), config, targets=targets)
    alone = hold_out(ScaledSeries(values[:, :2], clock), config)
    for name in ("tuning", "score"):
        held: BoolArray = getattr(both, name)
        assert held.any()
        assert not held[:, 2].any()
        np.testing.assert_array_equal(held[:, :2], getattr(alone, name))
    starts = np.arange(393)
    for hidden, _ in both.rounds(starts, 8, trained=False):
        assert hidden.any()
        assert not hidden[:, 2].any()
    check = both.training_data(starts, 8).check
    assert check.any()
    assert np.isnan(check.truth[:, :, 2]).all()


def test_no_cell_of_a_covariate_is_filled():
    values = np.array(TRUTH[:600, None])
    values[100:110] = np.nan
    covered = np.where(np.arange(600) < 300, WEATHER[:600], np.nan)[:, None]
    covariates = Covariates(("weather",), covered, (AlignedFile("w.csv", ("weather",), "same steps", 0.5),))
    series = Series(values, ("load",), None, np.arange(600))
    fitted = fit_series(series, Config(), FitInputs(covariates=covariates))
    joined = Series(np.column_stack([values, covered]), ("load", "weather"), None, series.rows)
    filled = fill_series(fitted, joined)
    assert filled.values.shape == filled.codes.shape == (600, 1)
    assert int((filled.codes > 0).sum()) == 10


def errors(scale: float, gap: np.ndarray, n_columns: int = 1) -> ErrorSample:
    """Errors in different gaps of the first column, whose size `gap` (M,) differs from gap to gap."""
    mask = np.zeros((3 * len(gap), n_columns), dtype=bool)
    mask[::3, 0] = True
    cells = Cells.at(mask, np.where(mask, np.nan, 0.0))
    return ErrorSample(cells, scale * gap, np.zeros((len(gap), 1)))


def test_an_error_is_lower_only_beyond_chance():
    rng = np.random.default_rng(0)
    size = 1 + 0.1 * rng.normal(size=50)
    assert is_lower(errors(0.8, size), errors(1, size))
    assert not is_lower(errors(0.99, size), errors(1, size))  # a gain of 2 %
    assert not is_lower(errors(1, size), errors(1, size))
    by_chance = size.copy()
    by_chance[0] = 20  # the whole gain is from one gap
    assert not is_lower(errors(1.01, size, n_columns=2), errors(1, by_chance))
    assert not is_lower(errors(1, size[:0]), errors(1, size[:0]))


def test_a_saved_model_needs_its_covariates_again(table: pd.DataFrame, tmp_path: Path):
    two = USEFUL.assign(useless=USELESS["noise"])
    imputer = Imputer(covariates=two).fit(table)
    imputer.save(tmp_path / "model")
    expected = imputer.transform(table)
    loaded = Imputer.load(tmp_path / "model", covariates=two[["time", "useless", "weather"]])
    assert loaded.fitted_.covariates == ("weather", "useless")
    pd.testing.assert_frame_equal(loaded.transform(table), expected)
    assert loaded.fill(table).summary["covariates"]["held_out_mse"]["with"] is not None
    for covariates in (None, USEFUL):
        with pytest.raises(InputError, match=r"with the covariates 'weather', 'useless'; there is no .*'useless'"):
            Imputer.load(tmp_path / "model", covariates=covariates).fill(table)


def test_a_model_without_covariates_refuses_them(table: pd.DataFrame, tmp_path: Path):
    Imputer(strategy="linear").fit(table).save(tmp_path / "model")
    with pytest.raises(InputError, match="fitted without covariates"):
        Imputer.load(tmp_path / "model", covariates=USEFUL).fill(table)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"embeddings": np.zeros((N_STEPS, 4)), "strategy": "denoise"}, "stored embeddings"),
        ({"donor_table": "other.csv"}, "a donor table"),
    ],
)
def test_what_knows_nothing_of_covariates_is_refused(table: pd.DataFrame, settings: dict[str, object], message: str):
    with pytest.raises(InputError, match=message):
        Imputer(covariates=USEFUL, **settings).fit(table)


def test_each_series_of_a_stacked_table_gets_its_own_rows(table: pd.DataFrame):
    south = table.assign(load=-table["load"])
    stacked = pd.concat([table.assign(site="N"), south.assign(site="S"), south.assign(site="T")], ignore_index=True)
    weather = pd.concat([USEFUL.assign(site="N"), USEFUL.assign(site="S", weather=7 - WEATHER)], ignore_index=True)
    imputer = Imputer(by="site", covariates=[weather])
    imputation = impute_stacked(imputer, stacked)
    filled, summary = imputation.to_frame(), imputation.summary
    line = np.mean((LINE - TRUTH[GAP]) ** 2)
    assert list(filled.columns) == list(stacked.columns)
    parts = {site: part.reset_index(drop=True) for site, part in filled.groupby("site")}
    assert error_in_gap(parts["N"]) < 0.1 * line
    assert error_in_gap(parts["S"].assign(load=-parts["S"]["load"])) < 0.1 * line
    pd.testing.assert_frame_equal(parts["T"].drop(columns="site"), latentfill.impute(south))
    assert "covariates1 has no rows of the series 'T', filled without it." in summary["notes"]
    assert "The covariates lower the error on held-out cells in 2 of 3 series." in summary["notes"]
    assert set(summary["series"]["S"]["covariates"]["files"]) == {"covariates1"}
    assert "covariates" not in summary["series"]["T"]


def test_a_series_that_cannot_use_its_covariates_is_filled_without_them(table: pd.DataFrame):
    later = table.assign(site="L", time=HOURS + pd.Timedelta("400D"))
    stacked = pd.concat([table.assign(site="N"), later], ignore_index=True)
    imputation = impute_stacked(Imputer(by="site", covariates=USEFUL), stacked)
    filled = imputation.to_frame()
    assert error_in_gap(filled[filled["site"] == "N"]) < 0.1 * np.mean((LINE - TRUTH[GAP]) ** 2)
    alone = latentfill.impute(later.drop(columns="site"))
    pd.testing.assert_frame_equal(filled[filled["site"] == "L"].drop(columns="site").reset_index(drop=True), alone)
    assert any(note.startswith("L is filled without covariates: ") for note in imputation.summary["notes"])
    with pytest.raises(InputError, match="do not overlap"):
        impute_stacked(Imputer(by="site", covariates=USEFUL), later)


def test_a_table_of_all_series_is_matched_by_time_for_each(table: pd.DataFrame):
    stacked = pd.concat([table.assign(site="N"), table.assign(site="S")], ignore_index=True)
    filled = latentfill.impute(stacked, by="site", covariates=USEFUL)
    for _, part in filled.groupby("site"):
        assert error_in_gap(part.reset_index(drop=True)) < 0.1 * np.mean((LINE - TRUTH[GAP]) ** 2)


def test_scores_tell_what_covariates_bring(table: pd.DataFrame):
    imputer = Imputer(covariates=USEFUL)
    read = imputer.read(table)
    spec = ScoringSpec(strategies=("auto",), patterns=("block",), rates=(0.1,), seeds=(0,))
    scores = {}
    for name, covariates in (("with", imputer.align(read)), ("without", None)):
        (run,) = evaluate(read, Config(), spec, covariates)
        scores[name] = next(s.mse for s in run.scores if (s.strategy, s.column, s.gap) == ("auto", "load", "all"))
    assert scores["with"] < 0.2 * scores["without"]
    with pytest.raises(InputError, match="encoders to compare"):
        list(evaluate(read, Config(), ScoringSpec(strategies=("denoise",), encoders=("none",)), imputer.align(read)))


def test_networks_read_covariates_and_explain_only_cells_of_the_table(
    table: pd.DataFrame, quick: dict[str, object], tmp_path: Path
):
    settings = {**quick, "candidates": "linear,kriging,denoise,neighbours,latent"}
    imputer = Imputer(covariates=USEFUL, **settings).fit(table)
    assert imputer.fitted_.covariates == ("weather",)
    assert not imputer.transform(table).isna().any().any()
    imputer.explain(table, tmp_path / "why.csv")
    assert set(pd.read_csv(tmp_path / "why.csv")["column"]) == {"load", "other"}
    imputer.save(tmp_path / "model")
    loaded = Imputer.load(tmp_path / "model", covariates=USEFUL)
    pd.testing.assert_frame_equal(loaded.transform(table), imputer.transform(table))


def test_other_labels_than_those_of_the_series_are_refused(table: pd.DataFrame):
    stacked = pd.concat([table.assign(site="A"), table.assign(site="B")])
    weather = pd.concat([USEFUL.assign(site="C"), USEFUL.assign(site="D")])
    with pytest.raises(InputError, match="has rows of none of the series, such as 'A'"):
        impute_stacked(Imputer(by="site", covariates=[weather]), stacked)


def test_covariates_that_are_used_have_the_lower_error_in_the_summary(table: pd.DataFrame):
    imputer = Imputer(covariates=[USEFUL], seed=0)
    found = imputer.fit(table).fill(table).summary["covariates"]
    assert found["used"]
    assert found["held_out_mse"]["with"] < 0.9 * found["held_out_mse"]["without"]
