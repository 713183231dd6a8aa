"""Cells that are held out of a series: kept from training, and used to choose, weight and score the candidates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from latentfill.core.config import Config
from latentfill.core.seeds import SeedStream
from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.windows.gaps import find_gaps
from latentfill.windows.hiding import hide_like_gaps, hide_mixture, together
from latentfill.windows.training_data import HeldOutWindows, TrainingData, gap_patterns, is_too_short, reserve
from latentfill.windows.windows import ScaledSeries, Windows, covered, cut, tied_among

MOST_WINDOWS = 192  # most windows with held-out cells, for early stopping and for tuning
MOST_ROUNDS = 8  # rounds of hiding cells to fit the candidates' weights
ROUND_RATE = 0.1  # share of the observed cells that each round hides
FOR_NETWORKS = 0.1  # share of the cells that decide when the training of networks stops, if no windows are reserved
ENOUGH_CELLS = 4000  # hidden in all rounds


@dataclass(frozen=True, eq=False)
class HeldOutSeries:
    """A scaled series with two disjoint sets of held-out cells."""

    series: ScaledSeries  # held-out cells included
    tuning: BoolArray  # (T, C) held out to fit kriging, the weights of the candidates and their intervals
    score: BoolArray  # (T, C) held out for the reported error, and to correct the coverage of intervals
    seed: int
    own_steps: int | None = None  # the first steps, in which cells are held out; None for all
    targets: BoolArray | None = None  # (C,) columns in which cells are held out; None for all

    @cached_property
    def visible(self) -> ScaledSeries:
        """The series with all held-out cells missing."""
        return self.series.without(self.tuning | self.score)

    def followed_by(self, other: ScaledSeries, between: int) -> HeldOutSeries:
        """This series, some empty steps, and another series of which no cell is held out."""
        more = (between + other.n_steps, self.series.values.shape[1])
        values = np.concatenate([self.series.values, np.full((between, more[1]), np.nan), other.values])
        clock = np.concatenate([self.series.clock, np.repeat(self.series.clock[-1:], between, axis=0), other.clock])
        tuning, score = (np.concatenate([held, np.zeros(more, dtype=bool)]) for held in (self.tuning, self.score))
        series = replace(self.series, values=values, clock=clock, position=None)  # a donor's time is another one
        return HeldOutSeries(series, tuning, score, self.seed, self.series.n_steps)

    def part(self, steps: slice, columns: IntArray) -> HeldOutSeries:
        """The same for a part of the series."""
        whole = self.series
        position = None if whole.position is None else whole.position[steps]
        tied = tied_among(whole.tied, columns)
        series = ScaledSeries(whole.values[steps, columns], whole.clock[steps], tied=tied, position=position)
        targets = None if self.targets is None else self.targets[columns]
        tuning, score = self.tuning[steps, columns], self.score[steps, columns]
        return HeldOutSeries(series, tuning, score, self.seed, targets=targets)

    def training_data(self, starts: IntArray, length: int) -> TrainingData:
        """The windows at `starts` for training, early stopping and tuning.

        If the series is too short to reserve windows for early stopping, the tuning cells serve for it. Windows without
        an observed cell are kept: they do not affect the loss, and evenly spaced windows can be views, not copies.
        """
        windows = self.visible.cut(starts, length)
        train, check = reserve(starts, length, self.visible.n_steps)
        make_tuning = partial(self._tuning_windows, starts, length)
        make_check = partial(self._check_windows, windows, check) if len(check) else make_tuning
        return TrainingData(self.visible, self._tuning_truth, windows, train, make_check, make_tuning)

    def rounds(self, starts: IntArray, length: int, *, trained: bool) -> Iterator[tuple[BoolArray, IntArray]]:
        """Yield masks (T, C) of cells to hide, in the pattern of the series' own gaps, and the starts of their windows.

        With networks or trees that were `trained`, all hidden cells lie in the stretches reserved for early stopping,
        outside of which they were trained. Other strategies learn so few numbers from so many cells that cells anywhere
        serve. There are rounds until `ENOUGH_CELLS` are hidden, but at most `MOST_ROUNDS`.
        """
        allowed = np.ones(self.visible.n_steps, dtype=bool)
        if trained:
            _, check = reserve(starts, length, self.visible.n_steps)
            allowed = covered(starts[check], length, self.visible.n_steps)
            before = np.concatenate([[0], np.cumsum(allowed)])
            starts = starts[before[starts + length] > before[starts]]
        rng, cells, number = SeedStream.WEIGHING.generator(self.seed), 0, 0
        while allowed.any() and cells < ENOUGH_CELLS and number < MOST_ROUNDS:
            hidden = _hide_in(rng, self.visible, ROUND_RATE, self.targets) & allowed[:, None]
            yield hidden, starts
            cells, number = cells + int(hidden.sum()), number + 1

    def _check_windows(self, windows: Windows, check: IntArray) -> HeldOutWindows:
        """At most `MOST_WINDOWS` of the reserved windows at the indices `check`, in which cells are hidden."""
        reserved = windows.take(evenly(check, MOST_WINDOWS))
        rng = SeedStream.CHECKS.generator(self.seed)
        hidden = together(hide_mixture(rng, reserved.observed, gap_patterns(windows)), reserved.tied)
        return HeldOutWindows.hiding(reserved, hidden if self.targets is None else hidden & self.targets)

    def _tuning_windows(self, starts: IntArray, length: int) -> HeldOutWindows:
        """At most `MOST_WINDOWS` windows, evenly over the series, with the tuning cells as truth."""
        chosen = evenly(starts[starts < (self.own_steps or self.series.n_steps)], MOST_WINDOWS)
        return HeldOutWindows(self.visible.cut(chosen, length), cut(self._tuning_truth, chosen, length))

    @property
    def _tuning_truth(self) -> FloatArray:
        """Values (T, C) of the tuning cells, NaN elsewhere."""
        return np.where(self.tuning, self.series.values, np.nan)


def hold_out(
    series: ScaledSeries, config: Config, *, for_networks: bool = False, targets: BoolArray | None = None
) -> HeldOutSeries:
    """Hold out cells in the pattern of the series' own gaps; each run becomes tuning or score cells at random.

    A series that is too short to reserve windows `for_networks` gets more tuning cells, a share of `FOR_NETWORKS`. With
    `targets` (C,), cells are held out in these columns alone, and are the same whatever other columns there are.
    """
    rng = SeedStream.HOLDOUT.generator(config.seed)
    held = _hide_in(rng, series, config.training.holdout, targets)
    runs = find_gaps(~held)
    tuning = np.zeros_like(held)
    for run in np.nonzero(rng.random(len(runs.start)) < 0.5)[0]:
        tuning[runs.start[run] : runs.start[run] + runs.length[run], runs.column[run]] = True
    tuning = together(tuning, series.tied)
    score = held & ~tuning
    if for_networks and is_too_short(config.windows.length, series.n_steps):
        tuning |= _hide_in(rng, series.without(held), FOR_NETWORKS, targets)
    return HeldOutSeries(series, tuning, score, config.seed, targets=targets)


def _hide_in(rng: np.random.Generator, series: ScaledSeries, rate: float, targets: BoolArray | None) -> BoolArray:
    """Cells (T, C) to hide as `hide_like_gaps` does, in the columns `targets` (C,) alone; None for all."""
    observed, chosen = series.observed, np.ones(series.values.shape[1], dtype=bool) if targets is None else targets
    if series.tied is not None:
        chosen = chosen & (series.tied == np.arange(len(chosen)))
    if chosen.all():
        return hide_like_gaps(rng, observed, rate, padding=series.padding)
    hidden = np.zeros_like(observed)
    hidden[:, chosen] = hide_like_gaps(rng, observed[:, chosen], rate, padding=series.padding)
    return together(hidden, series.tied)


def evenly(items: IntArray, most: int) -> IntArray:
    """At most `most` of the items, evenly spaced."""
    return items[:: -(-len(items) // most)]
