"""What may be learnt from: a scaled series, and the cells that are held out of it to judge by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from latentfill.core.config import Config
from latentfill.core.seeds import SeedStream
from latentfill.core.series import BoolArray, IntArray
from latentfill.nn.batches import own_patterns
from latentfill.windows.gaps import find_gaps
from latentfill.windows.hiding import hide_like_gaps, hide_mixture
from latentfill.windows.training_data import HeldOutWindows, TrainingData, reserve
from latentfill.windows.windows import ScaledSeries, covered, cut

STOP_WINDOWS = 192  # windows that early stopping looks at
TRUST_ROUNDS = 8  # times that cells are hidden to learn how far to trust each candidate
TRUST_RATE = 0.1  # share of the cells that each time hides, where nothing was learnt from


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutSeries:
    """A scaled series and the cells that are held out of it."""

    series: ScaledSeries  # held-out cells still there
    tuning: BoolArray  # (T, C) held out to settle kriging and the stack by
    score: BoolArray  # (T, C) held out for the error that is reported
    seed: int

    @property
    def visible(self) -> ScaledSeries:
        """The series with all held-out cells missing."""
        return self.series.without(self.tuning | self.score)

    def training_data(self, starts: IntArray, length: int) -> TrainingData:
        """What to train on, what to stop by, and what to settle the rest by, in windows at `starts`.

        Windows in which nothing is observed stay among those to train on: they teach nothing, but evenly spaced starts
        make views instead of copies.
        """
        visible, tuning = self.visible, self._tuning_windows(starts, length)
        windows = visible.cut(starts, length)
        train, check = reserve(starts, length, visible.n_steps)
        if not len(check):
            return TrainingData(visible, windows, train, tuning, tuning)
        rng = SeedStream.CHECKS.generator(self.seed)
        some = windows.take(check[:: -(-len(check) // STOP_WINDOWS)])
        hidden = hide_mixture(rng, some.observed, own_patterns(windows))
        held_out = HeldOutWindows.hiding(some, hidden)
        return TrainingData(visible, windows, train, held_out, tuning)

    def hidden_for_trust(self, starts: IntArray, length: int) -> Iterator[tuple[BoolArray, IntArray]]:
        """Cells (T, C) like the series' gaps, `TRUST_ROUNDS` times, and the windows that reach them.

        All lie where windows to check by do, so where nothing was learnt.
        """
        visible = self.visible
        _, check = reserve(starts, length, visible.n_steps)
        kept = covered(starts[check], length, visible.n_steps)
        before = np.concatenate([[0], np.cumsum(kept)])
        reaching = starts[before[starts + length] > before[starts]]
        rng = SeedStream.WEIGHING.generator(self.seed)
        for _ in range(TRUST_ROUNDS if len(reaching) else 0):
            yield hide_like_gaps(rng, visible.observed, TRUST_RATE) & kept[:, None], reaching

    def _tuning_windows(self, starts: IntArray, length: int) -> HeldOutWindows:
        """At most `STOP_WINDOWS` windows, evenly over the series, with the cells that are held out to stop by."""
        chosen = starts[:: -(-len(starts) // STOP_WINDOWS)]
        truth = np.where(self.tuning, self.series.values, np.nan)
        windows = self.visible.cut(chosen, length)
        return HeldOutWindows(windows, cut(truth, chosen, length))


def hold_out(series: ScaledSeries, config: Config) -> HeldOutSeries:
    """Hold cells out in the pattern of the series' own gaps; every run of them goes to one of the two uses."""
    rng = SeedStream.HOLDOUT.generator(config.seed)
    held = hide_like_gaps(rng, series.observed, config.holdout)
    runs = find_gaps(~held)
    tuning = np.zeros_like(held)
    for run in np.nonzero(rng.random(len(runs.start)) < 0.5)[0]:
        tuning[runs.start[run] : runs.start[run] + runs.length[run], runs.column[run]] = True
    return HeldOutSeries(series, tuning, held & ~tuning, config.seed)
