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
from latentfill.imputation.filling.path_estimate import (
    PathEstimate,
    error_quantiles,
    estimate_path,
    strategy_estimates,
)
from latentfill.imputation.filling.ranges import ColumnRanges
from latentfill.imputation.fitting.fitted import BUILTIN, Fitted
from latentfill.imputation.fitting.stored_windows import blend_starts
from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.quantiles import LEVELS
from latentfill.strategies.candidates import SeriesEstimates
from latentfill.windows.gaps import gap_lengths, interpolate
from latentfill.windows.restore import restore_observed
from latentfill.windows.windows import ScaledSeries, window_starts


@dataclass(frozen=True, slots=True, eq=False)
class EstimatedSeries:
    """A series with gaps, and the estimates of all candidates for it."""

    series: Series  # with the columns that the model was fitted on
    scaled: ScaledSeries
    by_path: Mapping[str, SeriesEstimates]  # by path name, builtin first; later paths take precedence


def fill_series(fitted: Fitted, series: Series, embeddings: Mapping[str, Embeddings] | None = None) -> Filled:
    """Fill the gaps of a series that has the columns of the fitted one.

    Rows covered by the stored `embeddings` (by split) are filled from these, all other rows by the builtin path. A cell
    without an estimate gets the fallback; a column without any observed value stays empty.
    """
    return fill_from(fitted, estimate_series(fitted, series, embeddings))


def estimate_series(
    fitted: Fitted, series: Series, embeddings: Mapping[str, Embeddings] | None = None
) -> EstimatedSeries:
    """Estimates of all candidates for a series: on the builtin path, and on each split of stored `embeddings`."""
    scaled = fitted.scaled(series)
    by_path = {BUILTIN: _estimate_builtin(fitted, scaled)}
    for split, stored in (embeddings or {}).items():
        path = fitted.stored[split]
        encoder = StoredEncoder(stored, fitted.config.device)
        starts = blend_starts(stored, path.spec.config.windows.stride)
        by_path[split] = path.candidates.estimate(scaled, starts, encoder)
    return EstimatedSeries(series, scaled, by_path)


def _estimate_builtin(fitted: Fitted, series: ScaledSeries) -> SeriesEstimates:
    """Estimates of the builtin path; a series shorter than a window is padded with gaps."""
    padded = series.padded_to(fitted.config.windows.length)
    starts = window_starts(padded.n_steps, fitted.config.windows.length, fitted.config.windows.stride)
    estimates = fitted.builtin.candidates.estimate(padded, starts, fitted.encoder)
    return SeriesEstimates(estimates.values[:, : series.n_steps], estimates.spread[: series.n_steps])


def fill_from(fitted: Fitted, estimated: EstimatedSeries) -> Filled:
    """Fill the gaps of a series from the estimates of the candidates."""
    series = estimated.series
    cells = Cells.at(~series.observed, estimated.scaled.values)
    ranges = ColumnRanges.of(fitted, series)
    joined = _join_paths(fitted, estimated, cells)
    filled, codes = _fill_values(fitted, series, ranges, cells, joined)
    from_strategy = ~np.isin(codes, (Code.OBSERVED, Code.FALLBACK, Code.EMPTY))
    lowest, highest = ranges.interval_ends

    def with_error(error: FloatArray) -> FloatArray:
        """The filled values plus errors (..., M), clipped to the range of intervals; observed values unchanged."""
        clipped = np.clip(filled + cells.on_series(error) * fitted.scaler.scale, lowest, highest)
        return np.where(series.observed, series.values, clipped)

    with_bounds = fitted.config.output.intervals is not None
    return Filled(
        values=filled,
        codes=codes.astype(np.int8),
        expected=np.where(from_strategy, cells.on_series(joined.expected) * fitted.scaler.scale, np.nan),
        lower=np.fmin(with_error(joined.below), filled) if with_bounds else None,
        upper=np.fmax(with_error(joined.above), filled) if with_bounds else None,
        samples=with_error(joined.drawn) if fitted.config.output.samples else None,
    )


def _join_paths(fitted: Fitted, estimated: EstimatedSeries, cells: Cells) -> PathEstimate:
    """The estimates of all paths joined: each cell is taken from the last path that has an estimate for it."""
    joined, *later = (
        estimate_path(fitted.paths[name], estimates, estimated.scaled.values, cells, fitted.config)
        for name, estimates in estimated.by_path.items()
    )
    for path in later:
        joined = path.over(joined)
    return joined


def _fill_values(
    fitted: Fitted, series: Series, ranges: ColumnRanges, cells: Cells, path: PathEstimate
) -> tuple[FloatArray, IntArray]:
    """The filled values (T, C) in original units, clipped to all limits, and the code (T, C) of each cell."""
    config = fitted.config
    scaled = cells.on_series(path.estimate)
    scaled[:, ~fitted.known] = np.nan
    estimate = ranges.limit_to_observed(fitted.scaler.invert(scaled), config.output.margin)
    codes = np.full(series.values.shape, int(Code.OBSERVED))
    codes[cells.step, cells.column] = path.code
    unfilled = np.isnan(estimate) & ~series.observed
    if config.output.fallback == "linear" and unfilled.any():
        codes = np.where(unfilled, Code.FALLBACK, codes)
        estimate = np.where(unfilled, interpolate(series.values), estimate)
    estimate = ranges.limit(estimate)
    if config.output.max_gap is not None:
        estimate = np.where(gap_lengths(series.observed) > config.output.max_gap, np.nan, estimate)
    filled = restore_observed(estimate, series.values)
    codes = np.where(np.isnan(filled), Code.EMPTY, np.where(series.observed, Code.OBSERVED, codes))
    return filled, codes


def quantiles_at(fitted: Fitted, estimated: EstimatedSeries, filled: Filled, hidden: BoolArray) -> FloatArray:
    """Predicted quantiles (M, len(LEVELS)) of the true values of the M `hidden` cells (T, C), in original units.

    A quantile is the filled value plus an error quantile of the path that filled the cell.
    """
    values = estimated.scaled.values
    cells = Cells.at(hidden, values)
    errors = np.full((len(cells), len(LEVELS)), np.nan)
    for name, estimates in estimated.by_path.items():
        path = fitted.paths[name]
        path_errors = error_quantiles(path, estimates, values, cells)
        has_estimate = strategy_estimates(path, estimates.values[:, cells.step, cells.column])[:, None]
        errors = path_errors if name == BUILTIN else np.where(has_estimate, path_errors, errors)
    quantiles = filled.values[hidden][:, None] + errors * fitted.scaler.scale[cells.column][:, None]
    lowest, highest = (end[cells.column][:, None] for end in ColumnRanges.of(fitted, estimated.series).interval_ends)
    return np.clip(quantiles, lowest, highest)
