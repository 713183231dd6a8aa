"""Frames of pandas whose index has several levels, as sktime's panels have."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import latentfill
from latentfill import InputError


@pytest.fixture
def panel() -> pd.DataFrame:
    """Three instances of 40 steps that are counted from 0; the middle of each is missing."""
    parts = {}
    for instance in "abc":
        values = np.random.default_rng(ord(instance)).normal(size=(40, 2)).cumsum(axis=0)
        parts[instance] = pd.DataFrame(values, pd.RangeIndex(40, name="timepoints"), ["x", "y"], dtype="float32")
        parts[instance].iloc[18:20] = np.nan
    panel = pd.concat(parts, names=["instances"])
    panel.attrs = {"source": "made"}
    return panel


def interpolated(panel: pd.DataFrame) -> pd.DataFrame:
    return panel.groupby(level=0, group_keys=False).apply(lambda part: part.interpolate())


@pytest.mark.parametrize("model", ["own", "shared"])
def test_each_instance_is_filled_and_the_levels_come_back(panel: pd.DataFrame, model: str):
    filled = latentfill.impute(panel, by="instances", strategy="linear", model=model)
    pd.testing.assert_frame_equal(filled, interpolated(panel))
    assert filled.attrs == panel.attrs


def test_three_levels_have_two_that_tell_series_apart(panel: pd.DataFrame):
    higher = pd.concat({1: panel, 2: panel * 2}, names=["region"])
    filled = latentfill.impute(higher, by=["region", "instances"], strategy="linear")
    pd.testing.assert_frame_equal(filled, pd.concat({1: filled.loc[1], 2: filled.loc[2]}, names=["region"]))
    pd.testing.assert_frame_equal(filled.loc[1], interpolated(panel))


def test_scores_and_descriptions_are_by_instance(panel: pd.DataFrame):
    scores = latentfill.evaluate(panel, by="instances", strategies=["linear"], rates=[0.2])
    assert set(scores["series"]) == {"all", "a", "b", "c"}
    assert latentfill.inspect(panel, by="instances") == latentfill.inspect(panel.reset_index(), by="instances")


def test_levels_need_by_and_names(panel: pd.DataFrame):
    with pytest.raises(InputError, match=r"index has 2 levels \(instances, timepoints\).*by="):
        latentfill.impute(panel)
    with pytest.raises(InputError, match="different names"):
        latentfill.impute(panel.rename_axis(["instances", None]), by="instances")
