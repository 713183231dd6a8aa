"""Filling from the past alone, proven by changing the future."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import latentfill
from latentfill.core.errors import InputError
from latentfill.imputation.filling.codes import Code
from latentfill.imputation.filling.filled import Filled
from latentfill.imputation.imputer import Imputer

N = 700
ARRAYS = ("values", "codes", "expected", "lower", "upper", "samples")


def complete(seed: int = 0) -> pd.DataFrame:
    """A daily wave, a related one, a direction, a meter, an amount that is often zero, and a status."""
    rng = np.random.default_rng(seed)
    hours = np.arange(N)
    wave = np.sin(2 * np.pi * hours / 24) + 0.1 * rng.normal(size=N)
    return pd.DataFrame(
        {
            "wave": wave,
            "other": 2 * wave + 0.1 * rng.normal(size=N),
            "wind_dir": (350 + 30 * wave).round() % 360,
            "kwh": 100 + np.cumsum(np.maximum(wave + 0.5, 0) + rng.exponential(0.1, N)).round(2),
            "rain": np.where(rng.random(N) < 0.1, rng.gamma(1, 2, N), 0).round(1),
            "status": np.where(wave > 0.5, 20, np.where(hours % 24 < 5, 90, 10)),
        },
        index=pd.date_range("2023-01-01", periods=N, freq="h"),
    )


def gappy(seed: int = 0) -> pd.DataFrame:
    frame, rng = complete(seed).astype(float), np.random.default_rng(seed + 1)
    for column in range(frame.shape[1]):
        for start in rng.integers(0, N - 15, 30):
            frame.iloc[start : start + rng.integers(1, 12), column] = np.nan
    return frame


def filled(frame: pd.DataFrame, **settings: object) -> Filled:
    imputer = Imputer(causal=True, intervals=0.9, samples=3, **settings)
    table = imputer.read(frame)
    return imputer.fit(table).fill(table).filled


def assert_same_until(stop: int, first: Filled, other: Filled) -> None:
    for name in ARRAYS:
        before, after = (getattr(each, name)[..., :stop, :] for each in (first, other))
        np.testing.assert_array_equal(before, after, err_msg=name)
    np.testing.assert_array_equal(first.weights.cell_texts[:stop], other.weights.cell_texts[:stop])


@pytest.fixture(scope="module")
def whole() -> Filled:
    return filled(gappy())


@pytest.mark.parametrize("seed", range(3))
def test_the_future_changes_nothing(whole: Filled, seed: int):
    rng = np.random.default_rng(seed)
    cut = int(rng.integers(50, N - 20))
    other = gappy()
    future = rng.normal(size=other.iloc[cut:].shape) * 10.0 ** rng.integers(-3, 12)
    other.iloc[cut:] = np.where(rng.random(future.shape) < rng.uniform(0, 0.9), np.nan, future)
    assert_same_until(cut, whole, filled(other))


def test_the_future_may_be_empty(whole: Filled):
    other = gappy()
    other.iloc[333:] = np.nan
    assert_same_until(333, whole, filled(other))


def test_the_future_of_a_meter_that_is_reset_each_day_changes_nothing():
    rng, days = np.random.default_rng(0), 20
    frame = pd.DataFrame(
        {"meter": np.cumsum(rng.exponential(size=(days, 24)), axis=1).ravel(), "other": rng.normal(size=24 * days)},
        index=pd.date_range("2023-01-01", periods=24 * days, freq="h"),
    )
    for start in rng.integers(0, 24 * days - 10, 30):
        frame.iloc[start : start + 5, 0] = np.nan
    changed = frame.copy()
    changed.iloc[300:, 0] = rng.normal(size=24 * days - 300) * 1e6
    first, other = (filled(each, kind="meter=counter") for each in (frame, changed))
    assert_same_until(300, first, other)


def test_later_columns_of_the_same_step_may_be_used_and_earlier_steps_are(whole: Filled):
    other = gappy()
    other.iloc[400, 0] += 5
    changed = filled(other)
    assert_same_until(400, whole, changed)
    assert (changed.values[400:] != whole.values[400:]).sum() > 1


def test_values_are_those_that_the_columns_can_have(whole: Filled):
    values = whole.values[100:]
    assert set(np.unique(values[:, 5])) <= {10, 20, 90}
    assert ((values[:, 2] >= 0) & (values[:, 2] <= 360)).all()
    assert (values[:, 4] >= 0).all()
    assert (whole.values[gappy().notna().to_numpy()] == gappy().to_numpy()[gappy().notna()]).all()


def test_it_is_better_than_the_last_reading_on_a_seasonal_column(whole: Filled):
    frame, truth = gappy(), complete()
    gaps = frame["wave"].isna().to_numpy() & (np.arange(N) > 200)
    last = frame["wave"].ffill()
    errors = [np.square(each - truth["wave"])[gaps].mean() for each in (whole.values[:, 0], last)]
    assert errors[0] < 0.5 * errors[1]


def test_the_last_reading_is_the_floor_on_random_walks():
    ratios = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        walk = np.cumsum(rng.normal(size=(1000, 1)), axis=0)
        gaps = np.zeros(walk.shape, dtype=bool)
        for start in rng.integers(1, 970, 30):
            gaps[start : start + rng.integers(1, 30)] = True
        frame = pd.DataFrame(np.where(gaps, np.nan, walk), index=pd.date_range("2023-01-01", periods=1000, freq="h"))
        last = frame.ffill().to_numpy()
        errors = [np.square(each - walk)[gaps].mean() for each in (filled(frame.add_prefix("x")).values, last)]
        ratios.append(errors[0] / errors[1])
    assert np.mean(ratios) < 1.1
    assert max(ratios) < 1.2


def test_blends_have_their_weights(whole: Filled):
    assert whole.weights is not None
    texts = whole.weights.cell_texts
    blends = texts[whole.codes == Code.BLEND]
    assert len(blends)
    assert all("=" in text for text in blends)
    assert (texts[whole.codes == Code.OBSERVED] == "").all()
    np.testing.assert_allclose(whole.weights.weight.sum(axis=1), 1)


def test_the_first_steps_get_the_last_reading_and_those_before_it_stay_empty():
    frame = gappy()[["wave", "other"]]
    frame.iloc[:5, 0] = np.nan
    frame.iloc[8:10, 0] = np.nan
    result = filled(frame)
    assert (result.codes[:5, 0] == Code.EMPTY).all()
    assert (result.codes[8:10, 0] == Code.LOCF).all()
    assert (result.values[8:10, 0] == frame.iloc[7, 0]).all()


def test_intervals_hold_about_as_often_as_asked_for():
    inside = []
    for seed in range(3):
        frame, truth = gappy(seed)[["wave", "other"]], complete(seed).to_numpy()
        result, gaps = filled(frame), frame.isna().to_numpy(copy=True)
        gaps[:200] = False
        for c in (0, 1):
            at = gaps[:, c]
            inside.append((result.lower[at, c] <= truth[at, c]) & (truth[at, c] <= result.upper[at, c]))
    assert 0.8 < np.concatenate(inside).mean() <= 1


def test_later_data_are_filled_by_what_was_learnt_before(whole: Filled):
    frame = gappy()
    imputer = Imputer(causal=True).fit(frame.iloc[:400])
    first = imputer.fill(frame.iloc[400:]).filled.values
    changed = frame.iloc[400:].copy()
    changed.iloc[200:] = 1e6
    np.testing.assert_array_equal(first[:200], imputer.fill(changed).filled.values[:200])


def test_gaps_longer_than_the_limit_are_filled_up_to_it():
    frame = gappy()[["wave", "other"]]
    frame.iloc[500:520, 0] = np.nan
    frame.iloc[499, 0] = 0.3
    result = filled(frame, max_gap=4)
    assert (result.codes[500:504, 0] != Code.EMPTY).all()
    assert (result.codes[504:520, 0] == Code.EMPTY).all()


@pytest.mark.parametrize("model", ["own", "auto"])
def test_series_of_a_stacked_table_are_filled_each_from_its_own_past(model: str):
    frames = [gappy(seed)[["wave", "other", "rain"]].iloc[:200].assign(name=f"s{seed}") for seed in range(2)]
    stacked = pd.concat(frames).rename_axis("time").reset_index()
    result = latentfill.impute(stacked, by="name", model=model, causal=True)
    changed = stacked.copy()
    changed.loc[(changed["name"] == "s1"), "wave"] = 5.0
    other = latentfill.impute(changed, by="name", model=model, causal=True)
    pd.testing.assert_frame_equal(result[result["name"] == "s0"], other[other["name"] == "s0"])


def test_the_command_writes_the_same_bytes_up_to_the_change(run_cli: Callable[..., int], tmp_path: Path):
    lines = []
    for name, factor in (("a", 1.0), ("b", 1e6)):
        frame = gappy()[["wave", "other"]].rename_axis("time")
        frame.iloc[350:] *= factor
        frame.to_csv(tmp_path / f"{name}.csv")
        given = ("--causal", "--precision", 6)
        assert run_cli("impute", tmp_path / f"{name}.csv", "-o", tmp_path / f"{name}_out.csv", *given) == 0
        lines.append((tmp_path / f"{name}_out.csv").read_text().splitlines()[:350])
    assert lines[0] == lines[1]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"strategy": "kriging"}, "strategy 'kriging' looks ahead"),
        ({"candidates": ("linear",)}, "the candidates linear are not those of the past"),
        ({"blank_doubtful": 0.9}, "cannot be blanked"),
    ],
)
def test_what_looks_ahead_is_refused(settings: dict[str, object], words: str):
    with pytest.raises(InputError, match=words):
        Imputer(causal=True, **settings).fit(gappy())


def test_limits_are_kept_and_those_of_directions_refused():
    result = filled(gappy().iloc[:300], minimum="wave=-0.2", maximum="kwh=150")
    gaps = gappy().iloc[:300].isna().to_numpy()
    assert (result.values[100:, 0][gaps[100:, 0]] >= -0.2).all()
    assert (result.upper[100:, 3][gaps[100:, 3]] <= 150).all()
    with pytest.raises(InputError, match="'wind_dir' cannot have the maximum 90"):
        filled(gappy().iloc[:300], maximum="wind_dir=90")
