"""A mapping of columns comes back as a dictionary with columns of the same types."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch

import latentfill
from latentfill import Imputer, InputError
from latentfill.api.containers.numbers import of_type

STEPS = 60
HOURS = [datetime(2024, 3, 1) + timedelta(hours=step) for step in range(STEPS)]
WAVE = [float(abs(step % 16 - 8)) for step in range(STEPS)]
AT = 21  # the step that is missing, between two of which the mean is that of the wave


def with_gap(missing: object = np.nan) -> list[object]:
    return [missing if step == AT else value for step, value in enumerate(WAVE)]


COLUMNS = {
    "list with None": with_gap(None),
    "list with NaN": with_gap(),
    "list of whole numbers": [None if step == AT else int(value) for step, value in enumerate(WAVE)],
    "tuple": tuple(with_gap(None)),
    "half": np.array(with_gap(), dtype=np.float16),
    "single": np.array(with_gap(), dtype=np.float32),
    "double": np.array(with_gap()),
    "extended": np.array(with_gap(), dtype=np.longdouble) / 3,
    "swapped": np.array(with_gap(), dtype=">f8"),
    "objects": np.array(with_gap(None), dtype=object),
    "tensor": torch.tensor(with_gap(), dtype=torch.bfloat16),
    "pandas": pd.Series(with_gap(), HOURS, dtype="float32"),
    "nullable": pd.Series(with_gap(None), dtype="Int16"),
    "polars": pl.Series(with_gap(None), dtype=pl.Float32),
    "arrow": pa.array(with_gap(None), pa.float32()),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_keeps_its_type_and_only_its_gap_is_new(name: str):
    given = COLUMNS[name]
    filled = latentfill.impute({"time": HOURS, "x": given}, strategy="linear")["x"]
    assert type(filled) is type(given) if name != "arrow" else filled.type == given.type
    assert getattr(filled, "dtype", None) == getattr(given, "dtype", None)
    before, after = (each.to_list() if hasattr(each, "to_list") else each for each in (given, filled))
    before, after = (each.tolist() if hasattr(each, "tolist") else list(each) for each in (before, after))
    kept = [step for step in range(STEPS) if step != AT]
    assert [after[step] for step in kept] == [before[step] for step in kept]
    assert after[AT] == pytest.approx((before[AT - 1] + before[AT + 1]) / 2)
    assert type(after[AT]) is type(before[0])


def test_observed_cells_keep_every_digit():
    given = np.array(with_gap(), dtype=np.longdouble) / 3
    filled = latentfill.impute({"x": given}, strategy="linear")["x"]
    np.testing.assert_array_equal(np.delete(filled, AT), np.delete(given, AT))
    large = [2**53 + 1 + (step % 2) for step in range(STEPS)]
    assert latentfill.impute({"n": large, "x": with_gap()}, strategy="linear")["n"] == large


def test_what_is_not_filled_comes_back_as_it_is():
    given = {
        "date": np.array(HOURS, dtype="datetime64[h]"),
        "word": ["a", None] * (STEPS // 2),
        "is_open": np.array([True, False] * (STEPS // 2)),
        "step": range(STEPS),
        "kind": pd.Series(["a", "b"] * (STEPS // 2), dtype="category"),
        "x": with_gap(None),
    }
    filled = latentfill.impute(OrderedDict(given), strategy="linear", leave="step")
    assert list(filled) == list(given)
    np.testing.assert_array_equal(filled["date"], given["date"])
    assert filled["date"].dtype == "datetime64[h]"
    assert filled["word"] == given["word"]
    assert filled["is_open"].dtype == bool
    assert filled["step"] == range(STEPS)
    assert filled["kind"].equals(given["kind"])


def test_words_are_filled_with_words():
    words = ["on", "off", "on", None] * 15
    filled = latentfill.impute({"x": with_gap(), "state": words}, strategy="linear", fill_text=True)
    assert set(filled["state"]) == {"on", "off"}


def test_bounds_are_further_columns():
    noise = np.random.default_rng(0).normal(size=300)
    noise[50:60] = np.nan
    for cells, kind in ((noise, np.ndarray), (noise.tolist(), list)):
        filled = latentfill.impute({"x": cells}, strategy="linear", intervals=0.9)
        assert list(filled) == ["x", "x_lower", "x_upper"]
        assert isinstance(filled["x_lower"], kind)
        assert filled["x_lower"][55] < filled["x"][55] < filled["x_upper"][55]


def test_series_are_told_apart_and_the_imputer_takes_one():
    stacked = {"site": ["a"] * STEPS + ["b"] * STEPS, "x": with_gap(None) * 2}
    filled = latentfill.impute(stacked, by="site", strategy="linear")
    assert filled["x"][AT] == filled["x"][STEPS + AT] == WAVE[AT]
    imputer = Imputer(strategy="linear").fit({"time": HOURS, "x": with_gap(None)})
    assert imputer.transform({"time": HOURS[:30], "x": with_gap(None)[:30]})["x"] == WAVE[:30]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"a": [1.0, 2.0], "b": [1.0]}, "equal lengths: 'a' has 2, 'b' has 1"),
        ({"a": 1.0}, "'a' holds a float, and a mapping is read as one column"),
        ({"a": "text"}, "'a' holds a str,"),
        ({"a": np.zeros((3, 2))}, r"'a' holds a ndarray of shape \(3, 2\)"),
        ({"a": [1.0, "x"]}, "column 'a' cannot be read"),
        ({"a": [1.0, 2.0], 3: [1.0, 2.0], "3": [1.0, 2.0]}, "names that differ"),
        ({}, "names that differ"),
    ],
)
def test_mappings_that_hold_no_columns_are_refused(given: dict[object, object], problem: str):
    with pytest.raises(InputError, match=problem):
        latentfill.impute(given)


def test_no_rows_are_added_to_a_mapping():
    with pytest.raises(InputError, match="no rows can be added to a dict"):
        latentfill.impute({"time": HOURS, "x": with_gap()}, grid=True)


def test_estimates_that_half_precision_does_not_hold_are_rounded_and_kept_finite():
    smallest, largest = float(np.finfo(np.float16).smallest_subnormal), float(np.finfo(np.float16).max)
    given = np.array([smallest, np.nan, 0, 1, 2, 1, largest, np.nan, largest, 1], dtype=np.float16)
    for cells in (given, pd.Series(given)):
        filled = np.asarray(latentfill.impute({"x": cells}, strategy="linear")["x"])
        assert filled.dtype == np.float16
        assert filled[1] in (0, smallest)
        assert filled[7] == largest
    assert of_type(np.array([1e9, -1e9]), np.dtype(np.float16)).tolist() == [largest, -largest]
