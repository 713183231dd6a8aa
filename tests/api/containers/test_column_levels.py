"""Frames of pandas with several levels of column names."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import latentfill
from latentfill import Imputer, InputError

LINEAR = {"strategy": "linear"}


@pytest.fixture
def frame() -> pd.DataFrame:
    """Two stations with two quantities in 150 hours, each with a gap."""
    values = np.random.default_rng(0).normal(size=(150, 4)).cumsum(axis=0)
    for column in range(4):
        values[10 * column + 5 : 10 * column + 8, column] = np.nan
    columns = pd.MultiIndex.from_product([["north", "south"], ["temp", 1]], names=["station", "quantity"])
    return pd.DataFrame(values, pd.date_range("2024-03-01", periods=150, freq="h"), columns)


def test_the_levels_come_back_with_their_names(frame: pd.DataFrame):
    pd.testing.assert_frame_equal(latentfill.impute(frame, **LINEAR), frame.interpolate())
    imputer = Imputer(**LINEAR)
    pd.testing.assert_frame_equal(imputer.fit_transform(frame), frame.interpolate())
    assert list(imputer.feature_names_in_) == ["north_temp", "north_1", "south_temp", "south_1"]


def test_bounds_have_the_levels_of_their_columns(frame: pd.DataFrame):
    filled = latentfill.impute(frame, intervals=0.9, columns=["north_temp", "south_1"], **LINEAR)
    added = [("north", "temp_lower"), ("north", "temp_upper"), ("south", "1_lower"), ("south", "1_upper")]
    assert list(filled.columns) == [*frame.columns, *added]
    assert filled.columns.names == frame.columns.names


def test_levels_of_columns_and_of_the_index(frame: pd.DataFrame):
    stacked = pd.concat({"a": frame, "b": frame * 2}, names=["year", "time"])
    filled = latentfill.impute(stacked, by="year", **LINEAR)
    pd.testing.assert_frame_equal(
        filled, pd.concat({"a": frame.interpolate(), "b": 2 * frame.interpolate()}, names=["year", "time"])
    )


def test_names_that_are_the_same_when_joined_are_refused():
    columns = pd.MultiIndex.from_tuples([("a_b", "c"), ("a", "b_c")])
    with pytest.raises(InputError, match="a_b_c"):
        latentfill.impute(pd.DataFrame(np.zeros((5, 2)), columns=columns))


def test_the_name_of_the_columns_is_kept(frame: pd.DataFrame):
    wide = frame["north"]
    assert wide.columns.name == "quantity"
    pd.testing.assert_frame_equal(latentfill.impute(wide, **LINEAR), wide.interpolate())
    assert latentfill.impute(wide, intervals=0.9, **LINEAR).columns.name == "quantity"
