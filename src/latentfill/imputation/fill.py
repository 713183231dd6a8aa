"""From a fitted model and a series to its filled cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np

from latentfill.core.config import Config
from latentfill.core.seeds import SeedStream
from latentfill.core.series import BoolArray, FloatArray, Series
from latentfill.embeddings.protocols.record import Embeddings
from latentfill.embeddings.stored.lookup import StoredEncoder
from latentfill.imputation.bounds import bounds_of
from latentfill.imputation.ensemble import kind_of
from latentfill.imputation.fit import Fitted, FittedPath, plan_of
from latentfill.imputation.intervals import features_at
from latentfill.imputation.result import Code, Filled
from latentfill.nn.runtime import pick_device
from latentfill.strategies.candidates import SeriesContributions, SeriesEstimates
from latentfill.windows.cycles import clock_features
from latentfill.windows.gaps import BUCKET_NAMES, gap_lengths, interpolate, restore_observed
from latentfill.windows.windows import ScaledSeries, window_starts


@dataclass(frozen=True, slots=True, eq=False)
class PathEstimate:
    """What one track says of a series: everything (..., T, C), scaled units, NaN where it has nothing to say."""

    estimate: FloatArray
    code: FloatArray  # of the candidate that counts most
    expected: FloatArray  # mean absolute error
    below: FloatArray  # bounds of the interval, from the estimate
    above: FloatArray
    drawn: FloatArray  # (S, T, C) draws of the error

    def over(self, other: PathEstimate) -> PathEstimate:
        """This one where it has something to say, else the other."""
        reached = ~np.isnan(self.estimate)
        parts = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return PathEstimate(*(np.where(reached, own, rest) for own, rest in parts))


def fill_series(fitted: Fitted, series: Series, embeddings: Mapping[str, Embeddings] | None = None) -> Filled:
    """Fill the gaps of a series that has the columns of the fitted one.

    Rows that stored `embeddings` (by split) cover are filled from them, all others by the built-in encoder's path.
    Whatever no strategy reaches gets the fallback; a column about which nothing is known stays empty.
    """
    return fill_from(fitted, series, estimate_series(fitted, series, embeddings))


def estimate_series(
    fitted: Fitted, series: Series, embeddings: Mapping[str, Embeddings] | None = None
) -> dict[str, SeriesEstimates]:
    """What all candidates say of a series, scaled units: of the built-in path (""), and of stored `embeddings`."""
    scaled = _with_clock(fitted, series)
    found = {"": _builtin(fitted, scaled)}
    for split, vectors in (embeddings or {}).items():
        track = fitted.stored[split]
        encoder = StoredEncoder(vectors, pick_device(fitted.config.device))
        starts = plan_of(vectors, track.setting.config.stride)
        found[split] = track.candidates.estimate(scaled, starts, encoder)
    return found


def explain_series(fitted: Fitted, series: Series) -> SeriesContributions:
    """Which neighbours stand behind each missing cell, values in original units; the built-in path's alone."""
    length, stride = fitted.config.length, fitted.config.stride
    starts = window_starts(series.n_steps, length, stride)
    found = fitted.builtin.candidates.explain(_with_clock(fitted, series), starts, fitted.encoder)
    value = found.value * fitted.scaler.scale[found.column] + fitted.scaler.shift[found.column]
    return replace(found, value=value)


def fill_from(fitted: Fitted, series: Series, estimated: Mapping[str, SeriesEstimates]) -> Filled:
    """Fill the gaps of a series from what `estimate_series` says of it."""
    config, scaler = fitted.config, fitted.scaler
    values = _scaled(fitted, series)
    guess = _guess(fitted.builtin, estimated[""], values, config)
    for split, said in estimated.items():
        if split:
            guess = _guess(fitted.stored[split], said, values, config).over(guess)
    guess.estimate[:, ~fitted.known] = np.nan
    in_units = within(scaler.invert(guess.estimate), *_range(fitted, series), config.margin)
    codes = np.where(np.isnan(in_units), Code.EMPTY, guess.code)
    if config.fallback == "linear":
        codes = np.where(np.isnan(in_units), Code.FALLBACK, codes)
        in_units = np.where(np.isnan(in_units), interpolate(series.values), in_units)
    in_units = np.clip(in_units, *bounds_of(config, fitted.columns))
    if config.max_gap is not None:
        in_units = np.where(gap_lengths(series.observed) > config.max_gap, np.nan, in_units)
    filled = restore_observed(in_units, series.values)
    codes = np.where(np.isnan(filled), Code.EMPTY, np.where(series.observed, Code.OBSERVED, codes))
    measured = ~np.isin(codes, (Code.OBSERVED, Code.FALLBACK, Code.EMPTY))
    expected = np.where(measured, guess.expected * scaler.scale, np.nan)

    least, most = _ends(fitted, series)

    def around(offset: FloatArray) -> FloatArray:
        """The filled values moved by scaled offsets, as far as values may go; observed ones untouched."""
        return np.where(series.observed, series.values, np.clip(filled + offset * scaler.scale, least, most))

    bounded = config.intervals is not None
    return Filled(
        filled,
        codes.astype(np.int8),
        expected,
        lower=np.fmin(around(guess.below), filled) if bounded else None,
        upper=np.fmax(around(guess.above), filled) if bounded else None,
        samples=around(guess.drawn) if config.samples else None,
    )


