"""The hidden cells that the trees are fitted to, and those reserved to see how far the trees are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from latentfill.core.seeds import SeedStream
from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.strategies.boosted.features import LEAST_SPREAD, Cells, FeatureSource
from latentfill.strategies.boosted.trees import Float32Array
from latentfill.strategies.protocols.correction import Example


@dataclass(frozen=True, slots=True, eq=False)
class TrainingCells:
    """M hidden cells: their features and the error of the base."""

    features: Float32Array  # (M, F)
    error: FloatArray  # (M,) true value minus the base, scaled units
    spread: FloatArray  # (M,) expected standard deviation of the error
    column: IntArray  # (M,)
    time: FloatArray  # (M,) position in the series from 0 to 1
    reserved: BoolArray  # (M,) whether the trees are not fitted to it

    @classmethod
    def draw(cls, examples: Sequence[Example], partners: IntArray, most: int, seed: int) -> TrainingCells:
        """At most about `most` hidden cells, drawn at random from all examples, the same number from each column."""
        rng = SeedStream.BOOSTED.generator(seed)
        parts = [_draw(example, partners, most // len(examples), rng) for example in examples]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__))

    def take(self, chosen: BoolArray | IntArray) -> TrainingCells:
        """The cells that are chosen."""
        return TrainingCells(*(getattr(self, name)[chosen] for name in self.__slots__))


def _draw(example: Example, partners: IntArray, most: int, rng: np.random.Generator) -> TrainingCells:
    first, truth = example.first, example.truth
    cells = _balanced(first.correctable & ~np.isnan(truth), most, rng)
    at = cells.window, cells.step, cells.column
    return TrainingCells(
        features=FeatureSource.of(first, partners).features(cells),
        error=truth[at] - first.estimate[at],
        spread=np.maximum(first.spread[at], LEAST_SPREAD),
        column=cells.column,
        time=example.time[cells.window],
        reserved=example.reserved[cells.window],
    )


def _balanced(hidden: BoolArray, most: int, rng: np.random.Generator) -> Cells:
    """At most about `most` of the `hidden` cells (N, L, C), with the same limit for each column."""
    window, step, column = np.nonzero(hidden)
    order = rng.permutation(len(column))
    order = order[np.argsort(column[order], kind="stable")]  # by column, at random within each
    count = np.bincount(column, minlength=hidden.shape[2])
    rank = np.arange(len(column)) - np.repeat(np.cumsum(count) - count, count)
    chosen = np.sort(order[rank < _limit(count, most)])
    return Cells(window[chosen], step[chosen], column[chosen])


def _limit(count: IntArray, most: int) -> int:
    """Cells per column so that all columns have at most `most`; columns with few cells leave theirs to others."""
    ascending = np.sort(count)
    left = most - np.cumsum(ascending) + ascending
    share = left // np.arange(len(count), 0, -1)
    too_many = np.flatnonzero(ascending > share)
    return int(share[too_many[0]]) if len(too_many) else int(ascending[-1])
