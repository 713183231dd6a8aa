"""Everything that is learnt from one series: scaler, encoder, decoders, and how far to trust them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from latentfill.blend import blend, taper
from latentfill.clock import clock_features, find_cycles
from latentfill.config import Config
from latentfill.embeddings.base import Embeddings
from latentfill.embeddings.encoder import Encoder
from latentfill.embeddings.stored import StoredEncoder
from latentfill.embeddings.student import StudentEncoder
from latentfill.errors import InputError
from latentfill.gaps import BUCKET_NAMES, find_gaps, interpolate
from latentfill.hiding import hide_like_gaps, hide_mixture
from latentfill.nn.batches import own_patterns
from latentfill.nn.runtime import pick_device, seeded
from latentfill.nn.training import History, ProgressCallback
from latentfill.result import Code, HeldOutErrors
from latentfill.scaling import ColumnScaler
from latentfill.series import BoolArray, FloatArray, IntArray, Series
from latentfill.strategies.denoise import Denoise
from latentfill.strategies.kriging import Kriging
from latentfill.strategies.neighbours import Neighbours
from latentfill.strategies.stack import Stack, kind_of
from latentfill.windows import HeldOut, Material, covered, cut, cut_windows, reserve, window_starts

STOP_WINDOWS = 192  # windows that early stopping looks at
TRUST_ROUNDS = 8  # times that cells are hidden to learn how far to trust each candidate
TRUST_RATE = 0.1  # share of the cells that each time hides, where nothing was learnt from
FAR = 5.0  # a column whose mean lies further from the fitted one, in scaled units, is brought to it first
UNITS = {"standard": "standard deviations of each column", "minmax": "observed ranges of each column"}
CANDIDATES = ("linear", "kriging", "decoder")
ORACLE = "oracle: the stored embeddings may have seen the held-out values, so the true error may be larger"


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One fitted way of estimating a stretch of the series: a stack of linear interpolation, kriging and a decoder."""

    code: Code  # of cells in which the decoder counts most
    strategy: Denoise
    stack: Stack  # weights of the candidates, in the order of `CANDIDATES`
    expected: FloatArray  # (C, buckets) mean absolute error to expect, original units
    score: dict[str, object]  # error on held-out cells, JSON values
    history: dict[str, History]  # by part


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """All that filling needs."""

    config: Config
    columns: tuple[str, ...]
    known: BoolArray  # (C,), columns that had any value to learn from
    scaler: ColumnScaler
    cycles: tuple[float, ...]  # seconds where `stamped`, else steps
    stamped: bool  # whether the series had time stamps
    encoder: StudentEncoder
    builtin: Track
    stored: Mapping[str, Track]  # by split: decoders of stored embeddings
    shrunk_from: int | None = None  # the window length that was asked for, where the series was too short

    @property
    def notes(self) -> list[str]:
        """What a user should know about the fit, one sentence each."""
        notes = []
        if self.shrunk_from:
            notes.append(
                f"The series was too short for windows of {self.shrunk_from} steps; they were shrunk to "
                f"{self.config.length}."
            )
        if "linear_mse" not in self.builtin.score:
            notes.append("Too few cells were observed to hold any out, so the error to expect is not known.")
        return notes


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What a strategy may learn from: the scaled series, and the cells that are held out of it."""

    values: FloatArray  # (T, C) scaled, held-out cells still there
    clock: FloatArray  # (T, P)
    stop: BoolArray  # (T, C) held out to settle kriging and the stack by
    score: BoolArray  # (T, C) held out for the error that is reported

    @property
    def visible(self) -> FloatArray:
        """The values without anything held out, (T, C)."""
        return np.where(self.stop | self.score, np.nan, self.values)


def fit_series(
    series: Series,
    config: Config,
    *,
    embeddings: Mapping[str, Embeddings] | None = None,
    train_rows: int | None = None,
    progress: ProgressCallback | None = None,
) -> Fitted:
    """Fit everything to one series (T, C).

    `embeddings` are stored ones by split, which need not share a space: each split gets a decoder of its own.
    `train_rows` limits what the scaler sees to the first rows, as TimeKD's split plans do.
    """
    asked, config = config, shrink_to(config, series.n_steps)
    known = np.logical_or.reduce(series.observed, axis=0)
    if not known.any():
        raise InputError("no value column has a single observed cell, so there is nothing to learn from.")
    whole = ColumnScaler.fit(series.values, config.scaling)
    scaler = ColumnScaler.fit(series.values[:train_rows], config.scaling).where_flat(whole)
    cycles = find_cycles(series)
    lesson = hold_out(scaler.apply(series.values), clock_features(series, cycles), config)
    with seeded(config.seed):
        lessons = Lessons(lesson, config, scaler, progress)
        encoder, learnt = lessons.fit_encoder()
        builtin = lessons.fit_builtin(encoder, learnt)
        stored = {split: lessons.fit_stored(split, vectors) for split, vectors in (embeddings or {}).items()}
    return Fitted(
        config=config,
        columns=series.columns,
        known=known,
        scaler=scaler,
        cycles=cycles,
        stamped=series.time is not None,
        encoder=encoder,
        builtin=builtin,
        stored=stored,
        shrunk_from=asked.length if config.length < asked.length else None,
    )


def shrink_to(config: Config, n_steps: int) -> Config:
    """`config` with a window that fits at least twice into the series."""
    length = max(2, n_steps // 2)
    if length >= config.length:
        return config
    return replace(config, length=length, stride=min(config.stride, max(1, length // 4)))


def for_stored(config: Config) -> Config:
    """`config` with the windows that stored embeddings were made from."""
    return replace(config, length=config.seq_len, stride=min(config.stride, config.seq_len))


def hold_out(values: FloatArray, clock: FloatArray, config: Config) -> Lesson:
    """Hold cells out in the pattern of the series' own gaps; every run of them goes to one of the two uses."""
    rng = np.random.default_rng([config.seed, 1])
    held = hide_like_gaps(rng, ~np.isnan(values), config.holdout)
    runs = find_gaps(~held)
    stop = np.zeros_like(held)
    for run in np.nonzero(rng.random(len(runs.start)) < 0.5)[0]:
        stop[runs.start[run] : runs.start[run] + runs.length[run], runs.column[run]] = True
    return Lesson(values, clock, stop, held & ~stop)


