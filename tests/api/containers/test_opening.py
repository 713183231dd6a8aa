"""What holds for every kind of data."""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch

import latentfill
from latentfill import InputError
from latentfill.api.containers.opening import open_data
from latentfill.tables.options import TableOptions

STEPS = 120


class Kind(NamedTuple):
    make: Callable[[pd.DataFrame], Any]  # from a frame of two columns
    values: Callable[[Any], Any]  # all its numbers, with NaN in the gaps
    by: str | None = None


def of_xarray(frame: pd.DataFrame) -> Any:
    return pytest.importorskip("xarray", reason="xarray is not installed").DataArray(frame, dims=("time", "x"))


def of_darts(frame: pd.DataFrame) -> Any:
    return pytest.importorskip("darts", reason="darts is not installed").TimeSeries.from_dataframe(frame)


def of_levels(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.concat({1: frame, 2: frame}, names=["id", "t"])


def nested(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"a": [frame["a"]] * 2}, dtype=object)


def halves(frame: pd.DataFrame) -> np.ndarray:
    return frame.to_numpy().reshape(2, STEPS // 2, 2)


KINDS = {
    "pandas": Kind(lambda frame: frame, pd.DataFrame.to_numpy),
    "polars": Kind(lambda frame: pl.from_pandas(frame), pl.DataFrame.to_numpy),
    "pyarrow": Kind(lambda frame: pa.table(frame), lambda table: table.to_pandas().iloc[:, :2].to_numpy()),
    "Series": Kind(lambda frame: frame["a"], pd.Series.to_numpy),
    "polars Series": Kind(lambda frame: pl.Series("a", frame["a"]), pl.Series.to_numpy),
    "mapping of lists": Kind(lambda frame: frame.to_dict("list"), lambda each: np.array(list(each.values()))),
    "mapping of arrays": Kind(lambda frame: {"a": frame["a"].to_numpy()}, lambda each: each["a"]),
    "array": Kind(pd.DataFrame.to_numpy, np.asarray),
    "panel": Kind(halves, np.asarray),
    "tensor": Kind(lambda frame: torch.tensor(frame.to_numpy()), np.asarray),
    "tensor of a panel": Kind(lambda frame: torch.tensor(halves(frame)), np.asarray),
    "levels": Kind(of_levels, pd.DataFrame.to_numpy, "id"),
    "list": Kind(lambda frame: [frame, frame], lambda each: pd.concat(each).to_numpy()),
    "nested": Kind(nested, lambda each: pd.concat(list(each["a"]))),
    "DataArray": Kind(of_xarray, lambda each: each.values),
    "DataArray by": Kind(of_xarray, lambda each: each.values, "x"),
    "Dataset": Kind(lambda frame: of_xarray(frame).to_dataset(name="n"), lambda each: each["n"].values),
    "TimeSeries": Kind(of_darts, lambda each: each.values()),
    "PyPOTS": Kind(lambda frame: {"X": halves(frame)}, lambda each: each["X"]),
}


@pytest.fixture
def counts() -> pd.DataFrame:
    """Whole numbers, stored as floats, with gaps."""
    rng = np.random.default_rng(0)
    values = rng.integers(0, 100, (STEPS, 2)).astype(float)
    values[rng.random(values.shape) < 0.15] = np.nan
    return pd.DataFrame(values, pd.date_range("2024-03-01", periods=STEPS, freq="h", name="t"), ["a", "b"])


@pytest.mark.filterwarnings("ignore")  # of darts
@pytest.mark.parametrize("name", KINDS)
def test_only_gaps_change_whole_numbers_stay_whole_and_the_data_given_are_untouched(name: str, counts: pd.DataFrame):
    make, values, by = KINDS[name]
    given = make(counts)
    before = np.array(values(given), dtype=float)
    filled = latentfill.impute(given, strategy="linear", by=by or ())
    assert type(filled) is type(given)
    after = np.array(values(filled), dtype=float)
    assert after.shape == before.shape
    np.testing.assert_array_equal(after[~np.isnan(before)], before[~np.isnan(before)])
    np.testing.assert_array_equal(after, after.round())
    np.testing.assert_array_equal(np.array(values(given), dtype=float), before)


@pytest.mark.filterwarnings("ignore")  # of darts
@pytest.mark.parametrize("name", KINDS)
def test_data_without_gaps_come_back_as_they_are(name: str, counts: pd.DataFrame):
    make, values, by = KINDS[name]
    given = make(counts.ffill().bfill())
    filled = latentfill.impute(copy.deepcopy(given), strategy="linear", by=by or ())
    np.testing.assert_array_equal(np.asarray(values(filled)), np.asarray(values(given)))


def test_data_of_no_special_kind_are_read_as_they_are():
    options = TableOptions()
    for data in ("data.csv", ["a.csv", "b.csv"], pl.DataFrame({"a": [1.0]}), np.zeros((3, 2))):
        opened = open_data(data, options)
        assert opened.content is data
        assert opened.options is options
        assert opened.back(data) is data


def test_opening_a_frame_imports_no_other_library():
    code = """
import sys, pandas, latentfill
frame = pandas.DataFrame({"a": [1.0, None, 3.0] * 20})
latentfill.impute(frame, strategy="linear")
others = ("xarray", "darts", "sktime", "pypots", "polars", "dask", "sklearn", "torch")
print([name for name in others if name in sys.modules])
"""
    found = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_covariates_may_be_of_these_kinds_too(counts: pd.DataFrame):
    weather = counts["b"].ffill().bfill().rename("weather")
    data = counts[["a"]]
    as_mapping = {"t": list(weather.index), "weather": weather.tolist()}
    expected = latentfill.impute(data, covariates=weather.to_frame(), effort="quick")
    for given in (weather, [weather], as_mapping):
        pd.testing.assert_frame_equal(latentfill.impute(data, covariates=given, effort="quick"), expected)
        pd.testing.assert_frame_equal(
            latentfill.Imputer(covariates=given, effort="quick").fit_transform(data), expected
        )
    with pytest.raises(InputError, match="leave them out"):
        latentfill.impute(counts.to_numpy(), covariates=weather)
