"""Tables with uneven time stamps: everything goes by time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import latentfill
from latentfill.imputation.filling.codes import Code
from latentfill.imputation.imputer import Imputer


def uneven(seed: int, kind: str, n: int = 300) -> pd.DataFrame:
    """A ramp and a daily wave over uneven stamps, with gaps."""
    rng = np.random.default_rng(seed)
    if kind == "multiples of 6 minutes":
        hours = np.sort(rng.choice(np.arange(8 * n), n, replace=False)) / 10
    elif kind == "no common step":
        hours = np.cumsum(rng.exponential(1.0, n) + 0.001).round(4)
    else:
        hours = np.cumsum(np.where(rng.random(n) < 0.03, 50.0, 0.2) + rng.exponential(0.1, n)).round(4)
    index = pd.Timestamp("2023-03-01") + pd.to_timedelta((hours * 3600).round(), unit="s")
    seconds = (index - index[0]).total_seconds().to_numpy()
    wave = np.sin(2 * np.pi * seconds / 86_400) + 0.05 * rng.normal(size=n)
    return pd.DataFrame({"ramp": 5 + seconds / 1800, "wave": wave}, index=index)


def with_gaps(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    rng, gappy = np.random.default_rng(seed), frame.copy()
    for column in range(gappy.shape[1]):
        for start in rng.integers(1, len(gappy) - 12, 15):
            gappy.iloc[start : start + rng.integers(1, 10), column] = np.nan
    return gappy


KINDS = ("multiples of 6 minutes", "no common step", "long pauses")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("strategy", ["linear", "spline", "state_space", "kriging", "auto"])
def test_a_ramp_in_time_is_filled_exactly(kind: str, strategy: str):
    truth = uneven(1, kind)
    filled = latentfill.impute(with_gaps(truth, 2), strategy=strategy)
    assert filled.index.equals(truth.index)
    np.testing.assert_allclose(filled["ramp"], truth["ramp"], rtol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_linear_interpolation_is_that_of_pandas_by_time(kind: str):
    gappy = with_gaps(uneven(3, kind), 4)
    expected = gappy.interpolate("time", limit_direction="both")
    pd.testing.assert_frame_equal(latentfill.impute(gappy, strategy="linear"), expected, rtol=1e-9, check_freq=False)


def test_cells_with_the_code_of_linear_interpolation_are_linear_in_time():
    gappy = with_gaps(uneven(5, "no common step"), 6)
    imputation = Imputer(strategy="linear").fit(gappy).fill(gappy)
    rows = imputation.table.series.step_of_row
    is_linear = imputation.filled.codes[rows] == Code.LINEAR
    expected = gappy.interpolate("time", limit_direction="both").to_numpy()
    assert is_linear.sum() == gappy.isna().to_numpy().sum()
    np.testing.assert_allclose(imputation.filled.values[rows][is_linear], expected[is_linear], rtol=1e-9)


def test_a_note_says_that_the_stamps_are_uneven_and_cells_are_counted_by_row():
    gappy = with_gaps(uneven(7, "multiples of 6 minutes"), 8)
    summary = Imputer(strategy="linear").fit(gappy).fill(gappy).summary
    assert any("The time stamps are uneven" in note for note in summary["notes"])
    assert summary["columns"]["wave"]["missing"] == int(gappy["wave"].isna().sum())
    assert summary["columns"]["wave"]["observed"] == int(gappy["wave"].notna().sum())


def test_jitter_of_seconds_is_filled_as_a_regular_step_is():
    hours = pd.date_range("2023-03-01", periods=600, freq="h")
    rng = np.random.default_rng(9)
    wave = np.sin(np.arange(600) / 24 * 2 * np.pi) + 0.1 * rng.normal(size=600)
    regular = with_gaps(pd.DataFrame({"a": wave, "b": wave + 0.1 * rng.normal(size=600)}, index=hours), 10)
    jittered = regular.set_axis(hours + pd.to_timedelta(rng.integers(-20, 20, 600), unit="s"))
    filled = [latentfill.impute(frame).to_numpy() for frame in (regular, jittered)]
    gaps = regular.isna().to_numpy()
    assert np.abs(filled[0] - filled[1])[gaps].mean() < 0.02


@pytest.mark.parametrize("model", ["own", "shared"])
def test_uneven_series_of_a_stacked_table_go_by_time(model: str):
    frames = [with_gaps(uneven(seed, "no common step", 200), seed).assign(name=f"s{seed}") for seed in range(3)]
    stacked = pd.concat(frames).rename_axis("time").reset_index()
    filled = latentfill.impute(stacked, by="name", model=model, strategy="linear")
    for seed in range(3):
        own = filled[filled["name"] == f"s{seed}"].set_index("time")
        expected = frames[seed][["ramp", "wave"]].interpolate("time", limit_direction="both")
        np.testing.assert_allclose(own[["ramp", "wave"]], expected, rtol=1e-9)


def test_a_saved_model_fills_other_uneven_stamps_by_time(tmp_path):
    Imputer(strategy="linear").fit(with_gaps(uneven(11, "no common step"), 1)).save(tmp_path / "model")
    other = with_gaps(uneven(12, "long pauses", 120), 2)
    filled = Imputer.load(tmp_path / "model").transform(other)
    expected = other.interpolate("time", limit_direction="both")
    np.testing.assert_allclose(filled["wave"], expected["wave"], rtol=1e-9)
