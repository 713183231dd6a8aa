"""The `TimeSeries` of darts comes back with its times, components, covariates, hierarchy and metadata."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import latentfill
from latentfill import Imputer, InputError

darts = pytest.importorskip("darts", reason="darts is not installed")
pytestmark = pytest.mark.filterwarnings("ignore")  # of darts and what it imports

STEPS = 96
LINEAR = {"strategy": "linear"}


@pytest.fixture
def values() -> np.ndarray:
    """Two waves and their sum, with gaps."""
    waves = np.abs(np.arange(STEPS)[:, None] % [16, 24] - [8.0, 12.0])
    values = np.column_stack([waves, waves.sum(axis=1)])
    values[20:23, 0] = values[50, 2] = np.nan
    return values


def series_of(values: np.ndarray, times: pd.Index, **parts: object) -> darts.TimeSeries:
    return darts.TimeSeries.from_times_and_values(times, values, **parts)


@pytest.fixture
def series(values: np.ndarray) -> darts.TimeSeries:
    return series_of(
        values,
        pd.date_range("2024-03-01", periods=STEPS, freq="15min", name="when"),
        columns=["north", "south", "all"],
        static_covariates=pd.DataFrame({"height": [1.0, 2.0, 3.0]}),
        hierarchy={"north": ["all"], "south": ["all"]},
        metadata={"source": "made"},
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_series_of_components_keeps_all_but_its_gaps(series: darts.TimeSeries, dtype: str):
    given = series.astype(dtype)
    filled = latentfill.impute(given, **LINEAR)
    assert isinstance(filled, darts.TimeSeries)
    assert filled.dtype == dtype
    assert filled.time_index.equals(given.time_index)
    assert filled.freq == given.freq
    pd.testing.assert_frame_equal(filled.static_covariates, given.static_covariates)
    assert filled.hierarchy == given.hierarchy
    assert filled.metadata == given.metadata
    pd.testing.assert_frame_equal(filled.to_dataframe(), given.to_dataframe().interpolate())
    assert np.isnan(given.all_values()).any()  # the given series is not changed


@pytest.mark.parametrize(
    "times",
    [pd.RangeIndex(10, 10 + 2 * STEPS, 2), pd.date_range("2024-01-01", periods=STEPS, freq="MS", name="north")],
    ids=["numbers", "months"],
)
def test_one_component_and_other_times(values: np.ndarray, times: pd.Index):
    given = series_of(values[:, 0], times, columns=["north"])
    filled = latentfill.impute(given, **LINEAR)
    assert filled.time_index.equals(times)
    assert filled.freq == given.freq
    assert not np.isnan(filled.all_values()).any()
    observed = ~np.isnan(given.all_values())
    np.testing.assert_array_equal(filled.all_values()[observed], given.all_values()[observed])


def test_the_imputer_gives_a_series(series: darts.TimeSeries):
    imputer = Imputer(**LINEAR)
    assert imputer.fit_transform(series) == latentfill.impute(series, **LINEAR)
    assert imputer.transform(series[:40]) == latentfill.impute(series, **LINEAR)[:40]
    assert list(imputer.feature_names_in_) == ["north", "south", "all"]


def test_scores_and_descriptions_are_those_of_the_components(series: darts.TimeSeries):
    scores = latentfill.evaluate(series, strategies=["linear"], rates=[0.2])
    assert "north" in set(scores["column"])
    assert latentfill.inspect(series)["rows"] == STEPS


def test_whole_numbers_that_are_stored_as_floats_stay_whole():
    counts = np.random.default_rng(0).integers(0, 100, (200, 1)).astype("float32")
    counts[40:45] = np.nan
    filled = latentfill.impute(series_of(counts, pd.RangeIndex(200)), **LINEAR).values()
    np.testing.assert_array_equal(filled, filled.round())


def test_what_a_series_cannot_hold_is_refused(series: darts.TimeSeries):
    samples = darts.TimeSeries.from_values(np.random.default_rng(0).normal(size=(30, 1, 5)))
    with pytest.raises(InputError, match=r"has 5 samples.*median"):
        latentfill.impute(samples, **LINEAR)
    assert samples.median(axis=2).n_samples == 1
    with pytest.raises(InputError, match="a TimeSeries has no place for interval bounds"):
        latentfill.impute(series, intervals=0.9)
