"""Taking out the optimism of candidates about cells that they were fitted to."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.optimism import PRIOR_CELLS, without_optimism

N = 10_000


def cells(columns: int = 2) -> Cells:
    values = np.full((N, columns), np.nan)
    return Cells.at(np.ones((N, columns), dtype=bool), values)


def test_errors_on_seen_cells_get_the_size_of_those_on_unseen_cells():
    some, rng = cells(), np.random.default_rng(0)
    unseen = some.step < N // 2
    honest, optimistic = rng.normal(size=(2, len(some)))
    errors = np.stack([2 * rng.normal(size=len(some)), honest, np.where(unseen, 1.0, 0.5) * optimistic])
    corrected = without_optimism(errors, some, unseen)
    np.testing.assert_array_equal(corrected[:, unseen], errors[:, unseen])
    np.testing.assert_array_equal(corrected[0], errors[0])
    assert (corrected[1, ~unseen] ** 2).mean() == pytest.approx(1.0, rel=0.05)
    assert (corrected[2, ~unseen] ** 2).mean() == pytest.approx(1.0, rel=0.1)


def test_seen_cells_may_be_more_difficult_than_unseen_ones():
    """Both the candidate and the plain one are worse on them: that is no optimism."""
    some, rng = cells(), np.random.default_rng(1)
    unseen = some.step < N // 2
    errors = np.where(unseen, 1.0, 3.0) * np.array([[2.0], [1.0]]) * rng.normal(size=(2, len(some)))
    np.testing.assert_allclose(without_optimism(errors, some, unseen), errors, rtol=0.05)


def test_pessimism_is_left_as_it_is():
    some, rng = cells(), np.random.default_rng(2)
    unseen = some.step < N // 2
    errors = np.stack([rng.normal(size=len(some)), np.where(unseen, 0.5, 1.0) * rng.normal(size=len(some))])
    np.testing.assert_array_equal(without_optimism(errors, some, unseen), errors)


def test_a_few_unseen_cells_say_little():
    some, rng = cells(1), np.random.default_rng(3)
    unseen = np.arange(len(some)) < 10
    errors = np.stack([np.ones(len(some)), np.where(unseen, 10.0, rng.normal(size=len(some)))])
    factor = (without_optimism(errors, some, unseen)[1] / errors[1])[~unseen]
    assert factor.max() ** 2 == pytest.approx((10 * 100 + PRIOR_CELLS) / (10 + PRIOR_CELLS), rel=0.05)


@pytest.mark.parametrize("unseen", [True, False])
def test_without_seen_or_without_unseen_cells_errors_stay(unseen: bool):
    some = cells(1)
    errors = np.random.default_rng(4).normal(size=(2, len(some)))
    np.testing.assert_array_equal(without_optimism(errors, some, np.full(len(some), unseen)), errors)


def test_a_plain_candidate_without_error_gives_finite_errors():
    some = cells(1)
    errors = np.stack([np.zeros(len(some)), np.ones(len(some))])
    assert np.isfinite(without_optimism(errors, some, some.step < 100)).all()


def test_a_column_of_one_cell_without_plain_error_changes_nothing_for_the_others():
    """Its tiny error is many times that of the plain candidate, which has none there."""
    some, rng = cells(), np.random.default_rng(5)
    few = np.flatnonzero(some.column == 0).tolist() + np.flatnonzero(some.column == 1)[:1].tolist()
    some, errors = some.take(np.array(few)), rng.normal(size=(2, len(few)))
    errors[0, -1], errors[1, -1] = 0.0, 0.01
    unseen = (some.step < N // 2) | (some.column == 1)
    np.testing.assert_allclose(without_optimism(errors, some, unseen), errors, rtol=0.05)
