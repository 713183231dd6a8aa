"""Differences between two runs, and whether they are more than noise."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.scoring.differences import differences
from latentfill.scoring.scores import ALL, Score


def score(strategy: str = "auto", seed: int = 0, mse: float = 1.0, **more: object) -> Score:
    defaults = {"pattern": "point", "rate": 0.1, "column": ALL, "gap": ALL, "cells": 10, "realised_rate": 0.1}
    defaults |= {"mae": 0.5, "mre": 0.1, "ratio_to_linear": mse / 2}
    return Score(strategy=strategy, seed=seed, mse=mse, **(defaults | more))


@pytest.mark.parametrize(("seeds", "beyond"), [(2, False), (3, True)])
def test_with_fewer_seeds_a_change_must_be_larger(seeds: int, beyond: bool):
    """Changes of 0.9, 1.1 and 1.0: 10 standard errors with two seeds, 17 with three; a t-test needs 12.7 and 4.3."""
    after = [score(seed=s, mse=2.0 + change) for s, change in zip(range(seeds), (-0.1, 0.1, 0.0), strict=False)]
    (difference,) = differences([score(seed=s, mse=1.0) for s in range(seeds)], after)
    assert difference.change == pytest.approx(1.0)
    assert difference.beyond_noise == beyond


def test_runs_are_compared_seed_by_seed():
    """A change much smaller than the spread over seeds is beyond noise if every seed shows it."""
    before = [score(seed=s, mse=10.0 * s) for s in range(4)]
    after = [score(seed=s, mse=10.0 * s - 1 + 0.1 * (s % 2)) for s in range(5)]
    (difference,) = differences(before, after)
    assert difference.change == pytest.approx(-0.95)
    assert difference.noise == pytest.approx(np.std([0, 0.1, 0, 0.1], ddof=1) / 2)
    assert difference.beyond_noise
    (one,) = differences(before[:1], after[:1])
    assert (one.noise, one.beyond_noise) == (None, False)
    assert differences(before, [score("linear")]) == []


def test_scores_of_different_encoders_are_not_mixed():
    changed = differences([score(encoder="a"), score("linear")], [score(encoder="a", mse=4.0), score(encoder="b")])
    assert [(one.key.encoder, one.change) for one in changed] == [("a", 3.0)]