def quantiles_at(
    fitted: Fitted, series: Series, estimated: Mapping[str, SeriesEstimates], filled: Filled, cells: BoolArray
) -> FloatArray:
    """Quantiles (M, len(LEVELS)) of what M missing `cells` (T, C) may be, original units, around what they got."""
    values = _scaled(fitted, series)
    column = np.nonzero(cells)[1]
    offsets = _offsets(fitted.builtin, estimated[""], values, cells)
    for split, said in estimated.items():
        if split:
            reached = _reached(fitted.stored[split], said)[cells]
            offsets = np.where(reached[:, None], _offsets(fitted.stored[split], said, values, cells), offsets)
    moved = filled.values[cells][:, None] + offsets * fitted.scaler.scale[column][:, None]
    least, most = _ends(fitted, series)
    return np.clip(moved, least[column][:, None], most[column][:, None])


def _offsets(track: FittedPath, estimated: SeriesEstimates, values: FloatArray, cells: BoolArray) -> FloatArray:
    """Quantiles (M, len(LEVELS)) of the errors of cells, scaled units."""
    column, bucket = np.nonzero(cells)[1], (kind_of(values) % len(BUCKET_NAMES))[cells]
    size = track.calibration.model.size(features_at(cells, values, estimated.values, estimated.spread), column)
    return np.asarray(size[:, None] * track.calibration.quantiles[column, bucket])


def _reached(track: FittedPath, estimated: SeriesEstimates) -> BoolArray:
    """Where what was asked for has something to say, (T, C)."""
    return track.candidates.has_estimate(~np.isnan(estimated.values), track.setting.config.strategy)


def _range(fitted: Fitted, series: Series) -> tuple[FloatArray, FloatArray]:
    """The least and largest values observed, by column, in the series fitted to and this one; NaN if there are none."""
    low = np.fmin(fitted.scaler.low, np.fmin.reduce(series.values, axis=0))
    return low, np.fmax(fitted.scaler.high, np.fmax.reduce(series.values, axis=0))


def _ends(fitted: Fitted, series: Series) -> tuple[FloatArray, FloatArray]:
    """How far intervals may reach, by column: to the limits asked for, and not across zero where nothing did."""
    least, most = bounds_of(fitted.config, fitted.columns)
    low, high = _range(fitted, series)
    return np.where(low >= 0, np.fmax(least, 0.0), least), np.where(high <= 0, np.fmin(most, 0.0), most)


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


def _scaled(fitted: Fitted, series: Series) -> FloatArray:
    """The series (T, C) as the networks see it: columns without a value to learn from stay empty."""
    values = fitted.scaler.apply(series.values)
    values[:, ~fitted.known] = np.nan
    return values


def _with_clock(fitted: Fitted, series: Series) -> ScaledSeries:
    return ScaledSeries(_scaled(fitted, series), clock_features(series, fitted.cycles))


def _builtin(fitted: Fitted, series: ScaledSeries) -> SeriesEstimates:
    """What the built-in path says; a series too short is padded with gaps."""
    length, stride = fitted.config.length, fitted.config.stride
    padded = series.padded_to(length)
    starts = window_starts(padded.n_steps, length, stride)
    found = fitted.builtin.candidates.estimate(padded, starts, fitted.encoder)
    return SeriesEstimates(found.values[:, : series.n_steps], found.spread[: series.n_steps])


def _guess(track: FittedPath, estimated: SeriesEstimates, values: FloatArray, config: Config) -> PathEstimate:
    """What a track says of a series, NaN where what was asked for has nothing to say."""
    calibration = track.calibration
    kinds = kind_of(values)
    estimates, missing = estimated.values, np.isnan(values)
    reached = _reached(track, estimated)
    weights = np.where(np.isnan(estimates), -1.0, track.stack.of_cells(kinds))
    column, bucket = np.nonzero(missing)[1], (kinds % len(BUCKET_NAMES))[missing]
    size = calibration.model.size(features_at(missing, values, estimates, estimated.spread), column)
    rng = SeedStream.SAMPLES.generator(config.seed)
    nothing = np.zeros_like(size)
    below, above = calibration.bounds(nothing, size, column, bucket, config.intervals or 0.9)
    draws = [calibration.draw(rng, nothing, size, missing, bucket) for _ in range(config.samples)]

    def whole(cells: FloatArray) -> FloatArray:
        found = np.full(values.shape, np.nan)
        found[missing] = cells
        return found

    return PathEstimate(
        estimate=np.where(reached, track.stack.apply(estimates, kinds), np.nan),
        code=np.array(track.codes, dtype=float)[weights.argmax(axis=0)],
        expected=whole(calibration.expected(size, column, bucket)),
        below=whole(below),
        above=whole(above),
        drawn=np.stack([whole(draw) for draw in draws]) if draws else np.empty((0, *values.shape)),
    )
