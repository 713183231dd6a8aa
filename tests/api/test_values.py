"""Settings take values as Python programs have them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from latentfill import Imputer
from latentfill.core.errors import InputError


@pytest.mark.parametrize(
    ("given", "same"),
    [
        ({"columns": ["y"]}, {"columns": "y"}),
        ({"columns": pd.Index(["x", "y"])}, {"columns": "x,y"}),
        ({"missing": -200}, {"missing": "-200"}),
        ({"missing": [-200, -9999]}, {"missing": "-200,-9999"}),
        ({"missing": np.array([-200, -9999])}, {"missing": "-200,-9999"}),
        ({"missing": {"y": -200, "x": [-1, -2]}}, {"missing": "y=-200,x=-1,x=-2"}),
        ({"minimum": {"y": np.int64(0)}}, {"minimum": {"y": 0}}),
        ({"non_negative": ["x", "y"]}, {"non_negative": "x,y"}),
        ({"candidates": ["kriging", "locf"]}, {"candidates": "kriging,locf"}),
        ({"time": "stamp"}, {"time": ["stamp"]}),
        ({"time": False}, {"time": ()}),
        ({"time": "none"}, {"time": ()}),
        ({"kind": {"dir": "circular:360"}}, {"kind": '{"dir": "circular:360"}'}),
        ({"random_state": 3}, {"seed": 3}),
        ({"seed": np.int64(3), "intervals": np.float64(0.9)}, {"seed": 3, "intervals": 0.9}),
    ],
    ids=str,
)
def test_both_ways_to_write_a_setting_mean_the_same(given: dict[str, object], same: dict[str, object]):
    for imputer in (Imputer(**given), clone(Imputer(**given)), Imputer().set_params(**given)):
        assert imputer.config == Imputer(**same).config
        assert imputer.options == Imputer(**same).options


def test_two_different_seeds_are_refused():
    with pytest.raises(InputError, match="seed is given twice"):
        Imputer(seed=1, random_state=2)


def test_limits_and_markers_by_column_hold():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(300, 2)), columns=["x", "y"]).round(3)
    table.iloc[50:60] = [-200, -200]
    settings = {"strategy": "linear", "time": False, "missing": -200}
    filled = Imputer(**settings, minimum={"y": 0.5}, maximum={"x": -0.5}).fit_transform(table).iloc[50:60]
    assert (filled["y"] >= 0.5).all()
    assert (filled["x"] <= -0.5).all()
    positive = Imputer(**settings, non_negative=["y"]).fit_transform(table).iloc[50:60]
    assert (positive["y"] >= 0).all()
    assert (positive["x"] < 0).any() or (positive["x"] > -200).all()
