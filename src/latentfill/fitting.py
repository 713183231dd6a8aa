"""Everything that is learnt from one series: scaler, encoder, decoders, and how far to trust them."""

from __future__ import annotations

from collections.abc import Mapping
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
from latentfill.gaps import bucket_of, find_gaps, gap_lengths, interpolate
from latentfill.hiding import hide_like_gaps
from latentfill.nn.runtime import pick_device, seeded
from latentfill.nn.training import History, ProgressCallback
from latentfill.result import Code, HeldOutErrors
from latentfill.scaling import ColumnScaler
from latentfill.series import BoolArray, FloatArray, IntArray, Series
from latentfill.strategies.denoise import Denoise
from latentfill.strategies.safety import Trust
from latentfill.windows import HeldOut, Windows, cut, cut_windows, window_starts

STOP_WINDOWS = 192  # windows that early stopping looks at
UNITS = {"standard": "standard deviations of each column", "minmax": "observed ranges of each column"}
ORACLE = "oracle: the stored embeddings may have seen the held-out values, so the true error may be larger"


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One fitted way of estimating a stretch of the series."""

    code: Code
    strategy: Denoise
    trust: Trust
    expected: FloatArray  # (C, buckets) mean absolute error to expect, original units
    score: dict[str, object]  # error on held-out cells, JSON values
    history: dict[str, History]


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
    stop: BoolArray  # (T, C) held out for early stopping and trust
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
        lessons = _Lessons(lesson, config, scaler, progress)
        encoder, builtin = lessons.fit_builtin()
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
    """Blended estimates (T, C) of a scaled series; NaN where no window with anything observed reaches."""
    length = strategy.config.length
    windows = cut_windows(values, clock, starts, length)
    windows = windows.take(np.nonzero(windows.observed.any(axis=(1, 2)))[0])
    return blend(strategy.estimate(windows, encoder), windows.starts, len(values), taper(length))


class _Lessons:
    """Fits one strategy after the other to the same lesson."""

    def __init__(self, lesson: Lesson, config: Config, scaler: ColumnScaler, progress: ProgressCallback | None) -> None:
        self.lesson = lesson
        self.config = config
        self.scaler = scaler
        self.progress = progress
        self.visible = lesson.visible
        self.device = pick_device(config.device)

    @property
    def sizes(self) -> dict[str, int]:
        return {"columns": self.lesson.values.shape[1], "phases": self.lesson.clock.shape[1]}

    def fit_builtin(self) -> tuple[StudentEncoder, Track]:
        config = self.config
        rng = np.random.default_rng([config.seed, 2])
        windows, held_out = self._windows(np.arange(len(self.visible) - config.length + 1), config.length)
        encoder = StudentEncoder(config, device=self.device, **self.sizes)
        learnt = encoder.fit(windows, held_out, rng, self.progress)
        strategy = Denoise(config, encoder.shape, device=self.device, **self.sizes)
        history = strategy.fit(windows, encoder, held_out, rng, self.progress)
        plan = window_starts(len(self.visible), config.length, config.stride)
        return encoder, self._judge(Code.DENOISE, strategy, encoder, plan, {"encoder": learnt, "decoder": history})

    def fit_stored(self, split: str, embeddings: Embeddings) -> Track:
        config = for_stored(self.config)
        rng = np.random.default_rng([config.seed, 3])
        windows, held_out = self._windows(embeddings.starts, config.length)
        encoder = StoredEncoder(embeddings, self.device)
        strategy = Denoise(config, encoder.shape, device=self.device, **self.sizes)
        history = strategy.fit(windows, encoder, held_out, rng, self.progress, stage=f"decoder of {split}")
        plan = plan_of(embeddings, config.stride)
        return self._judge(Code.STORED, strategy, encoder, plan, {"decoder": history})

    def _windows(self, starts: IntArray, length: int) -> tuple[Windows, HeldOut]:
        """What to train on, and what to stop by: at most `STOP_WINDOWS` windows, evenly over the series.

        Windows in which nothing is observed stay among those to train on: they teach nothing, but evenly spaced starts
        make views instead of copies.
        """
        chosen = starts[:: -(-len(starts) // STOP_WINDOWS)]
        clock = self.lesson.clock
        truth = np.where(self.lesson.stop, self.lesson.values, np.nan)
        held_out = HeldOut(cut_windows(self.visible, clock, chosen, length), cut(truth, chosen, length))
        return cut_windows(self.visible, clock, starts, length), held_out

    def _judge(
        self, code: Code, strategy: Denoise, encoder: Encoder, starts: IntArray, history: dict[str, History]
    ) -> Track:
        """Learn on the stop cells how far to trust a fitted strategy; measure the outcome on the score cells."""
        values, visible = self.lesson.values, self.visible
        estimate = estimate_series(strategy, encoder, visible, self.lesson.clock, starts)
        line, lengths = interpolate(visible), gap_lengths(~np.isnan(visible))
        judged = ~np.isnan(estimate) & ~np.isnan(line)
        stop, score = (np.nonzero(cells & judged) for cells in (self.lesson.stop, self.lesson.score))
        buckets = bucket_of(lengths[stop])
        trust = Trust.fit(estimate[stop], line[stop], values[stop], stop[1], buckets, values.shape[1])
        error = (trust.apply(estimate, line, lengths) - values)[score]
        errors = HeldOutErrors(score[1], bucket_of(lengths[score]), error, (line - values)[score])
        told = errors.summary(UNITS[self.config.scaling]) | ({"label": ORACLE} if code == Code.STORED else {})
        return Track(code, strategy, trust, errors.expected(self.scaler.scale), told, history)
