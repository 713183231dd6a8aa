"""A list of series comes back as a list of the same kind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import latentfill
from latentfill import Imputer, InputError

LINEAR = {"strategy": "linear"}


def frame(length: int, seed: int, *, stamped: bool = True) -> pd.DataFrame:
    walk = np.random.default_rng(seed).normal(size=(length, 2)).cumsum(axis=0)
    walk[10:12, 0] = np.nan
    index = pd.date_range("2024-03-01", periods=length, freq="h") if stamped else pd.RangeIndex(5, length + 5)
    new = pd.DataFrame(walk, index, ["x", "y"]).astype({"y": "float32"})
    new.attrs = {"number": seed}
    return new


@pytest.mark.parametrize("stamped", [True, False])
@pytest.mark.parametrize("model", ["own", "shared"])
def test_frames_keep_their_index_types_and_attributes(stamped: bool, model: str):
    given = [frame(60, 0, stamped=stamped), frame(40, 1, stamped=stamped)]
    filled = latentfill.impute(given, model=model, **LINEAR)
    assert isinstance(filled, list)
    for new, old in zip(filled, given, strict=True):
        pd.testing.assert_frame_equal(new, old.interpolate())
        assert new.attrs == old.attrs


def test_a_tuple_of_series_keeps_their_names():
    given = (frame(60, 0)["x"], frame(40, 1)["x"])
    filled = latentfill.impute(given, **LINEAR)
    assert isinstance(filled, tuple)
    for new, old in zip(filled, given, strict=True):
        pd.testing.assert_series_equal(new, old.interpolate())


def test_frames_with_a_column_of_times_and_bounds():
    given = [frame(150, seed).rename_axis("time").reset_index() for seed in range(2)]
    filled = latentfill.impute(given, intervals=0.9, **LINEAR)
    assert list(filled[1].columns) == ["time", "x", "y", "x_lower", "x_upper", "y_lower", "y_upper"]
    pd.testing.assert_frame_equal(filled[1][["time", "x", "y"]], given[1].interpolate())


def test_lists_that_do_not_match_are_refused():
    one, two = frame(60, 0), frame(60, 1)
    for given, problem in (
        ([one, two[["x"]]], "series 1 has x. Give series with the same columns"),
        ([one, two.reset_index(drop=True)], "time stamps and the other has none"),
        ([pd.concat({"a": one}), pd.concat({"a": two})], "index of 2 levels"),
    ):
        with pytest.raises(InputError, match=problem):
            latentfill.impute(given)
    with pytest.raises(InputError, match="leave out by"):
        latentfill.impute([one, two], by="x")
    with pytest.raises(InputError, match="many series"):
        Imputer().fit([one, two])
    with pytest.raises(InputError, match="no rows can be added to a list"):
        latentfill.impute([one, two], grid=True)


@pytest.mark.filterwarnings("ignore")  # of darts
def test_series_of_darts_come_back_as_such():
    darts = pytest.importorskip("darts", reason="darts is not installed")
    given = [darts.TimeSeries.from_dataframe(frame(length, 0)) for length in (60, 40)]
    filled = latentfill.impute(given, **LINEAR)
    for new, old in zip(filled, given, strict=True):
        pd.testing.assert_frame_equal(new.to_dataframe(), old.to_dataframe().interpolate())
        assert new.freq == old.freq
