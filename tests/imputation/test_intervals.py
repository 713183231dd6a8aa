"""Intervals: they hold as often as they say, are narrow where errors are small, and go wherever values may go."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from latentfill import Imputer
from latentfill.core.errors import InputError
from latentfill.imputation.intervals import (
    LEVELS,
    Calibration,
    ErrorSample,
    SizeModel,
    continuous_ranked_probability,
    error_sample_at,
    features_at,
    quantile,
)
from latentfill.scoring.demo_table import make_sample
from latentfill.windows.gaps import BUCKET_NAMES

C = 3


def evidence(m: int, seed: int = 0, skew: float = 0.0) -> ErrorSample:
    """Errors whose size doubles from one feature to its double, and from column to column."""
    rng = np.random.default_rng(seed)
    feature, column = rng.normal(size=(m, 1)), rng.integers(C, size=m)
    noise = rng.normal(size=m) + skew * rng.exponential(size=m)
    return ErrorSample(
        error=noise * true_size(feature, column),
        step=np.arange(m),
        column=column,
        bucket=rng.integers(2, size=m),
        features=feature,
        occasion=np.zeros(m, dtype=np.int64),
        gap=np.arange(m),
    )


def true_size(feature: np.ndarray, column: np.ndarray) -> np.ndarray:
    return np.exp(feature[:, 0]) * 2.0**column


def inside(calibration: Calibration, asked: ErrorSample, coverage: float) -> np.ndarray:
    size = calibration.model.size(asked.features, asked.column)
    lower, upper = calibration.bounds(np.zeros(len(size)), size, asked.column, asked.bucket, coverage)
    return (lower <= asked.error) & (asked.error <= upper)


def test_the_size_of_errors_is_learnt():
    model = SizeModel.fit(evidence(5000), C)
    feature, column = np.array([[0.0], [1.0], [0.0]]), np.array([0, 0, 1])
    size = model.size(feature, column)
    assert size[1] / size[0] == pytest.approx(np.e, rel=0.15)
    assert size[2] / size[0] == pytest.approx(2, rel=0.15)


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.95])
@pytest.mark.parametrize("skew", [0.0, 3.0])
def test_intervals_hold_as_often_as_they_say_in_every_column(coverage: float, skew: float):
    calibration = Calibration.fit(evidence(6000, 1, skew), evidence(3000, 2, skew), C)
    asked = evidence(30_000, 3, skew)
    held = inside(calibration, asked, coverage)
    assert held.mean() == pytest.approx(coverage, abs=0.02)
    for c in range(C):
        assert held[asked.column == c].mean() == pytest.approx(coverage, abs=0.035)


def test_a_group_with_few_cells_borrows_from_the_others():
    few = evidence(4000, 1)
    few = few.where((few.bucket == 0) | (np.cumsum(few.bucket) <= 3))
    calibration = Calibration.fit(few, evidence(0), C)
    asked = evidence(20_000, 3)
    assert inside(calibration, asked, 0.9)[asked.bucket == 1].mean() == pytest.approx(0.9, abs=0.05)


def test_cells_to_check_by_set_the_coverage():
    """Those to learn from were estimated with less to go by: their errors are half as large again."""
    learn = evidence(6000, 1)
    calibration = Calibration.fit(replace(learn, error=1.5 * learn.error), evidence(3000, 2), C)
    assert inside(calibration, evidence(30_000, 3), 0.9).mean() == pytest.approx(0.9, abs=0.015)


def test_few_gaps_make_wider_bounds():
    """Cells of one gap err together, so a thousand of them in three gaps tell less than in a thousand."""
    learn = evidence(1000, 1)
    long = replace(learn, gap=learn.gap // 400)
    asked, none = evidence(5000, 3), evidence(0)
    many, few = (inside(Calibration.fit(one, none, C), asked, 0.9).mean() for one in (learn, long))
    assert many == pytest.approx(0.9, abs=0.02)
    assert few > many + 0.01


def test_without_evidence_nothing_is_said_and_it_is_not_called_calibrated():
    calibration = Calibration.fit(evidence(0), evidence(0), C)
    assert not calibration.calibrated
    one = np.zeros(1, dtype=int)
    lower, upper = calibration.bounds(np.zeros(1), np.ones(1), one, one, 0.9)
    assert np.isnan([lower, upper]).all()
    assert calibration.quantiles.shape == (C, len(BUCKET_NAMES), len(LEVELS))


def test_what_was_learnt_can_be_kept_and_taken_up_again():
    calibration = Calibration.fit(evidence(500, 1), evidence(200, 2), C)
    again = Calibration.load(calibration.state())
    for name, array in calibration.state().items():
        np.testing.assert_array_equal(again.state()[name], array, err_msg=name)


def test_quantiles_are_read_off_between_the_levels():
    table = np.stack([LEVELS, 10 * LEVELS])
    np.testing.assert_allclose(quantile(table, np.array([0.1234, 0.5])), [0.1234, 5.0])
    np.testing.assert_allclose(quantile(table, np.array([0.0, 1.0])), [0.0, 10.0])


def test_the_ranked_probability_score_of_a_uniform_distribution_is_the_one_of_theory():
    # of the uniform distribution on (0, 1) at x: 1/3 - x + x^2
    x = np.array([0.0, 0.3, 0.5, 1.0])
    table = np.broadcast_to(LEVELS, (4, len(LEVELS)))
    np.testing.assert_allclose(continuous_ranked_probability(table, x), 1 / 3 - x + x**2, atol=2e-3)


def test_draws_spread_as_errors_do_and_keep_to_their_neighbours():
    """Errors of a random walk's cells: those of one step are like those of the next."""
    rng = np.random.default_rng(0)
    t = 4000
    walk = np.empty(t)
    walk[0] = 0
    for i in range(1, t):
        walk[i] = 0.8 * walk[i - 1] + 0.6 * rng.normal()
    cells = np.ones((t, 1), dtype=bool)
    seen = np.full((t, 1), np.nan)
    seen[0] = seen[-1] = 0.0
    cells[0] = cells[-1] = False
    found = error_sample_at(cells, walk[1:-1], seen, np.zeros((1, t, 1)), np.ones((t, 1)))
    flat = replace(found, features=np.zeros((t - 2, 1)))
    calibration = Calibration.fit(flat, flat.where(np.zeros(t - 2, dtype=bool)), 1)
    assert calibration.persistence == pytest.approx(0.8, abs=0.05)
    size = calibration.model.size(flat.features, flat.column)
    draw = calibration.draw(rng, np.zeros(t - 2), size, cells, flat.bucket)
    assert draw.std() == pytest.approx(walk.std(), rel=0.1)
    assert np.corrcoef(draw[:-1], draw[1:])[0, 1] == pytest.approx(0.8, abs=0.05)


