"""How far each reading is from what the readings around it and the other columns say."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from latentfill.core.series import BoolArray, FloatArray
from latentfill.windows.column_blocks import square_blocks

FARTHEST = 8.0  # spreads; larger distances are clipped while the columns are compared
PARTNERS = 5  # other columns that a column is compared with
RIDGE = 0.01
EXPLAINED = 0.3  # of a distance; if no more is left, the other columns move too
BLOCK = 48  # steps over which the usual distance is measured


def unexplained(distance: FloatArray) -> FloatArray:
    """The distances (T, C) in spreads of their column, without what those of the most related columns explain."""
    z = distance / spread(distance)
    if distance.shape[1] == 1:
        return z
    known = np.clip(np.nan_to_num(z), -FARTHEST, FARTHEST)
    left = np.empty_like(z)
    for c, related in relations(known):
        partners = np.argsort(-related)[: min(PARTNERS, z.shape[1] - 1)]
        beside = known[:, partners]
        own, shared = (beside.T @ each / max(1, len(known)) for each in (beside, known[:, c]))
        slope = np.linalg.solve(own + RIDGE * np.eye(len(partners)), shared)
        left[:, c] = z[:, c] - np.nan_to_num(z[:, partners]) @ slope
    return left


def relations(known: FloatArray) -> Iterator[tuple[int, FloatArray]]:
    """For each column of distances (T, C) how closely the others follow it, (C,) from 0 to 1, and -1 for itself."""
    size = np.sqrt(np.maximum((known**2).sum(axis=0), 1e-12))
    for columns in square_blocks(known.shape[1]):
        related = np.abs(known[:, columns].T @ known) / size / size[columns, None]
        for c, row in enumerate(related, columns.start):
            row[c] = -1.0
            yield c, row


def are_explained(distance: FloatArray, left: FloatArray) -> BoolArray:
    """Where the other columns explain most of a distance (T, C), of which so much is `left`."""
    return np.asarray(np.abs(left) < EXPLAINED * np.abs(distance / spread(distance)))


def in_local_spreads(values: FloatArray) -> FloatArray:
    """Absolute values (T, C) in units of their median size in the block of steps around, at least the column's own."""
    size = np.abs(values)
    usual = np.maximum(np.nanmedian(size, axis=0), 1e-12)
    return np.asarray(size / np.fmax(_block_medians(size), usual))


def _block_medians(values: FloatArray) -> FloatArray:
    """For each value (T, C) the median of the known ones in its block of steps, NaN if there are none."""
    n_steps, n_columns = values.shape
    n_blocks = max(1, n_steps // BLOCK)
    block = np.arange(n_steps) * n_blocks // n_steps
    place = np.arange(n_steps) - np.searchsorted(block, block)
    blocks = np.full((n_blocks, place.max(initial=0) + 1, n_columns), np.nan)
    blocks[block, place] = values
    blocks.sort(axis=1)  # NaN last
    count = (~np.isnan(blocks)).sum(axis=1, keepdims=True)
    middle = [np.take_along_axis(blocks, np.maximum(0, (count + shift) // 2), axis=1) for shift in (-1, 0)]
    middle[1] = np.where(count == 0, np.nan, middle[1])
    return np.asarray(np.mean(middle, axis=0)[block, 0])


def spread(values: FloatArray) -> FloatArray:
    """Robust standard deviation (C,) of each column around zero; that of the upper tenth where most values are zero."""
    size = np.abs(values)
    with np.errstate(invalid="ignore"):
        median = 1.4826 * np.nan_to_num(np.nanmedian(size, axis=0)) if len(size) else np.zeros(values.shape[1])
        ninth = np.nan_to_num(np.nanquantile(size, 0.9, axis=0)) / 1.645
    scale = np.where(median > 0, median, ninth)
    return np.where(scale > 0, scale, 1.0)


def is_judged(values: FloatArray, fewest: int, fewest_values: int) -> BoolArray:
    """Columns (C,) with enough readings, and enough different ones, to tell what is usual."""
    return np.array(
        [
            (~np.isnan(column)).sum() >= fewest and len(np.unique(column[~np.isnan(column)])) >= fewest_values
            for column in values.T
        ]
    )
