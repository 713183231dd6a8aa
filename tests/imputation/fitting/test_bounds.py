"""Limits of estimates: bounds per column, and the longest gap to fill."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from latentfill import Code, Imputer
from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.imputation.fitting.bounds import bounds_of, check_kinds, parse_bounds
from latentfill.kinds.circular import Circular
from latentfill.kinds.classes import Classes
from latentfill.kinds.columns import ColumnKinds
from latentfill.kinds.counter import Counter
from latentfill.kinds.number import Number

INF = math.inf


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        (None, {}),
        ("", {}),
        ("0", {"*": 0.0}),
        ("-1.5", {"*": -1.5}),
        ("a=0,b=-5", {"a": 0.0, "b": -5.0}),
        (" a = 1 , 7", {"a": 1.0, "*": 7.0}),
        ("x=y=2", {"x=y": 2.0}),
        ('{"a, b": 3}', {"a, b": 3.0}),
    ],
)
def test_bounds_are_a_number_for_all_or_one_per_column(text: str | None, bounds: dict[str, float]):
    assert parse_bounds("minimum", text) == bounds


@pytest.mark.parametrize("text", ["abc", "a=", "a=b", "nan", "a=inf", "[1]", '{"a": [1]}'])
def test_bounds_that_cannot_be_read_are_refused(text: str):
    with pytest.raises(InputError, match="minimum takes"):
        parse_bounds("minimum", text)


def test_the_tighter_of_minimum_and_non_negative_holds():
    config = Config(minimum="a=-3,b=2", maximum="9", non_negative="a,b")
    low, high = bounds_of(config, ("a", "b", "c"))
    assert low.tolist() == [0, 2, -INF]
    assert high.tolist() == [9, 9, 9]
    assert bounds_of(Config(non_negative="*"), ("a", "b"))[0].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("given", "low"), [(0, [0, 0]), (-1.5, [-1.5, -1.5]), ({"b": 2}, [-INF, 2]), ("b=2", [-INF, 2])]
)
def test_a_minimum_may_be_a_number_a_mapping_or_a_text(given: object, low: list[float]):
    for config in (Config(minimum=given), Config(output={"minimum": given}), Config().replace(minimum=given)):
        assert bounds_of(config, ("a", "b"))[0].tolist() == low


KINDS = ColumnKinds((Circular(), Classes(values=(10.0, 20.0, 90.0)), Counter(), Number(), Circular(whole=True)))
NAMES = ("dir", "mode", "kwh", "a", "whole_dir")


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"minimum": "dir=10"}, "'dir' cannot have the minimum 10: it is circular:360, with values from 0 to 360"),
        ({"maximum": "dir=359.5"}, "'dir' cannot have the maximum 359.5"),
        ({"maximum": "mode=50"}, "'mode' cannot have the maximum 50: it is code, with values from 10 to 90"),
        ({"maximum": "whole_dir=358"}, r"maximum 358.*--kind whole_dir=continuous"),
    ],
)
def test_a_limit_that_cuts_off_values_of_a_direction_or_code_is_refused(given: dict[str, str], what: str):
    with pytest.raises(InputError, match=what):
        check_kinds(Config(**given), NAMES, KINDS)


@pytest.mark.parametrize(
    "given",
    [
        {"minimum": "5", "maximum": "50"},  # of all columns: of the amounts among them
        {"minimum": "dir=0,mode=10", "maximum": "dir=360,mode=90,whole_dir=359"},
        {"non_negative": "dir,mode,kwh"},
        {"minimum": "kwh=3,a=1"},
    ],
)
def test_other_limits_are_taken(given: dict[str, str]):
    check_kinds(Config(**given), NAMES, KINDS)


def test_an_unknown_column_is_refused_with_a_suggestion():
    with pytest.raises(InputError, match="maximum: unknown column 'Humidty': did you mean 'Humidity'"):
        bounds_of(Config(maximum="Humidty=100"), ("Humidity", "Wind"))


def test_a_minimum_above_the_maximum_is_refused():
    with pytest.raises(InputError, match=r"the minimum 5 of column 'a' is above its maximum 3"):
        bounds_of(Config(minimum="5", maximum="a=3"), ("a",))


@pytest.fixture
def frame() -> pd.DataFrame:
    """Two columns around zero, with a gap of three steps and one of twelve in the first."""
    step = np.arange(200)
    rng = np.random.default_rng(0)
    values = np.stack([np.sin(step / 4), np.cos(step / 4)], axis=1) + 0.05 * rng.normal(size=(200, 2))
    values[50:53, 0] = np.nan
    values[100:112, 0] = np.nan
    return pd.DataFrame(values, columns=["a", "b"])


def test_estimates_are_clipped_to_their_bounds_and_observed_cells_are_not(frame: pd.DataFrame):
    filled = Imputer(strategy="linear", minimum="a=0.25", maximum="a=0.5").fit_transform(frame)
    missing = frame["a"].isna()
    assert filled["a"][missing].between(0.25, 0.5).all()
    assert filled["a"][~missing].equals(frame["a"][~missing])
    assert filled["a"].min() < -0.5


def test_gaps_that_are_too_long_stay_empty_with_a_note(frame: pd.DataFrame):
    imputation = Imputer(strategy="linear", max_gap=3).fit(frame).fill(frame)
    codes = imputation.filled.codes[:, 0]
    assert (codes[100:112] == Code.EMPTY).all()
    assert (codes[50:53] == Code.LINEAR).all()
    assert np.isnan(imputation.filled.values[100:112, 0]).all()
    assert np.isnan(imputation.filled.expected[100:112, 0]).all()
    assert any("Gaps of more than 3 steps are left empty: 12 cells" in note for note in imputation.summary["notes"])


def test_limits_of_a_saved_model_can_be_changed(frame: pd.DataFrame, tmp_path):
    Imputer(strategy="linear").fit(frame).save(tmp_path / "m")
    filled = Imputer.load(tmp_path / "m", max_gap=5, non_negative="*").transform(frame)
    assert filled["a"][100:112].isna().all()
    assert (filled["a"][50:53] >= 0).all()


def test_invalid_limits_are_refused_before_any_training(frame: pd.DataFrame):
    with pytest.raises(InputError, match="unknown column 'z'"):
        Imputer(minimum="z=0").fit(frame)
    with pytest.raises(InputError, match="max_gap must be at least 0"):
        Imputer(max_gap=-1)


def test_stored_embeddings_are_refused_for_a_strategy_that_does_not_use_them(frame: pd.DataFrame):
    with pytest.raises(InputError, match="strategy 'linear' does not use embeddings"):
        Imputer(strategy="linear", embeddings="folder").fit(frame)


@pytest.mark.parametrize("flags", [("--min", "a=0", "--max-gap", "5"), ("--set", "minimum=0", "--set", "max_gap=5")])
def test_limits_can_be_given_on_the_command_line(frame: pd.DataFrame, tmp_path, run_cli, flags: tuple[str, ...]):
    frame.to_csv(tmp_path / "in.csv", index=False)
    out = tmp_path / "out.csv"
    assert (
        run_cli("impute", tmp_path / "in.csv", "-o", out, "-q", "--time", "none", "--strategy", "linear", *flags) == 0
    )
    filled = pd.read_csv(out)
    assert filled["a"][100:112].isna().all()
    assert (filled["a"][50:53] >= 0).all()
