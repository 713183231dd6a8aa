"""Scores: means over seeds, differences between runs, checks, and the files they go to."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from latentfill.core.errors import InputError
from latentfill.scoring.scores import (
    ALL,
    Check,
    Key,
    Mean,
    Score,
    differences,
    over_seeds,
    read_json,
    score_cells,
    to_csv,
    to_json,
)


def score(strategy: str = "auto", seed: int = 0, mse: float = 1.0, **more: object) -> Score:
    given = {"pattern": "point", "rate": 0.1, "column": ALL, "gap": ALL, "cells": 10, "realised_rate": 0.1}
    given |= {"mae": 0.5, "mre": 0.1, "ratio_to_linear": mse / 2}
    return Score(strategy=strategy, seed=seed, mse=mse, **(given | more))


def test_errors_are_in_units_of_the_spread():
    found = score_cells(np.array([1.0, 20.0]), np.array([2.0, 0.0]), np.array([1.0, 10.0]), np.array([4.0, 0.0]))
    assert found == {"mse": (1 + 4) / 2, "mae": (1 + 2) / 2, "ratio_to_linear": 5 / 4}


def test_an_exact_line_gives_no_ratio():
    assert score_cells(np.ones(1), np.zeros(1), np.ones(1), np.zeros(1))["ratio_to_linear"] is None


def test_means_and_spreads_are_over_the_seeds():
    found = over_seeds([score(seed=0, mse=1.0), score(seed=1, mse=3.0), score("linear", mse=2.0)])
    assert found[Key("auto", "point", 0.1, ALL, ALL)]["mse"] == Mean(2.0, pytest.approx(2**0.5), 2)
    assert found[Key("linear", "point", 0.1, ALL, ALL)]["mse"] == Mean(2.0, 0.0, 1)
    assert "crps" not in found[Key("linear", "point", 0.1, ALL, ALL)]


def test_encoders_are_kept_apart():
    found = over_seeds([score(encoder="a", ratio_to_none=0.5), score(encoder="b", mse=3.0), score("linear")])
    assert [(key.name, metrics["mse"].mean) for key, metrics in found.items()] == [
        ("auto, a", 1.0),
        ("auto, b", 3.0),
        ("linear", 1.0),
    ]
    assert found[Key("auto", "point", 0.1, ALL, ALL, "a")]["ratio_to_none"].mean == 0.5
    changed = differences([score(encoder="a"), score("linear")], [score(encoder="a", mse=4.0), score(encoder="b")])
    assert [(one.key.encoder, one.change) for one in changed] == [("a", 3.0)]


@pytest.mark.parametrize(("seeds", "beyond"), [(2, False), (3, True)])
def test_few_seeds_must_agree_the_more(seeds: int, beyond: bool):
    """Changes of 0.9, 1.1 and 1.0: 10 standard errors with two seeds, 17 with three; a t-test wants 12.7 and 4.3."""
    after = [score(seed=s, mse=2.0 + change) for s, change in zip(range(seeds), (-0.1, 0.1, 0.0), strict=False)]
    (found,) = differences([score(seed=s, mse=1.0) for s in range(seeds)], after)
    assert found.change == pytest.approx(1.0)
    assert found.beyond_noise == beyond


def test_runs_are_compared_seed_by_seed():
    """A change that is small beside the spread of the seeds is beyond noise if every seed shows it."""
    before = [score(seed=s, mse=10.0 * s) for s in range(4)]
    after = [score(seed=s, mse=10.0 * s - 1 + 0.1 * (s % 2)) for s in range(5)]
    (found,) = differences(before, after)
    assert found.change == pytest.approx(-0.95)
    assert found.noise == pytest.approx(np.std([0, 0.1, 0, 0.1], ddof=1) / 2)
    assert found.beyond_noise
    (one,) = differences(before[:1], after[:1])
    assert (one.noise, one.beyond_noise) == (None, False)
    assert differences(before, [score("linear")]) == []


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


def test_a_check_looks_at_the_mean_over_seeds_of_each_pattern():
    scores = [score(mse=1.0), score(seed=1, mse=5.0), score(mse=1.0, pattern="block"), score(mse=99.0, column="a")]
    (failure,) = Check.parse("mse>2").failures(scores)
    assert "point" in failure
    assert "mse is 3" in failure


@pytest.mark.parametrize("text", ["", "mse", "mse=1", "mse>", "mse>abc", "mse>1.2.3", "> 3"])
def test_a_check_that_cannot_be_read_is_refused(text: str):
    with pytest.raises(InputError, match="check"):
        Check.parse(text)


def test_unknown_names_in_a_check_are_told_with_a_suggestion():
    with pytest.raises(InputError, match="did you mean 'mse'"):
        Check.parse("msee>1")
    with pytest.raises(InputError, match="did you mean 'auto'"):
        Check.parse("auto1.mse>1").failures([score()])
    with pytest.raises(InputError, match="this run has no coverage"):
        Check.parse("coverage<0.9").failures([score()])


def test_a_check_looks_at_every_encoder_of_its_strategy():
    scores = [score(encoder="none", ratio_to_none=1.0), score(encoder="a", ratio_to_none=1.25), score("linear")]
    (failure,) = Check.parse("ratio_to_none>1").failures(scores)
    assert "auto, a, point 0.1: ratio_to_none is 1.25" in failure
    with pytest.raises(InputError, match="--encoders were not asked for"):
        Check.parse("ratio_to_none>1").failures([score()])


def test_scores_of_before_encoders_were_put_side_by_side_are_still_read(tmp_path: Path):
    path = tmp_path / "s.json"
    path.write_bytes(to_json({}, [score()]))
    record = json.loads(path.read_text())
    for name in ("encoder", "ratio_to_none", "window_seconds", "window_bytes"):
        del record["scores"][0][name]
    path.write_text(json.dumps(record))
    assert read_json(path) == [score()]


def test_scores_survive_json_and_become_csv(tmp_path: Path):
    scores = [score(), score("linear", crps=0.25, label="oracle")]
    path = tmp_path / "s.json"
    path.write_bytes(to_json({"table": "x.csv"}, scores))
    assert read_json(path) == scores
    assert json.loads(path.read_text())["table"] == "x.csv"
    rows = pd.read_csv(io.BytesIO(to_csv(scores)))
    assert rows["strategy"].tolist() == ["auto", "linear"]
    assert rows["crps"].isna().tolist() == [True, False]


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"scores": [{"mse": 1}]}', '{"scores": 3}'])
def test_a_file_without_scores_is_refused(tmp_path: Path, text: str):
    path = tmp_path / "s.json"
    path.write_text(text)
    with pytest.raises(InputError, match="does not hold scores"):
        read_json(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_json(tmp_path / "none.json")
