"""The table that compares encoders: rows, means and verdicts."""

from __future__ import annotations

import pytest

from latentfill.scoring.encoder_table import HEADINGS, encoder_rows
from latentfill.scoring.scores import ALL, Mean, Score


def score(encoder: str | None, mse: float, *, seed: int = 0, **more: object) -> Score:
    known = {"pattern": "point", "rate": 0.1, "column": ALL, "gap": ALL, "cells": 10, "realised_rate": 0.1}
    known |= {"strategy": "denoise", "mae": 0.5, "mre": 0.1, "ratio_to_linear": mse / 2, "ratio_to_none": mse}
    return Score(encoder=encoder, seed=seed, mse=mse, **(known | more))


def test_there_is_a_row_for_each_encoder_of_a_strategy_that_works_on_one():
    cost = {"window_seconds": 0.25, "window_bytes": 7 * 768 * 4}
    scores = [score("none", 1.0), score("timekd:a", 0.5, **cost), score(None, 2.0, strategy="linear")]
    scores += [score("timekd:a", 0.1, gap="1"), score("timekd:a", 0.1, column="x")]
    errors_on_none, row = encoder_rows(scores)
    assert (
        errors_on_none.encoder,
        errors_on_none.window_seconds,
        errors_on_none.window_bytes,
        errors_on_none.verdict,
    ) == ("none", None, None, "")
    assert (row.encoder, row.strategy, row.mse.mean, row.ratio_to_linear.mean) == ("timekd:a", "denoise", 0.5, 0.25)
    assert row.texts[:-1] == ("timekd:a", "denoise", "0.5000", "0.500", "0.250", "250", "21.5 kB")
    assert len(row.texts) == len(HEADINGS)


def test_means_are_over_the_seeds():
    scores = [score("mine", mse, seed=seed, window_seconds=mse) for seed, mse in enumerate((1.0, 3.0))]
    (row,) = encoder_rows(scores)
    assert row.mse == Mean(2.0, pytest.approx(2**0.5), 2)
    assert row.window_seconds == 2.0
    assert row.texts[2] == "2.0000 ± 1.4142"


@pytest.mark.parametrize(
    ("errors_on_none", "errors_on_encoder", "verdict"),
    [
        ([1.0, 2.0, 3.0], [0.82, 1.8, 2.78], "10.0 % less error"),
        ([1.0, 2.0, 3.0], [1.18, 2.2, 3.22], "10.0 % more error"),
        ([1.0, 2.0, 3.0], [0.9, 1.8, 2.7], "adds nothing beyond noise"),
        ([1.0, 1.0], [0.9, 0.8], "adds nothing beyond noise"),  # two seeds show little
        ([1.0], [0.1], "one seed: noise unknown"),
        ([], [0.1, 0.2], "needs an encoder"),
    ],
)
def test_the_verdict_says_whether_an_encoder_reduces_the_error_beyond_noise(
    errors_on_none: list[float], errors_on_encoder: list[float], verdict: str
):
    scores = [score("none", mse, seed=seed) for seed, mse in enumerate(errors_on_none)]
    scores += [score("mine", mse, seed=seed) for seed, mse in enumerate(errors_on_encoder)]
    assert encoder_rows(scores)[-1].verdict == verdict


def test_a_strategy_that_left_cells_empty_has_no_error_to_compare():
    row = encoder_rows([score("none", 1.0), score("mine", float("nan"))])[-1]
    assert (row.mse, row.texts[2], row.verdict) == (None, "", "leaves cells empty")
