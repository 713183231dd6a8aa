"""The columns that are looked at beside each column: those with the most similar values and residuals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from latentfill.core.series import IntArray
from latentfill.strategies.column_correlation import correlations
from latentfill.strategies.protocols.correction import FirstStage

MOST_PARTNERS = 8


def find_partners(firsts: Sequence[FirstStage]) -> IntArray:
    """For each of C columns the most correlated other columns, (C, J), the most correlated first."""
    columns = firsts[0].values.shape[-1]
    values = np.concatenate([first.values.reshape(-1, columns) for first in firsts])
    residual = np.concatenate(
        [np.where(first.observed, first.residual, np.nan).reshape(-1, columns) for first in firsts]
    )
    alike = correlations(values) + correlations(residual)
    np.fill_diagonal(alike, -np.inf)
    order = np.argsort(-alike, axis=1, kind="stable")
    return order[:, : min(MOST_PARTNERS, columns - 1)]
