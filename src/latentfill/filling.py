"""From a fitted model and a series to its filled cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from latentfill.clock import clock_features
from latentfill.embeddings.base import Embeddings
from latentfill.embeddings.encoder import Encoder
from latentfill.embeddings.stored import StoredEncoder
from latentfill.fitting import Fitted, Track, plan_of
from latentfill.gaps import BUCKET_NAMES, gap_lengths, interpolate, restore_observed
from latentfill.intervals import features_at
from latentfill.limits import bounds_of
from latentfill.nn.runtime import pick_device
from latentfill.result import Code, Filled
from latentfill.series import FloatArray, IntArray, Series
from latentfill.strategies.stack import kind_of
from latentfill.windows import window_starts


@dataclass(frozen=True, slots=True, eq=False)
class Guess:
    """What one track says of a series: everything (..., T, C), scaled units, NaN where it has nothing to say."""

    estimate: FloatArray
    code: FloatArray  # of the candidate that counts most
    expected: FloatArray  # mean absolute error
    below: FloatArray  # bounds of the interval, from the estimate
    above: FloatArray
    drawn: FloatArray  # (S, T, C) draws of the error

    def over(self, other: Guess) -> Guess:
        """This one where it has something to say, else the other."""
        reached = ~np.isnan(self.estimate)
        parts = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return Guess(*(np.where(reached, own, rest) for own, rest in parts))


def fill_series(fitted: Fitted, series: Series, embeddings: Mapping[str, Embeddings] | None = None) -> Filled:
    """Fill the gaps of a series that has the columns of the fitted one.

    Rows that stored `embeddings` (by split) cover are filled from them, all others by the built-in encoder's path.
    Whatever no strategy reaches gets the fallback; a column about which nothing is known stays empty.
    """
    config, scaler = fitted.config, fitted.scaler
    values = scaler.apply(series.values)
    values[:, ~fitted.known] = np.nan  # the networks only ever saw nothing there
    clock = clock_features(series, fitted.cycles)
    guess = _builtin(fitted, values, clock)
    for split, vectors in (embeddings or {}).items():
        track = fitted.stored[split]
        encoder = StoredEncoder(vectors, pick_device(config.device))
        guess = _guess(track, encoder, values, clock, plan_of(vectors, track.setting.config.stride)).over(guess)
    guess.estimate[:, ~fitted.known] = np.nan
    low = np.fmin(scaler.low, np.fmin.reduce(series.values, axis=0))
    high = np.fmax(scaler.high, np.fmax.reduce(series.values, axis=0))
    in_units = within(scaler.invert(guess.estimate), low, high, config.margin)
    codes = np.where(np.isnan(in_units), Code.EMPTY, guess.code)
    if config.fallback == "linear":
        codes = np.where(np.isnan(in_units), Code.FALLBACK, codes)
        in_units = np.where(np.isnan(in_units), interpolate(series.values), in_units)
    least, most = bounds_of(config, fitted.columns)
    in_units = np.clip(in_units, least, most)
    if config.max_gap is not None:
        in_units = np.where(gap_lengths(series.observed) > config.max_gap, np.nan, in_units)
    filled = restore_observed(in_units, series.values)
    codes = np.where(np.isnan(filled), Code.EMPTY, np.where(series.observed, Code.OBSERVED, codes))
    measured = ~np.isin(codes, (Code.OBSERVED, Code.FALLBACK, Code.EMPTY))
    expected = np.where(measured, guess.expected * scaler.scale, np.nan)

    def around(offset: FloatArray) -> FloatArray:
        """The filled values moved by scaled offsets, as far as values may go; observed ones untouched."""
        least_of = np.where(low >= 0, np.fmax(least, 0.0), least)
        most_of = np.where(high <= 0, np.fmin(most, 0.0), most)
        moved = np.clip(filled + offset * scaler.scale, least_of, most_of)
        return np.where(series.observed, series.values, moved)

    bounded = config.intervals is not None
    return Filled(
        filled,
        codes.astype(np.int8),
        expected,
        lower=np.fmin(around(guess.below), filled) if bounded else None,
        upper=np.fmax(around(guess.above), filled) if bounded else None,
        samples=around(guess.drawn) if config.samples else None,
    )


def within(estimate: FloatArray, low: FloatArray, high: FloatArray, margin: float | None) -> FloatArray:
    """Estimates held to the observed range of their column, widened by `margin` of it; None does nothing.

    `low` and `high` are (C,), of the series fitted to and the series filled, NaN where nothing was observed. A column
    that is nowhere negative (or nowhere positive) stays so.
    """
    if margin is None:
        return estimate
    reach = margin * (high - low)
    lowest = np.where(low >= 0, np.maximum(low - reach, 0.0), low - reach)
    highest = np.where(high <= 0, np.minimum(high + reach, 0.0), high + reach)
    return np.clip(estimate, np.nan_to_num(lowest, nan=-np.inf), np.nan_to_num(highest, nan=np.inf))


def _builtin(fitted: Fitted, values: FloatArray, clock: FloatArray) -> Guess:
    """What the built-in path says; a series too short is padded with gaps."""
    length, stride = fitted.config.length, fitted.config.stride
    short = max(0, length - len(values))
    padded = np.pad(values, ((0, short), (0, 0)), constant_values=np.nan)
    clock = np.pad(clock, ((0, short), (0, 0)), mode="edge")
    guess = _guess(fitted.builtin, fitted.encoder, padded, clock, window_starts(len(padded), length, stride))
    return Guess(*(getattr(guess, f.name)[..., : len(values), :] for f in fields(guess)))


def _guess(track: Track, encoder: Encoder | None, values: FloatArray, clock: FloatArray, starts: IntArray) -> Guess:
    """What a track says of a series, NaN where what was asked for has nothing to say."""
    config, calibration = track.setting.config, track.calibration
    kinds = kind_of(values)
    estimated = track.candidates.estimate(values, clock, starts, encoder)
    estimates, missing = estimated.values, np.isnan(values)
    reached = track.candidates.reached(estimates, config.strategy)
    weights = np.where(np.isnan(estimates), -1.0, track.stack.of_cells(kinds))
    column, bucket = np.nonzero(missing)[1], (kinds % len(BUCKET_NAMES))[missing]
    size = calibration.model.size(features_at(missing, values, estimates, estimated.spread), column)
    rng = np.random.default_rng([config.seed, 6])
    nothing = np.zeros_like(size)
    below, above = calibration.bounds(nothing, size, column, bucket, config.intervals or 0.9)
    draws = [calibration.draw(rng, nothing, size, missing, bucket) for _ in range(config.samples)]

    def whole(cells: FloatArray) -> FloatArray:
        found = np.full(values.shape, np.nan)
        found[missing] = cells
        return found

    return Guess(
        estimate=np.where(reached, track.stack.apply(estimates, kinds), np.nan),
        code=np.array(track.codes, dtype=float)[weights.argmax(axis=0)],
        expected=whole(calibration.expected(size, column, bucket)),
        below=whole(below),
        above=whole(above),
        drawn=np.stack([whole(draw) for draw in draws]) if draws else np.empty((0, *values.shape)),
    )
