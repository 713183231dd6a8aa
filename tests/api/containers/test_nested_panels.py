"""The nested frames of sktime come back nested."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import latentfill
from latentfill import Imputer, InputError

LINEAR = {"strategy": "linear"}


def nested(lengths: list[int], stamped: bool = False) -> pd.DataFrame:
    """Instances of these lengths in two columns, each with a gap of two in the first column."""
    rows = []
    for instance, length in enumerate(lengths):
        index = pd.date_range("2024-03-01", periods=length, freq="h") if stamped else pd.RangeIndex(length)
        walk = np.random.default_rng(instance).normal(size=(length, 2)).cumsum(axis=0).astype("float32")
        walk[10:12, 0] = np.nan
        rows.append([pd.Series(walk[:, 0], index, name=f"x{instance}"), pd.Series(walk[:, 1], index)])
    frame = pd.DataFrame({"x": [row[0] for row in rows], 1: [row[1] for row in rows]}, dtype=object)
    return frame.set_axis([f"case {instance}" for instance in range(len(lengths))]).rename_axis("instances")


@pytest.mark.parametrize("stamped", [False, True])
@pytest.mark.parametrize("model", ["own", "shared"])
def test_each_cell_keeps_its_index_name_and_type(stamped: bool, model: str):
    given = nested([40, 30, 50], stamped)
    filled = latentfill.impute(given, model=model, **LINEAR)
    assert filled.index.equals(given.index)
    assert list(filled.columns) == ["x", 1]
    for name in filled.columns:
        for row in range(3):
            pd.testing.assert_series_equal(filled[name].iloc[row], given[name].iloc[row].interpolate())
    assert given["x"].iloc[0].isna().any()  # the given frame is not changed


def test_bounds_are_further_columns_of_series():
    filled = latentfill.impute(nested([150, 120]), intervals=0.9, **LINEAR)
    assert list(filled.columns) == ["x", 1, "x_lower", "x_upper", "1_lower", "1_upper"]
    assert (filled["x_lower"].iloc[1] <= filled["x"].iloc[1]).all()


def test_rows_with_equal_labels_are_different_instances():
    given = nested([40, 40]).set_axis(["a", "a"])
    filled = latentfill.impute(given, **LINEAR)
    for row in range(2):
        pd.testing.assert_series_equal(filled["x"].iloc[row], given["x"].iloc[row].interpolate())


def test_scores_are_by_instance_and_an_imputer_needs_one():
    given = nested([60, 60])
    scores = latentfill.evaluate(given, strategies=["linear"], rates=[0.2])
    assert set(scores["series"]) == {"all", "case 0", "case 1"}
    with pytest.raises(InputError, match="many series"):
        Imputer().fit(given)


def test_frames_that_are_not_nested_throughout_are_refused():
    given = nested([40, 30])
    with pytest.raises(InputError, match="some columns of the frame hold series"):
        latentfill.impute(given.assign(label=[1, 2]))
    other = given.copy()
    other["x"] = [given["x"].iloc[0], given["x"].iloc[0]]
    with pytest.raises(InputError, match="column '1' in row 1 is no series, or one with other times"):
        latentfill.impute(other)
    with pytest.raises(InputError, match="leave out by"):
        latentfill.impute(given, by="instances")


@pytest.mark.filterwarnings("ignore")  # of sktime
def test_what_sktime_makes_and_checks():
    datatypes = pytest.importorskip("sktime.datatypes", reason="sktime is not installed")
    panel = pd.concat({name: pd.DataFrame(np.eye(20, 2) * name) for name in (1, 2)}, names=["instances", "timepoints"])
    panel = panel.rename(columns=str)
    panel.loc[panel.index.get_level_values(1).isin([5, 6])] = np.nan
    frame = datatypes.convert_to(panel, "nested_univ", "Panel")
    of_nested = latentfill.impute(frame, **LINEAR)
    of_levels = latentfill.impute(panel, by="instances", **LINEAR)
    assert datatypes.check_is_mtype(of_nested, "nested_univ", "Panel")
    assert datatypes.check_is_mtype(of_levels, "pd-multiindex", "Panel")
    again = datatypes.convert_to(of_nested, "pd-multiindex", "Panel")
    np.testing.assert_array_equal(again, of_levels)
    assert not again.isna().any(axis=None)
    listed = latentfill.impute(datatypes.convert_to(panel, "df-list", "Panel"), **LINEAR)
    assert datatypes.check_is_mtype(listed, "df-list", "Panel")
    np.testing.assert_array_equal(pd.concat(listed), of_levels)
