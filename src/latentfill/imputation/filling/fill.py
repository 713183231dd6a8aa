"""Filling the gaps of a series with a fitted model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray, Series
from latentfill.embeddings.protocols.record import Embeddings
from latentfill.embeddings.stored.lookup import StoredEncoder
from latentfill.imputation.filling.codes import Code
from latentfill.imputation.filling.filled import Filled
from latentfill.imputation.filling.path_estimate import PathEstimate, error_quantiles, estimate_path, filled_by
from latentfill.imputation.filling.ranges import ColumnRanges
from latentfill.imputation.fitting.fitted import BUILTIN, Fitted
from latentfill.imputation.fitting.stored_windows import blend_starts
from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.quantiles import LEVELS
from latentfill.nn.runtime import pick_device
from latentfill.strategies.candidates import SeriesEstimates
from latentfill.windows.gaps import gap_lengths, interpolate, restore_observed
from latentfill.windows.windows import ScaledSeries, window_starts


@dataclass(frozen=True, slots=True, eq=False)
class EstimatedSeries:
    """A series with gaps, and the estimates of all candidates for it."""

    series: Series  # with the columns of the fitted one
    scaled: ScaledSeries
    by_path: Mapping[str, SeriesEstimates]  # the builtin path first; later ones take precedence


def fill_series(fitted: Fitted, series: Series, embeddings: Mapping[str, Embeddings] | None = None) -> Filled:
    """Fill the gaps of a series that has the columns of the fitted one.

    Rows that stored `embeddings` (by split) cover are filled from them, all others by the builtin path. Cells that no
    strategy has an estimate for get the fallback; a column about which nothing is known stays empty.
    """
    return fill_from(fitted, estimate_series(fitted, series, embeddings))


def estimate_series(
    fitted: Fitted, series: Series, embeddings: Mapping[str, Embeddings] | None = None
) -> EstimatedSeries:
    """Estimates of all candidates for a series: of the builtin path, and of each split of the stored `embeddings`."""
    scaled = fitted.scaled(series)
    by_path = {BUILTIN: _estimate_builtin(fitted, scaled)}
    for split, vectors in (embeddings or {}).items():
        path = fitted.stored[split]
        encoder = StoredEncoder(vectors, pick_device(fitted.config.device))
        starts = blend_starts(vectors, path.spec.config.windows.stride)
        by_path[split] = path.candidates.estimate(scaled, starts, encoder)
    return EstimatedSeries(series, scaled, by_path)


def _estimate_builtin(fitted: Fitted, series: ScaledSeries) -> SeriesEstimates:
    """Estimates of the builtin path; a series shorter than a window is padded with gaps."""
    padded = series.padded_to(fitted.config.windows.length)
    starts = window_starts(padded.n_steps, fitted.config.windows.length, fitted.config.windows.stride)
    found = fitted.builtin.candidates.estimate(padded, starts, fitted.encoder)
    return SeriesEstimates(found.values[:, : series.n_steps], found.spread[: series.n_steps])


def fill_from(fitted: Fitted, estimated: EstimatedSeries) -> Filled:
    """Fill the gaps of a series from the estimates of the candidates."""
    series = estimated.series
    cells = Cells.at(~series.observed, estimated.scaled.values)
    ranges = ColumnRanges.of(fitted, series)
    path = _join_paths(fitted, estimated, cells)
    filled, codes = _fill_values(fitted, series, ranges, cells, path)
    from_strategy = ~np.isin(codes, (Code.OBSERVED, Code.FALLBACK, Code.EMPTY))
    lowest, highest = ranges.interval_ends

    def moved(error: FloatArray) -> FloatArray:
        """The filled values plus errors (..., M), as far as intervals may reach; observed values as they are."""
        bounded = np.clip(filled + cells.on_series(error) * fitted.scaler.scale, lowest, highest)
        return np.where(series.observed, series.values, bounded)

    with_bounds = fitted.config.output.intervals is not None
    return Filled(
        values=filled,
        codes=codes.astype(np.int8),
        expected=np.where(from_strategy, cells.on_series(path.expected) * fitted.scaler.scale, np.nan),
        lower=np.fmin(moved(path.below), filled) if with_bounds else None,
        upper=np.fmax(moved(path.above), filled) if with_bounds else None,
        samples=moved(path.drawn) if fitted.config.output.samples else None,
    )


def _join_paths(fitted: Fitted, estimated: EstimatedSeries, cells: Cells) -> PathEstimate:
    """For each cell, what the last of the paths that can fill it estimates."""
    joined, *others = (
        estimate_path(fitted.paths[name], estimates, estimated.scaled.values, cells, fitted.config)
        for name, estimates in estimated.by_path.items()
    )
    for path in others:
        joined = path.over(joined)
    return joined


def _fill_values(
    fitted: Fitted, series: Series, ranges: ColumnRanges, cells: Cells, path: PathEstimate
) -> tuple[FloatArray, IntArray]:
    """The filled values (T, C), original units, within all limits, and the code of each cell."""
    config = fitted.config
    scaled = cells.on_series(path.estimate)
    scaled[:, ~fitted.known] = np.nan
    estimate = ranges.limit_to_observed(fitted.scaler.invert(scaled), config.output.margin)
    codes = np.full(series.values.shape, int(Code.OBSERVED))
    codes[cells.step, cells.column] = path.code
    if config.output.fallback == "linear":
        codes = np.where(np.isnan(estimate), Code.FALLBACK, codes)
        estimate = np.where(np.isnan(estimate), interpolate(series.values), estimate)
    estimate = ranges.limit(estimate)
    if config.output.max_gap is not None:
        estimate = np.where(gap_lengths(series.observed) > config.output.max_gap, np.nan, estimate)
    filled = restore_observed(estimate, series.values)
    codes = np.where(np.isnan(filled), Code.EMPTY, np.where(series.observed, Code.OBSERVED, codes))
    return filled, codes


def quantiles_at(fitted: Fitted, estimated: EstimatedSeries, filled: Filled, hidden: BoolArray) -> FloatArray:
    """Quantiles (M, len(LEVELS)) of the true values of M missing cells, original units, around their filled values.

    `hidden` (T, C) tells which of the missing cells.
    """
    values = estimated.scaled.values
    cells = Cells.at(hidden, values)
    errors = np.full((len(cells), len(LEVELS)), np.nan)
    for name, estimates in estimated.by_path.items():
        path = fitted.paths[name]
        own = error_quantiles(path, estimates, values, cells)
        reached = filled_by(path, estimates.values[:, cells.step, cells.column])[:, None]
        errors = own if name == BUILTIN else np.where(reached, own, errors)
    moved = filled.values[hidden][:, None] + errors * fitted.scaler.scale[cells.column][:, None]
    lowest, highest = (end[cells.column][:, None] for end in ColumnRanges.of(fitted, estimated.series).interval_ends)
    return np.clip(moved, lowest, highest)