def plan_of(embeddings: Embeddings, stride: int) -> IntArray:
    """Starts of every `stride`-th stored window, and of the last."""
    return embeddings.starts[window_starts(len(embeddings.starts), 1, stride)]


def estimate_series(
    strategy: Denoise, encoder: Encoder, values: FloatArray, clock: FloatArray, starts: IntArray
) -> FloatArray:
    """The candidates' estimates (3, T, C) of a scaled series; NaN where they say nothing.

    Kriging and the decoder see one window at a time and are blended where windows overlap; windows without anything
    observed take no part.
    """
    length = strategy.config.length
    away = _far_off(values)
    windows = cut_windows(values - away, clock, starts, length)
    windows = windows.take(np.nonzero(windows.observed.any(axis=(1, 2)))[0])
    of_windows = strategy.estimate(windows, encoder)
    blended = [blend(each, windows.starts, len(values), taper(length)) + away for each in of_windows]
    return np.stack([interpolate(values), *blended])


def _far_off(values: FloatArray) -> FloatArray:
    """Means of the columns of a scaled series (T, C) that lie beyond `FAR`: (C,), 0 for those that are like the fit."""
    mean = np.where(np.isnan(values), 0.0, values).sum(axis=0) / np.maximum((~np.isnan(values)).sum(axis=0), 1)
    away: FloatArray = np.where(np.abs(mean) > FAR, mean, 0.0)
    return away


