"""Conditions under which a run counts as failed."""

from __future__ import annotations

import pytest

from latentfill.core.errors import InputError
from latentfill.scoring.checks import Check
from latentfill.scoring.scores import ALL, Score


def score(strategy: str = "auto", seed: int = 0, mse: float = 1.0, **more: object) -> Score:
    defaults = {"pattern": "point", "rate": 0.1, "column": ALL, "gap": ALL, "cells": 10, "realised_rate": 0.1}
    defaults |= {"mae": 0.5, "mre": 0.1, "ratio_to_linear": mse / 2}
    return Score(strategy=strategy, seed=seed, mse=mse, **(defaults | more))


@pytest.mark.parametrize(
    ("text", "fails"),
    [
        ("ratio_to_linear>1.0", False),
        ("ratio_to_linear > 0.4", True),
        ("auto.mse>=1", True),
        ("linear.mse<3", True),
        ("mae<=0.4", False),
    ],
)
def test_a_check_fails_where_its_condition_holds(text: str, fails: bool):
    failures = Check.parse(text).failures([score(mse=1.0), score("linear", mse=2.0)])
    assert bool(failures) == fails
    if fails:
        assert text in failures[0]


def test_a_check_tests_the_mean_over_seeds_of_each_pattern():
    scores = [score(mse=1.0), score(seed=1, mse=5.0), score(mse=1.0, pattern="block"), score(mse=99.0, column="a")]
    (failure,) = Check.parse("mse>2").failures(scores)
    assert "point" in failure
    assert "mse is 3" in failure


@pytest.mark.parametrize("text", ["", "mse", "mse=1", "mse>", "mse>abc", "mse>1.2.3", "> 3"])
def test_a_check_that_cannot_be_read_is_refused(text: str):
    with pytest.raises(InputError, match="check"):
        Check.parse(text)


def test_unknown_names_in_a_check_are_refused_with_a_suggestion():
    with pytest.raises(InputError, match="did you mean 'mse'"):
        Check.parse("msee>1")
    with pytest.raises(InputError, match="did you mean 'auto'"):
        Check.parse("auto1.mse>1").failures([score()])
    with pytest.raises(InputError, match="this run has no coverage; give --intervals"):
        Check.parse("coverage<0.9").failures([score()])


def test_a_check_tests_every_encoder_of_its_strategy():
    scores = [score(encoder="none", ratio_to_none=1.0), score(encoder="a", ratio_to_none=1.25), score("linear")]
    (failure,) = Check.parse("ratio_to_none>1").failures(scores)
    assert "auto, a, point 0.1: ratio_to_none is 1.25" in failure
    with pytest.raises(InputError, match="this run has no ratio_to_none; give --encoders to measure it"):
        Check.parse("ratio_to_none>1").failures([score()])
