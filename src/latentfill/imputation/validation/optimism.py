"""Optimism: how much smaller a candidate's errors are on cells that it was fitted to than on cells that it never saw.

Errors on seen cells are cheap, as nothing is refitted, but they favour candidates that learn many numbers. The ratio of
both errors tells by how much (Efron 1986, "How biased is the apparent error rate of a prediction rule?").
"""

from __future__ import annotations

import numpy as np

from latentfill.core.series import BoolArray, FloatArray
from latentfill.imputation.validation.cells import Cells

PRIOR_CELLS = 100.0  # prior unseen cells without optimism, and prior cells of a column with the mean error of all
TINY = 1e-12


def without_optimism(errors: FloatArray, cells: Cells, unseen: BoolArray) -> FloatArray:
    """The errors (K, M) of K candidates on M cells, enlarged where a cell was not `unseen` (M,) in the fit.

    The first candidate, which learns nothing, is the yardstick: it says how difficult the seen and the unseen cells of
    a column are. No error is made smaller.
    """
    if unseen.all() or not unseen.any():
        return errors
    factor = np.sqrt(np.maximum(_ratios(errors, cells, unseen), 1.0))
    return np.asarray(np.where(unseen, errors, factor[:, None] * errors))


def _ratios(errors: FloatArray, cells: Cells, unseen: BoolArray) -> FloatArray:
    """Squared error on unseen cells over that on seen cells, (K,), both relative to the first candidate's."""
    first = errors[0] ** 2
    count, total = (np.bincount(cells.column, each, minlength=cells.n_columns) for each in (None, first))
    # of a column with few cells, in which the first candidate may have no error at all, little is known
    of_column = (total + PRIOR_CELLS * first.mean()) / (count + PRIOR_CELLS)
    squares = errors**2 / np.maximum(of_column, TINY)[cells.column]
    on_unseen, on_seen = (_relative(squares[:, part]) for part in (unseen, ~unseen))
    cells_unseen = float(unseen.sum())
    expected = (cells_unseen * on_unseen + PRIOR_CELLS * on_seen) / (cells_unseen + PRIOR_CELLS)
    return np.asarray(expected / np.maximum(on_seen, TINY))


def _relative(squares: FloatArray) -> FloatArray:
    """Sums of squared errors (K,) over that of the first candidate."""
    total = squares.sum(axis=1)
    return np.asarray(total / max(float(total[0]), TINY))
