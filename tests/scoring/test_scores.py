"""Means of scores over seeds, and their text."""

from __future__ import annotations

import pytest

from latentfill.scoring.scores import ALL, Key, Mean, Score, over_seeds


def score(strategy: str = "auto", seed: int = 0, mse: float = 1.0, **more: object) -> Score:
    defaults = {"pattern": "point", "rate": 0.1, "column": ALL, "gap": ALL, "cells": 10, "realised_rate": 0.1}
    defaults |= {"mae": 0.5, "mre": 0.1, "ratio_to_linear": mse / 2}
    return Score(strategy=strategy, seed=seed, mse=mse, **(defaults | more))


def test_means_and_spreads_are_over_the_seeds():
    means = over_seeds([score(seed=0, mse=1.0), score(seed=1, mse=3.0), score("linear", mse=2.0)])
    assert means[Key("auto", "point", 0.1, ALL, ALL)]["mse"] == Mean(2.0, pytest.approx(2**0.5), 2)
    assert means[Key("linear", "point", 0.1, ALL, ALL)]["mse"] == Mean(2.0, 0.0, 1)
    assert "crps" not in means[Key("linear", "point", 0.1, ALL, ALL)]


def test_encoders_are_kept_apart():
    means = over_seeds([score(encoder="a", ratio_to_none=0.5), score(encoder="b", mse=3.0), score("linear")])
    assert [(key.name, metrics["mse"].mean) for key, metrics in means.items()] == [
        ("auto, a", 1.0),
        ("auto, b", 3.0),
        ("linear", 1.0),
    ]
    assert means[Key("auto", "point", 0.1, ALL, ALL, "a")]["ratio_to_none"].mean == 0.5


def test_a_mean_over_several_seeds_shows_its_spread():
    assert Mean(0.3, 0.1414, 2).text() == "0.3000 ± 0.1414"
    assert Mean(0.3, 0.1414, 2).text(2) == "0.30 ± 0.14"
    assert Mean(0.3, 0.0, 1).text() == "0.3000"
