"""How far an estimate may be off: intervals with a coverage that holds, expected errors, and random draws.

Split conformal prediction (Papadopoulos et al. 2002; Lei et al. 2018) with locally weighted residuals: a regression
predicts the size of each error (`SizeModel`), and the quantiles of the errors in units of that size, by column and gap
length, give the bounds. Held-out cells that nothing else was learnt from then correct which quantiles to take, so that
intervals contain the truth as often as they should.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from latentfill.core.series import FloatArray, IntArray
from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.copula import Copula
from latentfill.imputation.validation.error_sample import ErrorSample
from latentfill.imputation.validation.error_size import SizeModel
from latentfill.imputation.validation.quantiles import LEVELS, group_distributions, probability_below, quantile
from latentfill.windows.gaps import BUCKET_NAMES

PRIOR_DEPTH_CELLS = 100.0  # cells that the uncorrected levels count for beside the cells that correct them
LENT_GAPS = 5.0  # gaps that a column, or a gap length, contributes at most to the count of a group's gaps
WARY_GAPS = 10.0  # a group with this many gaps aims at half the misses: few gaps tell little, and are much alike
CALIBRATED = 50  # held-out cells from which on intervals are called calibrated


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Distribution of the errors in units of their likely size, by column and gap length, from held-out cells."""

    model: SizeModel
    quantiles: FloatArray  # (C, buckets, len(LEVELS)) of (truth - estimate) / size
    mean_size: FloatArray  # (C, buckets) mean of |truth - estimate| / size
    cells: IntArray  # (C, buckets) number of held-out cells
    gaps: FloatArray  # (C, buckets) number of gaps the quantiles rest on, borrowed ones included
    depth: FloatArray  # (len(LEVELS),) nominal coverage that contains each share of the checked cells
    copula: Copula

    @classmethod
    def fit(cls, learn: ErrorSample, check: ErrorSample) -> Calibration:
        """Fit the sizes to the errors of `learn`, the quantiles to both samples, and the coverage to `check`."""
        model = SizeModel.fit(learn)
        both = ErrorSample.joined([learn, check])  # the rounds in which the cells of `learn` were hidden count as one
        if not len(both):
            return cls._unknown(model, both.cells.n_columns)
        column, bucket = both.cells.column, both.cells.bucket
        ratio = both.error / model.size(both.features, column)
        quantiles, mean_size = group_distributions(ratio, both.cells)
        probability = probability_below(quantiles[column, bucket], ratio)
        return cls(
            model=model,
            quantiles=quantiles,
            mean_size=mean_size,
            cells=_count_cells(both.cells),
            gaps=_count_gaps(both.cells),
            depth=_depth(np.abs(2 * probability[len(learn) :] - 1)),
            copula=Copula.fit(probability, both.cells),
        )

    @classmethod
    def _unknown(cls, model: SizeModel, n_columns: int) -> Calibration:
        """Without a held-out cell: nothing is known."""
        shape = (n_columns, len(BUCKET_NAMES))
        return cls(
            model=model,
            quantiles=np.full((*shape, len(LEVELS)), np.nan),
            mean_size=np.full(shape, np.nan),
            cells=np.zeros(shape, dtype=np.int64),
            gaps=np.ones(shape),
            depth=LEVELS,
            copula=Copula.independent(n_columns),
        )

    @property
    def calibrated(self) -> bool:
        """Whether there were enough held-out cells to rely on."""
        return int(self.cells.sum()) >= CALIBRATED

    def sizes(self, cells: Cells, features: FloatArray) -> FloatArray:
        """Likely size (M,) of the errors of `cells` with these features (M, F), scaled units."""
        return self.model.size(features, cells.column)

    def bounds(self, cells: Cells, size: FloatArray, coverage: float) -> tuple[FloatArray, FloatArray]:
        """Lower and upper bound (M,) of the errors of `cells`, which hold with probability `coverage`, scaled units."""
        gaps = self.gaps[cells.column, cells.bucket]
        wary = gaps / (gaps + WARY_GAPS)
        upper = 1 - (1 - np.interp(coverage, LEVELS, self.depth)) / 2 * wary
        table = self._table(cells)
        return size * quantile(table, 1 - upper), size * quantile(table, upper)

    def error_quantiles(self, cells: Cells, size: FloatArray) -> FloatArray:
        """Quantiles (M, len(LEVELS)) of the errors of `cells`, scaled units."""
        return np.asarray(size[:, None] * self._table(cells))

    def expected(self, cells: Cells, size: FloatArray) -> FloatArray:
        """Expected absolute error (M,) of `cells`, scaled units."""
        return np.asarray(size * self.mean_size[cells.column, cells.bucket])

    def draw(self, rng: np.random.Generator, cells: Cells, size: FloatArray) -> FloatArray:
        """Random errors (M,) of `cells`, scaled units, correlated over time and columns as held-out errors were."""
        return np.asarray(size * quantile(self._table(cells), self.copula.draw(rng, cells)))

    def _table(self, cells: Cells) -> FloatArray:
        return np.asarray(self.quantiles[cells.column, cells.bucket])

    def state(self) -> dict[str, FloatArray]:
        """Everything as arrays, the inverse of `load`."""
        own = {name: getattr(self, name) for name in ("quantiles", "mean_size", "cells", "gaps", "depth")}
        dependence = {"persistence": self.copula.persistence, "together": self.copula.together}
        arrays = {name: np.asarray(value, float) for name, value in (own | dependence).items()}
        return arrays | {f"size.{name}": array for name, array in self.model.state().items()}

    @classmethod
    def load(cls, state: Mapping[str, FloatArray]) -> Calibration:
        """The calibration that `state` was taken from."""
        size = {name.removeprefix("size."): array for name, array in state.items() if name.startswith("size.")}
        return cls(
            model=SizeModel.load(size),
            quantiles=state["quantiles"],
            mean_size=state["mean_size"],
            cells=state["cells"].astype(np.int64),
            gaps=state["gaps"],
            depth=state["depth"],
            copula=Copula(float(state["persistence"]), state["together"]),
        )


def _count_cells(cells: Cells) -> IntArray:
    """Number of cells by column and gap length, (C, buckets)."""
    count = np.zeros((cells.n_columns, len(BUCKET_NAMES)), dtype=np.int64)
    np.add.at(count, (cells.column, cells.bucket), 1)
    return count


def _count_gaps(cells: Cells) -> FloatArray:
    """Number of gaps behind each group's quantiles, (C, buckets): its own, and a few of its column and gap length."""
    gaps = np.stack([cells.occasion, cells.column, cells.gap, cells.bucket])
    _, column, _, bucket = np.unique(gaps, axis=1)
    own = np.zeros((cells.n_columns, len(BUCKET_NAMES)))
    np.add.at(own, (column, bucket), 1.0)
    lent = np.minimum(own.sum(axis=1), LENT_GAPS)[:, None] + np.minimum(own.sum(axis=0), LENT_GAPS)
    return np.asarray(own + lent)


def _depth(depth: FloatArray) -> FloatArray:
    """Quantiles at `LEVELS` of the central coverage (M,) that just contains each cell; few cells change them little.

    Cells to learn from were estimated with more of the series hidden, so their errors are somewhat larger, and
    uncorrected intervals somewhat too wide.
    """
    if not len(depth):
        return LEVELS
    weight = len(depth) / (len(depth) + PRIOR_DEPTH_CELLS)
    return np.asarray(weight * np.quantile(depth, LEVELS) + (1 - weight) * LEVELS)