def test_columns_that_err_together_are_drawn_together():
    rng = np.random.default_rng(0)
    t = 3000
    common = rng.normal(size=t)
    errors = np.stack([common, common, rng.normal(size=t)], axis=1) + 0.1 * rng.normal(size=(t, 3))
    cells = np.ones((t, C), dtype=bool)
    step, column = np.nonzero(cells)
    flat = ErrorSample(
        errors[cells], step, column, np.zeros(t * C, int), np.zeros((t * C, 1)), np.zeros(t * C, int), step
    )
    calibration = Calibration.fit(flat, flat.where(np.zeros(t * C, dtype=bool)), C)
    draw = calibration.draw(rng, np.zeros(t * C), np.ones(t * C), cells, flat.bucket).reshape(t, C)
    found = np.corrcoef(draw.T)
    assert found[0, 1] > 0.9
    assert abs(found[0, 2]) < 0.1


def test_features_are_known_for_every_hidden_cell():
    sample = make_sample(seed=3, days=21)
    missing = np.isnan(sample.values)
    estimates = np.full((2, *missing.shape), np.nan)
    found = features_at(missing, sample.values, estimates, np.full(missing.shape, np.nan))
    assert np.isfinite(found).all()
    assert len(found) == missing.sum()


# --- as a user meets them ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    sample = make_sample(seed=3, days=21)
    return pd.DataFrame(sample.values, columns=list(sample.columns)).assign(time=sample.time)


@pytest.mark.parametrize("strategy", ["auto", "linear", "neighbours"])
def test_bounds_lie_around_the_values_and_are_the_values_where_observed(frame, quick, strategy: str):
    found = Imputer(**quick, strategy=strategy, intervals=0.9).fit(frame).fill(frame).filled
    missing = np.isnan(frame.drop(columns="time").to_numpy())
    assert (found.lower <= found.values).all()
    assert (found.upper >= found.values).all()
    np.testing.assert_array_equal(found.lower[~missing], found.values[~missing])
    np.testing.assert_array_equal(found.upper[~missing], found.values[~missing])
    assert (found.upper - found.lower)[missing].min() >= 0
    assert np.median((found.upper - found.lower)[missing]) > 0


def test_a_wider_coverage_has_wider_bounds_and_limits_hold(frame, quick):
    imputer = Imputer(**quick, strategy="linear", intervals=0.5, non_negative="*").fit(frame)
    narrow = imputer.fill(frame).filled
    wide = Imputer(**quick, strategy="linear", intervals=0.95, non_negative="*").fit(frame).fill(frame).filled
    missing = np.isnan(frame.drop(columns="time").to_numpy())
    assert ((wide.upper - wide.lower) >= (narrow.upper - narrow.lower) - 1e-9)[missing].all()
    assert (wide.lower >= 0)[missing].all()


@pytest.mark.parametrize("coverage", [0.0, 1.0, 1.5, -0.1])
def test_a_coverage_that_cannot_be_is_refused(coverage: float):
    with pytest.raises(InputError, match="intervals must be a coverage between 0 and 1"):
        Imputer(intervals=coverage)


def test_too_few_cells_to_calibrate_are_told():
    rng = np.random.default_rng(0)
    small = pd.DataFrame(rng.normal(size=(60, 2)), columns=["a", "b"]).mask(rng.random((60, 2)) < 0.1)
    summary = Imputer(strategy="linear", intervals=0.9).fit(small).fill(small).summary
    assert any("not calibrated" in note for note in summary["notes"])


def test_samples_differ_where_cells_were_missing_and_nowhere_else(frame, quick):
    found = Imputer(**quick, strategy="linear", samples=3).fit(frame).fill(frame).filled
    again = Imputer(**quick, strategy="linear", samples=3).fit(frame).fill(frame).filled
    missing = np.isnan(frame.drop(columns="time").to_numpy())
    assert found.samples.shape == (3, *missing.shape)
    np.testing.assert_array_equal(found.samples, again.samples)
    np.testing.assert_array_equal(
        found.samples[:, ~missing], np.broadcast_to(found.values[~missing], (3, (~missing).sum()))
    )
    assert (found.samples[0] != found.samples[1])[missing].mean() > 0.9
