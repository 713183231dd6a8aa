"""From a fitted model and a series to its filled cells."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from latentfill.clock import clock_features
from latentfill.embeddings.base import Embeddings
from latentfill.embeddings.encoder import Encoder
from latentfill.embeddings.stored import StoredEncoder
from latentfill.fitting import Fitted, Track, plan_of
from latentfill.gaps import BUCKET_NAMES, gap_lengths, interpolate, restore_observed
from latentfill.limits import bounds_of
from latentfill.nn.runtime import pick_device
from latentfill.result import Code, CodeArray, Filled
from latentfill.series import FloatArray, IntArray, Series
from latentfill.strategies.stack import kind_of
from latentfill.windows import window_starts


def fill_series(fitted: Fitted, series: Series, embeddings: Mapping[str, Embeddings] | None = None) -> Filled:
    """Fill the gaps of a series that has the columns of the fitted one.

    Rows that stored `embeddings` (by split) cover are filled from them, all others by the built-in encoder's path.
    Whatever no strategy reaches gets the fallback; a column about which nothing is known stays empty.
    """
    values = fitted.scaler.apply(series.values)
    values[:, ~fitted.known] = np.nan  # the networks only ever saw nothing there
    clock = clock_features(series, fitted.cycles)
    kinds = kind_of(values)
    estimate, codes, expected = _builtin(fitted, values, clock, kinds)
    for split, vectors in (embeddings or {}).items():
        track = fitted.stored[split]
        encoder = StoredEncoder(vectors, pick_device(fitted.config.device))
        starts = plan_of(vectors, track.setting.config.stride)
        own, own_codes = _estimate(track, encoder, values, clock, starts, kinds)
        reached = ~np.isnan(own)
        estimate, codes = np.where(reached, own, estimate), np.where(reached, own_codes, codes)
        expected = np.where(reached, _per_cell(track, kinds), expected)
    estimate[:, ~fitted.known] = np.nan
    low = np.fmin(fitted.scaler.low, np.fmin.reduce(series.values, axis=0))
    high = np.fmax(fitted.scaler.high, np.fmax.reduce(series.values, axis=0))
    in_units = within(fitted.scaler.invert(estimate), low, high, fitted.config.margin)
    if fitted.config.fallback == "linear":
        codes = np.where(np.isnan(in_units), Code.FALLBACK, codes)
        in_units = np.where(np.isnan(in_units), interpolate(series.values), in_units)
    in_units = np.clip(in_units, *bounds_of(fitted.config, fitted.columns))
    if fitted.config.max_gap is not None:
        in_units = np.where(gap_lengths(series.observed) > fitted.config.max_gap, np.nan, in_units)
    filled = restore_observed(in_units, series.values)
    codes = np.where(np.isnan(filled), Code.EMPTY, np.where(series.observed, Code.OBSERVED, codes))
    measured = ~np.isin(codes, (Code.OBSERVED, Code.FALLBACK, Code.EMPTY))
    expected = np.where(measured, expected, np.nan)
    return Filled(filled, codes.astype(np.int8), expected)


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


def _builtin(
    fitted: Fitted, values: FloatArray, clock: FloatArray, kinds: IntArray
) -> tuple[FloatArray, CodeArray, FloatArray]:
    """Estimate, codes and expected error of the built-in path, all (T, C); a series too short is padded with gaps."""
    length, stride = fitted.config.length, fitted.config.stride
    n_steps = len(values)
    short = max(0, length - n_steps)
    padded = np.pad(values, ((0, short), (0, 0)), constant_values=np.nan)
    clock = np.pad(clock, ((0, short), (0, 0)), mode="edge")
    starts = window_starts(len(padded), length, stride)
    padded_kinds = np.pad(kinds, ((0, short), (0, 0)))
    estimate, codes = _estimate(fitted.builtin, fitted.encoder, padded, clock, starts, padded_kinds)
    return estimate[:n_steps], codes[:n_steps], _per_cell(fitted.builtin, kinds)


def _estimate(
    track: Track, encoder: Encoder | None, values: FloatArray, clock: FloatArray, starts: IntArray, kinds: IntArray
) -> tuple[FloatArray, CodeArray]:
    """Stacked estimate of a track and the code of the candidate that counts most, both (T, C).

    NaN where what was asked for has nothing to say.
    """
    estimates = track.candidates.estimate(values, clock, starts, encoder)
    reached = track.candidates.reached(estimates, track.setting.config.strategy)
    stacked = np.where(reached, track.stack.apply(estimates, kinds), np.nan)
    weights = np.where(np.isnan(estimates), -1.0, track.stack.of_cells(kinds))
    return stacked, np.array(track.codes, dtype=np.int8)[weights.argmax(axis=0)]


def _per_cell(track: Track, kinds: IntArray) -> FloatArray:
    """Expected absolute error of each cell, (T, C), original units."""
    return track.expected[np.arange(kinds.shape[1]), kinds % len(BUCKET_NAMES)]