class Lessons:
    """Fits encoders and decoders to one and the same lesson."""

    def __init__(
        self, lesson: Lesson, config: Config, scaler: ColumnScaler, progress: ProgressCallback | None = None
    ) -> None:
        self.lesson = lesson
        self.config = config
        self.scaler = scaler
        self.progress = progress
        self.visible = lesson.visible
        self.columns, self.phases = lesson.values.shape[1], lesson.clock.shape[1]
        self.device = pick_device(config.device)

    @property
    def every_start(self) -> IntArray:
        """First steps of all windows of the settings' length."""
        return np.arange(len(self.visible) - self.config.length + 1)

    def fit_encoder(self) -> tuple[StudentEncoder, History]:
        """The built-in encoder, trained on every window."""
        rng = np.random.default_rng([self.config.seed, 2])
        encoder = StudentEncoder(self.config, columns=self.columns, phases=self.phases, device=self.device)
        return encoder, encoder.fit(self._material(self.every_start, self.config.length), rng, self.progress)

    def fit_builtin(self, encoder: Encoder, learnt: History) -> Track:
        """A decoder of an encoder that can embed any window; `learnt` is how that was trained."""
        plan = window_starts(len(self.visible), self.config.length, self.config.stride)
        return self._fit_decoder(Code.DENOISE, self.config, encoder, self.every_start, plan, {"encoder": learnt})

    def fit_stored(self, split: str, embeddings: Embeddings) -> Track:
        """A decoder of the stored embeddings of one split."""
        config, encoder = for_stored(self.config), StoredEncoder(embeddings, self.device)
        plan = plan_of(embeddings, config.stride)
        return self._fit_decoder(Code.STORED, config, encoder, embeddings.starts, plan, {}, f"decoder of {split}")

    def _fit_decoder(
        self,
        code: Code,
        config: Config,
        encoder: Encoder,
        starts: IntArray,
        plan: IntArray,
        learnt: Mapping[str, History],
        stage: str = "decoder",
    ) -> Track:
        """Train on the windows at `starts`, judge on the blend of those at `plan`."""
        rng = np.random.default_rng([config.seed, 3])
        kriging = Kriging(config.length, self.columns, self.phases).to(self.device)
        kriging.fit(self.visible, self.lesson.clock, self._stop_windows(starts, config.length))
        material = self._material(starts, config.length)
        neighbours = Neighbours.of(material.windows, encoder, self.device)
        strategy = Denoise(config, encoder.shape, kriging, neighbours, phases=self.phases)
        history = strategy.fit(material, encoder, rng, self.progress, stage=stage)
        return self._judge(code, strategy, encoder, plan, {**learnt, "decoder": history})

    def _material(self, starts: IntArray, length: int) -> Material:
        """What to train on, and what to stop by.

        Windows in which nothing is observed stay among those to train on: they teach nothing, but evenly spaced starts
        make views instead of copies.
        """
        windows = cut_windows(self.visible, self.lesson.clock, starts, length)
        train, check = reserve(starts, length, len(self.visible))
        if not len(check):
            return Material(windows, train, self._stop_windows(starts, length))
        rng = np.random.default_rng([self.config.seed, 4])
        some = windows.take(check[:: -(-len(check) // STOP_WINDOWS)])
        hidden = hide_mixture(rng, some.observed, own_patterns(windows))
        return Material(windows, train, HeldOut(some.without(hidden), np.where(hidden, some.values, np.nan)))

    def _stop_windows(self, starts: IntArray, length: int) -> HeldOut:
        """At most `STOP_WINDOWS` windows, evenly over the series, with the cells that are held out to stop by."""
        chosen = starts[:: -(-len(starts) // STOP_WINDOWS)]
        truth = np.where(self.lesson.stop, self.lesson.values, np.nan)
        windows = cut_windows(self.visible, self.lesson.clock, chosen, length)
        return HeldOut(windows, cut(truth, chosen, length))

    def _judge(
        self, code: Code, strategy: Denoise, encoder: Encoder, starts: IntArray, history: dict[str, History]
    ) -> Track:
        """Learn how far to trust each candidate; measure the outcome on the score cells.

        Learnt from the stop cells, and from more that are hidden for it in the stretches that no network learnt from.
        """
        values, visible, clock = self.lesson.values, self.visible, self.lesson.clock
        estimates = estimate_series(strategy, encoder, visible, clock, starts)
        found = [errors_at(self.lesson.stop, estimates, values, visible)]
        for hidden, windows in self._hidden_for_trust(starts, strategy.config.length):
            less = np.where(hidden, np.nan, visible)
            found.append(errors_at(hidden, estimate_series(strategy, encoder, less, clock, windows), visible, less))
        errors, column, kind = (np.concatenate(part, axis=-1) for part in zip(*found, strict=True))
        stack = Stack.fit(errors, column, kind, values.shape[1])
        stacked = np.stack([stack.apply(estimates, kind_of(visible)), estimates[0]])
        (error, linear), column, kind = errors_at(self.lesson.score, stacked, values, visible)
        outcome = HeldOutErrors(column, kind % len(BUCKET_NAMES), error, linear)
        told = outcome.summary(UNITS[self.config.scaling]) | ({"label": ORACLE} if code == Code.STORED else {})
        return Track(code, strategy, stack, outcome.expected(self.scaler.scale), told, history)

    def _hidden_for_trust(self, starts: IntArray, length: int) -> Iterator[tuple[BoolArray, IntArray]]:
        """Cells (T, C) like the series' gaps, `TRUST_ROUNDS` times, and the windows that reach them.

        All lie where windows to check by do, so where nothing was learnt.
        """
        _, check = reserve(starts, length, len(self.visible))
        kept = covered(starts[check], length, len(self.visible))
        before = np.concatenate([[0], np.cumsum(kept)])
        reaching = starts[before[starts + length] > before[starts]]
        rng = np.random.default_rng([self.config.seed, 5])
        for _ in range(TRUST_ROUNDS if len(reaching) else 0):
            yield hide_like_gaps(rng, ~np.isnan(self.visible), TRUST_RATE) & kept[:, None], reaching


def errors_at(
    cells: BoolArray, estimates: FloatArray, truth: FloatArray, seen: FloatArray
) -> tuple[FloatArray, IntArray, IntArray]:
    """Errors (K, M) of K estimates (K, T, C) at those of the `cells` (T, C) that all reach, and the column and
    kind of gap (M,) of each in the series as it was `seen`."""
    at = np.nonzero(cells & ~np.isnan(estimates).any(axis=0))
    return (estimates - truth)[:, at[0], at[1]], at[1], kind_of(seen)[at]
