"""Prediction intervals: coverage, width, and the bounds of filled tables."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from latentfill import Imputer
from latentfill.core.errors import InputError
from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.error_sample import DISTANCE, ErrorSample
from latentfill.imputation.validation.intervals import LENT_GAPS, Calibration
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
    return ErrorSample(cells, noise * size, np.pad(feature, ((0, 0), (0, DISTANCE))))


def inside(calibration: Calibration, new: ErrorSample, coverage: float) -> np.ndarray:
    """Whether each error lies in its interval."""
    size = calibration.sizes(new.cells, new.features)
    lower, upper = calibration.bounds(new.cells, size, coverage)
    return (lower <= new.error) & (new.error <= upper)


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.95])
@pytest.mark.parametrize("skew", [0.0, 3.0])
def test_intervals_have_the_coverage_asked_for_in_every_column(coverage: float, skew: float):
    calibration = Calibration.fit(error_sample(6000, 1, skew), error_sample(3000, 2, skew))
    new = error_sample(30_000, 3, skew)
    covered = inside(calibration, new, coverage)
    assert covered.mean() == pytest.approx(coverage, abs=0.02)
    for c in range(C):
        assert covered[new.cells.column == c].mean() == pytest.approx(coverage, abs=0.035)


def test_a_group_with_few_cells_borrows_from_the_others():
    few = error_sample(4000, 1)
    few = few.where((few.cells.bucket == 0) | (np.cumsum(few.cells.bucket) <= 3))
    calibration = Calibration.fit(few, error_sample(0))
    new = error_sample(20_000, 3)
    assert 0.88 < inside(calibration, new, 0.9)[new.cells.bucket == 1].mean() < 0.98, (
        "wider, as few gaps are weak evidence"
    )


def test_the_checked_cells_correct_the_coverage():
    """The errors to learn from are 1.5 times as large as the checked errors."""
    learn = error_sample(6000, 1)
    calibration = Calibration.fit(replace(learn, error=1.5 * learn.error), error_sample(3000, 2))
    assert inside(calibration, error_sample(30_000, 3), 0.9).mean() == pytest.approx(0.9, abs=0.015)


def test_few_gaps_make_wider_bounds():
    """Errors within a gap are correlated, so a thousand cells in three gaps tell less than in a thousand gaps."""
    learn = error_sample(1000, 1)
    long = replace(learn, cells=replace(learn.cells, gap=learn.cells.gap // 400))
    new, none = error_sample(5000, 3), error_sample(0)
    many, few = (inside(Calibration.fit(sample, none), new, 0.9).mean() for sample in (learn, long))
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
    loaded = Calibration.load(calibration.state())
    for name, array in calibration.state().items():
        np.testing.assert_array_equal(loaded.state()[name], array, err_msg=name)


def test_gaps_of_different_hiding_rounds_are_counted_apart():
    t = 400
    step, zeros = np.arange(t), np.zeros(t, dtype=np.int64)

    def hidden(column: int) -> ErrorSample:
        cells = Cells(shape=(t, 2), step=step, column=zeros + column, kind=zeros, gap=step, hiding_round=zeros)
        return ErrorSample(cells, np.ones(t), np.zeros((t, DISTANCE + 1)))

    calibration = Calibration.fit(ErrorSample.joined([hidden(0), hidden(0), hidden(1)]), hidden(1))
    assert calibration.gaps[:, 0].tolist() == [2 * t + 2 * LENT_GAPS] * 2


def test_errors_at_normal_scores_are_distributed_like_the_errors():
    calibration = Calibration.fit(error_sample(6000, 1, 2.0), error_sample(3000, 2, 2.0))
    new = error_sample(20_000, 3, 2.0)
    size = calibration.sizes(new.cells, new.features)
    errors = calibration.errors_at(new.cells, size, np.random.default_rng(0).standard_normal(len(new)))
    for level in (0.05, 0.25, 0.5, 0.75, 0.95):
        assert (new.error / size < np.quantile(errors / size, level)).mean() == pytest.approx(level, abs=0.02)


# --- intervals of filled tables ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    sample = make_sample(seed=3, days=21)
    return pd.DataFrame(sample.values, columns=list(sample.columns)).assign(time=sample.time)


@pytest.mark.parametrize("strategy", ["auto", "linear", "neighbours"])
def test_bounds_lie_around_the_values_and_are_the_values_where_observed(frame, quick, strategy: str):
    filled = Imputer(**quick, strategy=strategy, intervals=0.9).fit(frame).fill(frame).filled
    missing = np.isnan(frame.drop(columns="time").to_numpy())
    assert (filled.lower <= filled.values).all()
    assert (filled.upper >= filled.values).all()
    np.testing.assert_array_equal(filled.lower[~missing], filled.values[~missing])
    np.testing.assert_array_equal(filled.upper[~missing], filled.values[~missing])
    assert (filled.upper - filled.lower)[missing].min() >= 0
    assert np.median((filled.upper - filled.lower)[missing]) > 0


def test_a_higher_coverage_gives_wider_bounds_within_the_limits(frame, quick):
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
    small = pd.DataFrame(rng.normal(size=(20, 2)), columns=["a", "b"]).mask(rng.random((20, 2)) < 0.1)
    summary = Imputer(strategy="linear", intervals=0.9).fit(small).fill(small).summary
    assert any("too few to calibrate intervals" in note for note in summary["notes"])


def test_samples_differ_where_cells_were_missing_and_nowhere_else(frame, quick):
    filled = Imputer(**quick, strategy="linear", samples=3).fit(frame).fill(frame).filled
    repeated = Imputer(**quick, strategy="linear", samples=3).fit(frame).fill(frame).filled
    missing = np.isnan(frame.drop(columns="time").to_numpy())
    assert filled.samples.shape == (3, *missing.shape)
    np.testing.assert_array_equal(filled.samples, repeated.samples)
    np.testing.assert_array_equal(
        filled.samples[:, ~missing], np.broadcast_to(filled.values[~missing], (3, (~missing).sum()))
    )
    assert (filled.samples[0] != filled.samples[1])[missing].mean() > 0.9
