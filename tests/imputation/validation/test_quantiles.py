"""Distributions given by their quantiles."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.imputation.validation import quantiles as module
from latentfill.imputation.validation.cells import KINDS, Cells
from latentfill.imputation.validation.quantiles import (
    ALL_CELLS,
    LEVELS,
    PRIOR_CELLS,
    continuous_ranked_probability,
    group_distributions,
    probability_below,
    quantile,
)
from latentfill.windows.gaps import BUCKET_NAMES


def random_cells(m: int, columns: int) -> Cells:
    """Cells of random columns and kinds of gaps; the last column has none."""
    rng, zeros = np.random.default_rng(m), np.zeros(m, dtype=int)
    column, kind = rng.integers(columns - 1, size=m), rng.integers(KINDS, size=m)
    return Cells(shape=(1, columns), step=zeros, column=column, kind=kind, gap=zeros, hiding_round=zeros)


def test_quantiles_are_interpolated_between_the_levels():
    tables = np.stack([LEVELS, 10 * LEVELS])
    np.testing.assert_allclose(quantile(tables, np.array([0, 1]), np.array([0.1234, 0.5])), [0.1234, 5.0])
    np.testing.assert_allclose(quantile(tables, np.array([0, 1, 1]), np.array([0.0, 1.0, 0.0])), [0.0, 10.0, 0.0])


def test_the_ranked_probability_score_of_a_uniform_distribution_matches_its_formula():
    # of the uniform distribution on (0, 1) at x: 1/3 - x + x^2
    x = np.array([0.0, 0.3, 0.5, 1.0])
    table = np.broadcast_to(LEVELS, (4, len(LEVELS)))
    np.testing.assert_allclose(continuous_ranked_probability(table, x), 1 / 3 - x + x**2, atol=2e-3)


def test_the_probability_of_staying_below_a_value_is_the_inverse_of_its_quantile():
    tables, row = np.stack([LEVELS, 10 * LEVELS]), np.array([0, 1])
    np.testing.assert_allclose(probability_below(tables, row, np.array([0.25, 2.5])), 0.25, atol=0.005)
    np.testing.assert_array_equal(probability_below(tables, row, np.array([-1.0, 11.0])), [0, 1])
    assert probability_below(np.zeros((1, len(LEVELS))), np.zeros(1, int), np.zeros(1)).item() == 0.5  # ties count half


def test_a_group_with_many_cells_has_the_distribution_of_its_own_cells():
    rng = np.random.default_rng(0)
    value = np.concatenate([rng.uniform(0, 1, 5000), rng.uniform(4, 6, 5000)])
    column, zeros = np.repeat([0, 1], 5000), np.zeros(10_000, dtype=int)
    cells = Cells(shape=(1, 2), step=zeros, column=column, kind=zeros, gap=zeros, hiding_round=zeros)
    quantiles, mean_size = group_distributions(value, cells)
    assert quantiles[0, 0, 100] == pytest.approx(0.5, abs=0.03)
    assert quantiles[1, 0, 100] == pytest.approx(5.0, abs=0.03)
    np.testing.assert_allclose(mean_size[:, 0], [0.5, 5.0], rtol=0.05)


@pytest.mark.parametrize("m", [1, 2, 9, 300])
def test_a_group_has_the_weighted_quantiles_of_all_cells(m: int):
    cells = random_cells(m, columns=4)
    value = np.random.default_rng(m).normal(size=m).round(1)  # some values are equal
    quantiles, mean_size = group_distributions(value, cells)
    order = np.argsort(value, kind="stable")
    for c in range(4):
        for b in range(len(BUCKET_NAMES)):
            in_column, in_bucket = cells.column == c, cells.bucket == b
            weight = ALL_CELLS / m + 1.0 * (in_column & in_bucket)
            for group in (in_column, in_bucket):
                weight = weight + min(1.0, PRIOR_CELLS / max(group.sum(), 1)) * group
            middle = np.cumsum(weight[order]) - weight[order] / 2
            expected = np.interp(LEVELS * weight.sum(), middle, value[order])
            np.testing.assert_allclose(quantiles[c, b], expected, atol=1e-9)
            assert mean_size[c, b] == pytest.approx((weight * np.abs(value)).sum() / weight.sum())


def test_a_cell_is_read_once_per_gap_length_however_many_columns_there_are(monkeypatch: pytest.MonkeyPatch):
    read: list[int] = []
    with_extra = module._Weighted.with_extra

    def counting(self: module._Weighted, place: np.ndarray, extra: np.ndarray) -> tuple[np.ndarray, float]:
        read.append(len(place))
        return with_extra(self, place, extra)

    monkeypatch.setattr(module._Weighted, "with_extra", counting)
    group_distributions(np.arange(500.0), random_cells(500, columns=200))
    assert sum(read) == 500 * len(BUCKET_NAMES)
    assert len(read) <= 200 * len(BUCKET_NAMES)  # columns without a cell share their distributions
