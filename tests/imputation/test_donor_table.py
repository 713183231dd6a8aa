"""A donor table: all strategies learn from another table with the same columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from latentfill import Imputer
from latentfill.core.config import Config
from latentfill.imputation.validation.holdout import hold_out
from latentfill.windows.windows import ScaledSeries

HOURS = pd.date_range("2024-01-01", periods=4000, freq="h")


def station(seed: int, rows: slice) -> pd.DataFrame:
    """Three columns that follow each other, with lags that a short table cannot teach."""
    rng = np.random.default_rng(seed)
    level = np.zeros(len(HOURS) + 8)
    for t in range(1, len(level)):
        level[t] = 0.95 * level[t - 1] + 0.3 * rng.normal()
    day = np.sin(2 * np.pi * np.arange(len(HOURS)) / 24)
    noise = 0.1 * rng.normal(size=(3, len(HOURS)))
    columns = {"a": level[8:] + noise[0], "b": level[4:-4] - level[8:] + noise[1], "c": day + level[:-8] + noise[2]}
    return pd.DataFrame({"time": HOURS, **columns})[rows].reset_index(drop=True)


@pytest.mark.parametrize("strategy", ["auto", "state_space", "kriging"])
def test_a_short_table_is_filled_better_with_a_donor_table(strategy: str, tmp_path: Path):
    donor = tmp_path / "donor.csv"
    station(1, slice(3000)).to_csv(donor, index=False)
    truth = station(2, slice(1000, 1150))
    gappy, rng = truth.copy(), np.random.default_rng(3)
    for column in ("a", "b", "c"):
        for start in rng.integers(0, 130, 3):
            gappy.loc[start : start + 11, column] = np.nan
    errors = {}
    for name, more in (("alone", {}), ("with", {"donor_table": str(donor)})):
        filled = Imputer(strategy=strategy, seed=0, **more).fit_transform(gappy)
        missing = gappy.isna()
        errors[name] = np.square((filled - truth)[missing].drop(columns="time").to_numpy(float))
        pd.testing.assert_frame_equal(filled.where(~missing), gappy.where(~missing))
    assert np.nanmean(errors["with"]) < 0.8 * np.nanmean(errors["alone"])


def test_with_a_donor_table_cells_are_held_out_of_the_table_alone():
    values = np.random.default_rng(0).normal(size=(100, 2))
    held_out = hold_out(ScaledSeries(values, np.ones((100, 2))), Config(length=8))
    both = held_out.followed_by(ScaledSeries(10 + values, np.ones((100, 2))), between=16)
    assert (both.tuning | both.score)[:100].any()
    assert not (both.tuning | both.score)[100:].any()
    assert np.isnan(both.visible.values[100:116]).all()
    np.testing.assert_array_equal(both.visible.values[116:], 10 + values)
    data = both.training_data(np.arange(209), 8)
    assert data.tuning.windows.starts.max() < 100
