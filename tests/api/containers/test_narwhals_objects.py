"""What narwhals wraps comes back wrapped."""

from __future__ import annotations

import narwhals as nw
import pandas as pd
import polars as pl
import pytest

import latentfill
from latentfill import InputError

CELLS = [1.0, None, 3.0, 2.0] * 15
FILLED = [1.0, 2.0, 3.0, 2.0] * 15


@pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])
def test_frames_and_series_come_back_wrapped(library: object):
    frame = nw.from_native(library.DataFrame({"a": CELLS}))
    filled = latentfill.impute(frame, strategy="linear")
    assert isinstance(filled, nw.DataFrame)
    assert isinstance(filled.to_native(), library.DataFrame)
    assert filled["a"].to_list() == FILLED
    series = latentfill.impute(frame["a"], strategy="linear")
    assert isinstance(series, nw.Series)
    assert series.to_list() == FILLED


def test_a_lazy_frame_is_refused():
    with pytest.raises(InputError, match=r"LazyFrame of narwhals.*`.collect\(\)`"):
        latentfill.impute(nw.from_native(pl.LazyFrame({"a": CELLS})))
