"""The hidden cells that the trees are fitted to, and those reserved to see how far the trees are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from latentfill.core.seeds import SeedStream
from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.strategies.boosted.features import LEAST_SPREAD, Cells, FeatureSource
from latentfill.strategies.boosted.first_stage import FirstStage
from latentfill.strategies.boosted.trees import Float32Array

BLOCKS = 8  # blocks of time; a part of each is reserved
RESERVED = (0.42, 0.58)  # part of each block that is reserved
MARGIN = 0.04  # part of each block, on either side of the reserved one, that is left out


@dataclass(frozen=True, slots=True, eq=False)
class TrainingCells:
    """M hidden cells: their features and the error of the base."""

    features: Float32Array  # (M, F)
    error: FloatArray  # (M,) true value minus the base, scaled units
    spread: FloatArray  # (M,) expected standard deviation of the error
    column: IntArray  # (M,)
    time: FloatArray  # (M,) position in the series from 0 to 1

    @classmethod
    def draw(
        cls, examples: Sequence[tuple[FirstStage, FloatArray]], partners: IntArray, most: int, seed: int
    ) -> TrainingCells:
        """At most about `most` hidden cells, drawn at random from all examples, the same number from each column."""
        rng = SeedStream.BOOSTED.generator(seed)
        parts = [_draw(first, truth, partners, most // len(examples), rng) for first, truth in examples]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__))

    @property
    def reserved(self) -> BoolArray:
        """Cells of the reserved blocks of time, (M,)."""
        return self._within(0.0)

    @property
    def fitting(self) -> BoolArray:
        """Cells to fit trees to: those at some distance from the reserved blocks, (M,)."""
        return ~self._within(MARGIN)

    def take(self, chosen: BoolArray | IntArray) -> TrainingCells:
        """The cells that are chosen."""
        return TrainingCells(*(getattr(self, name)[chosen] for name in self.__slots__))

    def _within(self, margin: float) -> BoolArray:
        phase = self.time * BLOCKS % 1.0
        return (phase > RESERVED[0] - margin) & (phase < RESERVED[1] + margin)


def _draw(
    first: FirstStage, truth: FloatArray, partners: IntArray, most: int, rng: np.random.Generator
) -> TrainingCells:
    first, truth = first.as_windows(), truth.reshape(-1, *truth.shape[-2:])
    cells = _balanced(first.correctable & ~np.isnan(truth), most, rng)
    at = cells.window, cells.step, cells.column
    windows, length, _ = truth.shape
    return TrainingCells(
        features=FeatureSource.of(first, partners).features(cells),
        error=truth[at] - first.estimate[at],
        spread=np.maximum(first.spread[at], LEAST_SPREAD),
        column=cells.column,
        time=(cells.window + cells.step / length) / windows,
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
