"""A `Series` comes back as a `Series`."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

import latentfill
from latentfill import Imputer, InputError

HOURS = pd.date_range("2024-03-01", periods=96, freq="h", tz="Europe/Berlin", name="hour")


@pytest.fixture
def series() -> pd.Series:
    """Multiples of a half that rise and fall, with a gap of three."""
    values = np.abs(np.arange(96) % 16 - 8) / 2
    values[20:23] = np.nan
    return pd.Series(values, HOURS, name="flow")


@pytest.mark.parametrize("name", ["flow", None, 3, ("flow", "m3")], ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32", "Float64"])
def test_name_index_frequency_type_and_attributes_are_kept(series: pd.Series, name: object, dtype: str):
    given = series.rename(name).astype(dtype)
    given.attrs = {"unit": "m3/s"}
    before = given.copy()
    filled = latentfill.impute(given, strategy="linear")
    pd.testing.assert_series_equal(filled, given.interpolate())
    assert filled.index.freq == HOURS.freq
    assert filled.attrs == {"unit": "m3/s"}
    pd.testing.assert_series_equal(given, before)  # the input is not written to


def test_the_imputer_takes_and_gives_a_series(series: pd.Series):
    imputer = Imputer(strategy="linear")
    pd.testing.assert_series_equal(imputer.fit_transform(series), series.interpolate())
    pd.testing.assert_series_equal(imputer.transform(series[:30]), series[:30].interpolate())
    assert list(imputer.fill(series).frame.columns) == ["flow"]


def test_whole_numbers_are_filled_with_whole_numbers():
    values = np.random.default_rng(0).integers(0, 100, 96).astype(float)
    values[[5, 40, 41]] = np.nan
    filled = latentfill.impute(pd.Series(values, HOURS), strategy="linear")
    assert (filled == filled.round()).all()
    nullable = latentfill.impute(pd.Series(values, HOURS, dtype="Int32"), strategy="linear")
    assert nullable.dtype == "Int32"


def test_a_series_of_polars_keeps_its_name_and_type():
    given = pl.Series("x", [1.0, None, 3.0, 4.0] * 10, dtype=pl.Float32)
    filled = latentfill.impute(given, strategy="linear")
    assert filled.equals(pl.Series("x", [1.0, 2.0, 3.0, 4.0] * 10, dtype=pl.Float32), check_dtypes=True)
    assert latentfill.impute(given.alias(""), strategy="linear").name == ""


def test_rows_that_the_grid_lacks_can_be_added_but_no_bounds(series: pd.Series):
    filled = latentfill.impute(series.drop(HOURS[50:52]), strategy="linear", grid=True)
    assert list(filled.index) == list(HOURS)
    with pytest.raises(InputError, match="a Series has no place for interval bounds"):
        latentfill.impute(series, intervals=0.9)


def test_a_series_with_a_level_for_stations_keeps_its_index(series: pd.Series):
    stacked = pd.concat({"north": series, "south": series + 5}, names=["station"])
    filled = latentfill.impute(stacked, by="station", strategy="linear")
    pd.testing.assert_series_equal(filled, stacked.interpolate())


def test_scores_and_descriptions_are_those_of_its_frame(series: pd.Series):
    scores = latentfill.evaluate(series, strategies=["linear"])
    assert isinstance(scores, pd.DataFrame)
    assert "flow" in set(scores["column"])
    assert latentfill.inspect(series) == latentfill.inspect(series.to_frame())
