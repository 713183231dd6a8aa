"""Filling the gaps of a series with a fitted model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray, Series
from latentfill.embeddings.protocols.record import Embeddings
from latentfill.embeddings.stored.joined_splits import join_splits
from latentfill.embeddings.stored.lookup import StoredEncoder
from latentfill.imputation.filling.codes import Code, CodeArray
from latentfill.imputation.filling.error_draws import draw_scores
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
from latentfill.strategies.candidates import Estimates
from latentfill.windows.gaps import gap_lengths, interpolate
from latentfill.windows.restore import restore_observed
from latentfill.windows.windows import ScaledSeries, window_starts


@dataclass(frozen=True, slots=True, eq=False)
class EstimatedSeries:
    """A series with gaps, and the estimates of all candidates for it."""

    series: Series  # (T, C + K) with the columns and covariates that the model was fitted on
    scaled: ScaledSeries
    by_path: Mapping[str, Estimates]  # by path name, builtin first; later paths take precedence


def fill_series(fitted: Fitted, series: Series, embeddings: Mapping[str, Embeddings] | None = None) -> Filled:
    """Fill the gaps of a series that has the columns of the fitted one and, after them, its covariates.

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
    searched = join_splits(embeddings or {})
    for split, stored in (embeddings or {}).items():
        path = fitted.stored[split]
        encoder = StoredEncoder(searched or stored, fitted.config.device, fitted.config.stored.plan)
        starts = blend_starts(stored, path.spec.config.windows.stride)
        by_path[split] = path.candidates.estimate(scaled, starts, encoder)
    return EstimatedSeries(series, scaled, by_path)


def _estimate_builtin(fitted: Fitted, series: ScaledSeries) -> Estimates:
    """Estimates of the builtin path; a series shorter than a window is padded with gaps."""
    padded = series.padded_to(fitted.config.windows.length)
    starts = window_starts(padded.n_steps, fitted.config.windows.length, fitted.config.windows.stride)
    estimates = fitted.builtin.candidates.estimate(padded, starts, fitted.encoder)
    return estimates.of_steps(series.n_steps)


def fill_from(fitted: Fitted, estimated: EstimatedSeries) -> Filled:
    """Fill the gaps of a series from the estimates of the candidates; without its covariates, (T, C)."""
    series, output = estimated.series, fitted.config.output
    cells = Cells.at(~series.observed & fitted.targets, estimated.scaled.values)
    ranges, scale = ColumnRanges.of(fitted, series).at(cells.column), fitted.scaler.scale[cells.column]
    joined = _join_paths(fitted, estimated, cells)
    estimate, code = _estimate_cells(fitted, series, ranges, cells, joined)
    from_strategy = ~np.isin(code, (Code.FALLBACK, Code.EMPTY))

    def with_error(error: FloatArray) -> FloatArray:
        """The estimates (M,) plus errors (M,) in scaled units, clipped to the range of intervals."""
        return np.clip(estimate + error * scale, *ranges.interval_ends)

    def filled(values: FloatArray) -> FloatArray:
        """The series (T, C) with these values (M,) in its missing cells."""
        return restore_observed(cells.on_series(values), series.values)

    with_bounds = output.intervals is not None
    whole = Filled(
        values=filled(estimate),
        codes=_code_array(cells, code),
        expected=cells.on_series(np.where(from_strategy, joined.expected * scale, np.nan)),
        lower=filled(np.fmin(with_error(joined.below), estimate)) if with_bounds else None,
        upper=filled(np.fmax(with_error(joined.above), estimate)) if with_bounds else None,
        samples=_stacked(map(filled, map(with_error, joined.drawn)), output.samples, cells) if output.samples else None,
    )
    return whole.in_order(fitted.columns, fitted.all_columns)


def _join_paths(fitted: Fitted, estimated: EstimatedSeries, cells: Cells) -> PathEstimate:
    """The estimates of all paths joined: each cell is taken from the last path that has an estimate for it."""
    scores = draw_scores(fitted, estimated.scaled, cells)
    joined, *later = (
        estimate_path(
            fitted.paths[name], estimates, estimated.scaled.values, cells, fitted.config.output.intervals, scores
        )
        for name, estimates in estimated.by_path.items()
    )
    for path in later:
        joined = path.over(joined)
    return joined


def _estimate_cells(
    fitted: Fitted, series: Series, ranges: ColumnRanges, cells: Cells, path: PathEstimate
) -> tuple[FloatArray, IntArray]:
    """The estimates (M,) of missing cells in original units, clipped to all limits, and the codes (M,) of the cells.

    `ranges` are those of the column of each cell. An estimate is NaN in a cell that is left empty.
    """
    output, at = fitted.config.output, (cells.step, cells.column)
    scaled = np.where(fitted.known[cells.column], path.estimate, np.nan)
    estimate = ranges.limit_to_observed(fitted.scaler.invert_at(scaled, cells.column), output.margin)
    code, unfilled = path.code, np.isnan(estimate)
    if output.fallback == "linear" and unfilled.any():
        code = np.where(unfilled, Code.FALLBACK, code)
        estimate = np.where(unfilled, interpolate(series.values)[at], estimate)
    estimate = ranges.limit(estimate)
    if output.max_gap is not None:
        estimate = np.where(gap_lengths(series.observed)[at] > output.max_gap, np.nan, estimate)
    return estimate, np.where(np.isnan(estimate), Code.EMPTY, code)


def _stacked(arrays: Iterable[FloatArray], n_arrays: int, cells: Cells) -> FloatArray:
    """Arrays (T, C) as one array (n_arrays, T, C); only one of them is held at a time."""
    stacked = np.empty((n_arrays, *cells.shape))
    for part, array in zip(stacked, arrays, strict=True):
        part[:] = array
    return stacked


def _code_array(cells: Cells, code: IntArray) -> CodeArray:
    """The codes (T, C) of all cells, given the codes (M,) of the missing cells."""
    codes = np.full(cells.shape, Code.OBSERVED, dtype=np.int8)
    codes[cells.step, cells.column] = code
    return codes


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
