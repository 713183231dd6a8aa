"""Windows of a series in which cells are hidden, to learn corrections from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from latentfill.core.seeds import SeedStream
from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.windows.hiding import hide_mixture, together
from latentfill.windows.training_data import HeldOutWindows, TrainingData, gap_patterns, reserve
from latentfill.windows.windows import Windows

MOST_ROUNDS = 6
ENOUGH_CELLS = 75_000  # hidden in all rounds


@dataclass(frozen=True, slots=True, eq=False)
class HiddenRound:
    """N windows that do not overlap, with hidden cells."""

    windows: Windows  # the hidden cells are missing here
    truth: FloatArray  # (N, L, C) values of the hidden cells, NaN elsewhere
    reserved: BoolArray  # (N,) windows of the stretches that are reserved for early stopping

    @property
    def time(self) -> FloatArray:
        """Position of each window in the series (N,), from 0 to 1."""
        return np.asarray(self.windows.starts / self.windows.n_steps)


def hidden_rounds(data: TrainingData, seed: int) -> Iterator[HiddenRound]:
    """Rounds of windows with cells hidden in all patterns, until they have `ENOUGH_CELLS`.

    There is none if the series is too short to reserve windows.
    """
    windows, rng = data.windows, SeedStream.BOOSTED.generator(seed)
    train, reserved = reserve(windows.starts, windows.length, windows.n_steps)
    patterns, cells = gap_patterns(windows), 0
    for number in range(MOST_ROUNDS if len(reserved) else 0):
        first = number * windows.length // MOST_ROUNDS
        chosen = [_apart(part, windows.starts, windows.length, first) for part in (train, reserved)]
        of_round = windows.take(np.concatenate(chosen))
        mask = together(hide_mixture(rng, of_round.observed, patterns), of_round.tied)
        hidden = HeldOutWindows.hiding(of_round, mask)
        yield HiddenRound(hidden.windows, hidden.truth, np.repeat([False, True], list(map(len, chosen))))
        cells += int((~np.isnan(hidden.truth)).sum())
        if cells >= ENOUGH_CELLS:
            return


def _apart(index: IntArray, starts: IntArray, length: int, first: int) -> IntArray:
    """Those at `index` of the windows at `starts` that do not overlap, from step `first` on."""
    chosen, end = [], first
    for i in index.tolist():
        if starts[i] >= end:
            chosen.append(i)
            end = starts[i] + length
    return np.array(chosen, dtype=np.int64)
