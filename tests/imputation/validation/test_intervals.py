"""Intervals: they hold as often as they say, are narrow where errors are small, and go wherever values may go."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from latentfill import Imputer
from latentfill.core.errors import InputError
from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.error_sample import ErrorSample
from latentfill.imputation.validation.intervals import Calibration
from latentfill.imputation.validation.quantiles import LEVELS
from latentfill.scoring.demo_table import make_sample
from latentfill.windows.gaps import BUCKET_NAMES

C = 3


def error_sample(m: int, seed: int = 0, skew: float = 0.0) -> ErrorSample:
    """Errors whose size doubles from column to column, and grows with one feature."""
    rng = np.random.default_rng(seed)
    feature, column = rng.normal(size=(m, 1)), rng.integers(C, size=m)
    noise = rng.normal(size=m) + skew * rng.exponential(size=m)
    size = np.exp(feature[:, 0]) * 2.0**column
    step = np.arange(m)
    bucket = rng.integers(2, size=m)
    cells = Cells(
        shape=(m, C), step=step, column=column, kind=bucket, gap=step, hiding_round=np.zeros(m, dtype=np.int64)
    )
    return ErrorSample(cells, noise * size, feature)


def inside(calibration: Calibration, asked: ErrorSample, coverage: float) -> np.ndarray:
    """Whether each error lies in its interval."""
    size = calibration.sizes(asked.cells, asked.features)
    lower, upper = calibration.bounds(asked.cells, size, coverage)
    return (lower <= asked.error) & (asked.error <= upper)


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.95])
@pytest.mark.parametrize("skew", [0.0, 3.0])
def test_intervals_have_the_coverage_asked_for_in_every_column(coverage: float, skew: float):
    calibration = Calibration.fit(error_sample(6000, 1, skew), error_sample(3000, 2, skew))
    asked = error_sample(30_000, 3, skew)
    held = inside(calibration, asked, coverage)
    assert held.mean() == pytest.approx(coverage, abs=0.02)
    for c in range(C):
        assert held[asked.cells.column == c].mean() == pytest.approx(coverage, abs=0.035)


def test_a_group_with_few_cells_borrows_from_the_others():
    few = error_sample(4000, 1)
    few = few.where((few.cells.bucket == 0) | (np.cumsum(few.cells.bucket) <= 3))
    calibration = Calibration.fit(few, error_sample(0))
    asked = error_sample(20_000, 3)
    assert inside(calibration, asked, 0.9)[asked.cells.bucket == 1].mean() == pytest.approx(0.9, abs=0.05)


def test_the_checked_cells_correct_the_coverage():
    """Those to learn from were estimated with less to go by: their errors are half as large again."""
    learn = error_sample(6000, 1)
    calibration = Calibration.fit(replace(learn, error=1.5 * learn.error), error_sample(3000, 2))
    assert inside(calibration, error_sample(30_000, 3), 0.9).mean() == pytest.approx(0.9, abs=0.015)


def test_few_gaps_make_wider_bounds():
    """Cells of one gap err together, so a thousand of them in three gaps tell less than in a thousand."""
    learn = error_sample(1000, 1)
    long = replace(learn, cells=replace(learn.cells, gap=learn.cells.gap // 400))
    asked, none = error_sample(5000, 3), error_sample(0)
    many, few = (inside(Calibration.fit(one, none), asked, 0.9).mean() for one in (learn, long))
    assert many == pytest.approx(0.9, abs=0.02)
    assert few > many + 0.01


def test_without_a_held_out_cell_nothing_is_known_and_it_is_not_called_calibrated():
    calibration = Calibration.fit(error_sample(0), error_sample(0))
    assert not calibration.calibrated
    one = error_sample(1)
    lower, upper = calibration.bounds(one.cells, np.ones(1), 0.9)
    assert np.isnan([lower, upper]).all()
    assert calibration.quantiles.shape == (C, len(BUCKET_NAMES), len(LEVELS))


def test_a_calibration_survives_saving_exactly():
    calibration = Calibration.fit(error_sample(500, 1), error_sample(200, 2))
    again = Calibration.load(calibration.state())
    for name, array in calibration.state().items():
        np.testing.assert_array_equal(again.state()[name], array, err_msg=name)


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
def test_a_coverage_outside_0_to_1_is_refused(coverage: float):
    with pytest.raises(InputError, match="intervals must be above 0 and below 1"):
        Imputer(intervals=coverage)


def test_a_note_says_that_there_are_too_few_cells_to_calibrate():
    rng = np.random.default_rng(0)
    small = pd.DataFrame(rng.normal(size=(60, 2)), columns=["a", "b"]).mask(rng.random((60, 2)) < 0.1)
    summary = Imputer(strategy="linear", intervals=0.9).fit(small).fill(small).summary
    assert any("too few to calibrate intervals" in note for note in summary["notes"])


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
