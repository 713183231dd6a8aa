"""Scores as JSON and CSV files."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pytest

from latentfill.core.errors import InputError
from latentfill.scoring.score_files import read_json, to_csv, to_json
from latentfill.scoring.scores import ALL, Score


def score(strategy: str = "auto", seed: int = 0, mse: float = 1.0, **more: object) -> Score:
    defaults = {"pattern": "point", "rate": 0.1, "column": ALL, "gap": ALL, "cells": 10, "realised_rate": 0.1}
    defaults |= {"mae": 0.5, "mre": 0.1, "ratio_to_linear": mse / 2}
    return Score(strategy=strategy, seed=seed, mse=mse, **(defaults | more))


def test_scores_from_before_encoders_were_compared_are_still_read(tmp_path: Path):
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
