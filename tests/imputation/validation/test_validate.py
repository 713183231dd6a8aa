"""Scores of a strategy on held-out cells."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.imputation.validation.score import ratio_interval, score_summary


def test_the_summary_compares_with_linear_interpolation():
    # errors -1, 1, -3: mse 11 / 3, mae 5 / 3; linear errs twice as much
    summary = score_summary(np.array([-1.0, 1, -3]), np.array([2.0, -2, 6]), np.arange(3), "units")
    assert summary["cells"] == 3
    assert (summary["mse"], summary["mae"]) == (pytest.approx(11 / 3), pytest.approx(5 / 3))
    assert (summary["linear_mse"], summary["linear_mae"]) == (pytest.approx(44 / 3), pytest.approx(10 / 3))
    assert summary["mse_ratio_to_linear"] == pytest.approx(0.25)


def test_linear_interpolation_without_error_gives_no_ratio():
    assert score_summary(np.ones(1), np.zeros(1), np.zeros(1, int), "units")["mse_ratio_to_linear"] is None


def test_without_held_out_cells_there_is_no_score():
    assert score_summary(np.empty(0), np.empty(0), np.empty(0, int), "units") == {"cells": 0}


def test_the_ratio_of_two_errors_lies_in_its_interval_as_often_as_it_says():
    rng, inside = np.random.default_rng(0), 0
    gap = np.repeat(np.arange(80), 10)
    for _ in range(400):
        size = np.repeat(rng.exponential(size=80), 10)  # the losses of a gap are alike
        low, high = ratio_interval(0.5 * size * rng.chisquare(4, 800) / 4, np.repeat(rng.exponential(size=80), 10), gap)
        inside += low < 0.5 < high
    assert 0.85 < inside / 400 < 0.95


def test_cells_of_one_gap_count_once():
    rng = np.random.default_rng(0)
    loss, linear = rng.exponential(size=(2, 30))
    once = ratio_interval(loss, linear, np.arange(30))
    assert ratio_interval(np.repeat(loss, 7), np.repeat(linear, 7), np.repeat(np.arange(30), 7)) == pytest.approx(once)


def test_four_gaps_tell_nothing_of_the_uncertainty():
    assert ratio_interval(np.ones(8), 2 * np.ones(8), np.arange(8) % 4) is None


def test_a_gap_with_nearly_all_of_the_loss_tells_nothing_either():
    loss = np.array([100.0, *np.ones(19)])
    assert ratio_interval(loss, 2 * loss, np.arange(20)) is None
