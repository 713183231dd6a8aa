"""Filling the gaps of a series with a fitted model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from latentfill.core.column_order import in_order
from latentfill.core.series import BoolArray, FloatArray, IntArray, Series
from latentfill.embeddings.protocols.record import Embeddings
from latentfill.embeddings.stored.joined_splits import join_splits
from latentfill.embeddings.stored.lookup import StoredEncoder
from latentfill.imputation.doubt.trusted import trusted as without_wrong
from latentfill.imputation.filling.codes import Code, CodeArray
from latentfill.imputation.filling.error_draws import draw_scores
from latentfill.imputation.filling.filled import Filled, Weights
from latentfill.imputation.filling.path_estimate import (
    USUAL_COVERAGE,
    PathEstimate,
    error_quantiles,
    estimate_path,
    strategy_estimates,
)
from latentfill.imputation.fitting.bounds import bounds_of, check_kinds
from latentfill.imputation.fitting.fitted import BUILTIN, Fitted
from latentfill.imputation.fitting.stored_windows import blend_starts
from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.column_units import ColumnCells
from latentfill.imputation.validation.quantiles import LEVELS
from latentfill.kinds.columns import ColumnKinds
from latentfill.kinds.kind import CellErrors, CellValues, Limits, Readings, StepTimes
from latentfill.strategies.candidates import Estimates
from latentfill.windows.cycles import steps_per_cycle
from latentfill.windows.gaps import gap_lengths, interpolate, nearest_observed
from latentfill.windows.restore import restore_observed
from latentfill.windows.windows import ScaledSeries, column_of, window_starts, with_a_gap


@dataclass(frozen=True, slots=True, eq=False)
class EstimatedSeries:
    """A series with gaps, and the estimates of all candidates for its working columns."""

    series: Series  # (T, C + K) with the columns and covariates that the model was fitted on
    trusted: Series  # without the readings that are probably wrong
    scaled: ScaledSeries  # (T, W) of the trusted readings
    by_path: Mapping[str, Estimates]  # by path name, builtin first; later paths take precedence


@dataclass(frozen=True, slots=True, eq=False)
class _Missing:
    """The missing cells of a series: of its working columns, and of the columns of the table."""

    working: Cells  # N
    of_columns: ColumnCells  # M

    @classmethod
    def of(cls, fitted: Fitted, estimated: EstimatedSeries, missing: BoolArray) -> _Missing:
        """The `missing` cells (T, C + K) of a series, or more of its working columns."""
        kinds, scaled = fitted.kinds, estimated.scaled
        mask = missing if kinds.are_plain else np.isnan(scaled.values) & fitted.targets[kinds.column_of]
        working = Cells.at(mask, scaled.values)
        return cls(working, ColumnCells.of(working, missing, kinds))


def fill_series(
    fitted: Fitted,
    series: Series,
    embeddings: Mapping[str, Embeddings] | None = None,
    trusted: Series | None = None,
    *,
    compare: bool = False,
) -> Filled:
    """Fill the gaps of a series that has the columns of the fitted one, in any order, and after them its covariates.

    Rows covered by the stored `embeddings` (by split) are filled from these, all other rows by the builtin path. A cell
    without an estimate gets the fallback; a column without any observed value stays empty. With `compare`, the record
    also has what each candidate alone would have filled. `trusted` is the series without the readings that are probably
    wrong, where they have been found before.
    """
    own = in_order(series, fitted.all_columns)
    trusted = None if trusted is None else in_order(trusted, fitted.all_columns)
    filled = fill_from(fitted, estimate_series(fitted, own, embeddings, trusted), compare=compare)
    return filled.in_order(series.columns[: len(fitted.columns)], fitted.columns)


def estimate_series(
    fitted: Fitted,
    series: Series,
    embeddings: Mapping[str, Embeddings] | None = None,
    trusted: Series | None = None,
) -> EstimatedSeries:
    """Estimates of all candidates for a series, on the builtin path and on each split of stored `embeddings`.

    The series has the columns of the fitted one in its order. `trusted` is the series without the readings that are
    probably wrong, where they have been found before.
    """
    own = without_wrong(series) if trusted is None else trusted
    scaled = fitted.scaled(own)
    by_path = {BUILTIN: _estimate_builtin(fitted, scaled)}
    searched = join_splits(embeddings or {})
    for split, stored in (embeddings or {}).items():
        path = fitted.stored[split]
        encoder = StoredEncoder(searched or stored, fitted.config.device, fitted.config.stored.plan)
        starts = blend_starts(stored, path.spec.config.windows.stride)
        by_path[split] = path.candidates.estimate(scaled, starts, encoder)
    return EstimatedSeries(series, own, scaled, by_path)


def _estimate_builtin(fitted: Fitted, series: ScaledSeries) -> Estimates:
    """Estimates of the builtin path, from windows with a gap; a series shorter than a window is padded with gaps."""
    padded = series.padded_to(fitted.config.windows.length)
    length = fitted.config.windows.length
    starts = window_starts(padded.n_steps, length, fitted.config.windows.stride)
    starts = with_a_gap(starts, length, padded.observed)
    estimates = fitted.builtin.candidates.estimate(padded, starts, fitted.encoder)
    return estimates.of_steps(series.n_steps)


def fill_from(fitted: Fitted, estimated: EstimatedSeries, *, compare: bool = False) -> Filled:
    """Fill the gaps of a series from the estimates of the candidates; without its covariates, (T, C)."""
    series, output = estimated.series, fitted.config.output
    check_kinds(fitted.config, fitted.columns, fitted.kinds)
    missing = _Missing.of(fitted, estimated, ~series.observed & fitted.targets)
    cells, path = missing.of_columns.cells, _join_paths(fitted, estimated, missing)
    values = _values(fitted, estimated, missing, path)
    if output.max_gap is not None:
        values = values.without(gap_lengths(series.observed)[cells.step, cells.column] > output.max_gap)
    is_blend = path.present & fitted.known[cells.column] & ~np.isnan(values.value)
    code = np.where(is_blend, path.blends.code[path.blends.number], Code.FALLBACK)
    code = np.where(np.isnan(values.value), Code.EMPTY, code)
    expected = np.where(is_blend, values.expected, np.nan)

    def filled(of_cells: FloatArray) -> FloatArray:
        """The series (..., T, C) with these values (..., M) in its missing cells."""
        return restore_observed(cells.on_series(of_cells), series.values)

    with_bounds = output.intervals is not None
    whole = Filled(
        values=filled(values.value),
        codes=_code_array(cells, code),
        weights=Weights.of(cells, path.blends, is_blend),
        expected=cells.on_series(expected),
        lower=filled(values.lower) if with_bounds else None,
        upper=filled(values.upper) if with_bounds else None,
        samples=filled(values.samples) if output.samples else None,
        candidates=_by_candidate(fitted, estimated, missing, path) if compare else None,
    )
    return whole.in_order(fitted.columns, fitted.all_columns)


def _join_paths(fitted: Fitted, estimated: EstimatedSeries, missing: _Missing) -> PathEstimate:
    """The estimates of all paths joined: each cell is taken from the last path that has an estimate for it."""
    working, of_columns = missing.working, missing.of_columns
    scores = draw_scores(fitted, estimated.scaled, working.take(of_columns.lead))
    coverage = fitted.config.output.intervals or USUAL_COVERAGE
    joined, *later = (
        estimate_path(fitted.paths[name], estimates, estimated.scaled.values, working, of_columns, coverage, scores)
        for name, estimates in estimated.by_path.items()
    )
    for path in later:
        joined = path.over(joined)
    return joined


def _by_candidate(
    fitted: Fitted, estimated: EstimatedSeries, missing: _Missing, path: PathEstimate
) -> dict[str, FloatArray]:
    """What each candidate alone would have filled: values (T, C) in the missing cells where it has an estimate."""
    working, of_columns = missing.working, missing.of_columns
    estimates: dict[str, FloatArray] = {}
    for of_path, found in estimated.by_path.items():
        at_cells = found.values[:, working.step, working.column]
        for name, estimate in zip(fitted.paths[of_path].candidates.names, at_cells, strict=True):
            earlier = estimates.get(name, np.nan)
            estimates[name] = np.where(np.isnan(estimate), earlier, estimate)
    values = {}
    for name, estimate in estimates.items():
        alone = _values(fitted, estimated, missing, replace(path, estimate=estimate)).value
        present = ~np.isnan(estimate)[of_columns.lead]
        values[name] = of_columns.cells.on_series(np.where(present, alone, np.nan))
    return values


def _values(fitted: Fitted, estimated: EstimatedSeries, missing: _Missing, path: PathEstimate) -> CellValues:
    """The values of the missing cells of the table: of each column those that its kind makes of the estimates."""
    working, cells = _filled_working(fitted, estimated.trusted, missing.working, path), missing.of_columns.cells
    values, learnt = CellValues.nothing(len(cells), len(path.drawn)), _learnt_kinds(fitted, estimated)
    unit = np.where(fitted.errors_known, fitted.error_scale, np.nan)
    for c, at, readings in _readings(fitted, estimated, cells):
        kind, errors = learnt.kinds[c], _errors_at(fitted, path, at, unit[c])
        of_column = kind.fill_within(working[:, fitted.kinds.working(c)], errors, readings)
        if fitted.config.output.fallback == "linear":
            of_column = replace(of_column, value=_held(of_column.value, readings))
        values.put(at, of_column)
    return values


def _held(value: FloatArray, readings: Readings) -> FloatArray:
    """Values (M,), and in cells without one the reading before them, or after them if there is none before."""
    if not np.isnan(value).any():
        return value
    sides = nearest_observed(readings.values[:, None])
    held = np.where(np.isnan(sides.before), sides.after, sides.before)[readings.step, 0]
    return np.where(np.isnan(value), held, value)


def _filled_working(fitted: Fitted, series: Series, cells: Cells, path: PathEstimate) -> FloatArray:
    """The working columns (T, W), not scaled, with estimates in their missing cells; NaN where there is none."""
    values = fitted.kinds.encode(series).values
    known = fitted.known[fitted.kinds.column_of]
    estimate = fitted.scaler.invert_at(np.where(known[cells.column], path.estimate, np.nan), cells.column)
    if fitted.config.output.fallback == "linear" and np.isnan(estimate).any():
        line = interpolate(values, column_of(series.position))
        estimate = np.where(np.isnan(estimate), line[cells.step, cells.column], estimate)
    return np.where(np.isnan(values), cells.on_series(estimate), values)


def _readings(fitted: Fitted, estimated: EstimatedSeries, cells: Cells) -> Iterator[tuple[int, IntArray, Readings]]:
    """The columns with missing `cells`, each with the indices of its cells, its readings, and the limits given."""
    minimum, maximum = bounds_of(fitted.config, fitted.columns)
    cycle, margin = steps_per_cycle(estimated.scaled.clock), fitted.config.output.margin
    times = StepTimes.of(estimated.series)
    order = np.argsort(cells.column, kind="stable")
    columns, first = np.unique(cells.column[order], return_index=True)
    for c, at in zip(columns.tolist(), np.split(order, first[1:]), strict=False):  # one empty part without any
        limits = Limits(float(minimum[c]), float(maximum[c]), margin)
        yield c, at, Readings(estimated.trusted.values[:, c], times, cells.step[at], limits, cycle)


def _errors_at(fitted: Fitted, path: PathEstimate, at: IntArray, scale: float) -> CellErrors:
    """The likely errors of the cells at indices `at` of one column, whose unit of errors is `scale`."""
    return CellErrors(
        expected=path.expected[at] * scale,
        below=path.below[at] * scale,
        above=path.above[at] * scale,
        drawn=path.drawn[:, at] * scale,
        scores=path.scores[:, at],
        coverage=fitted.config.output.intervals or USUAL_COVERAGE,
    )


def _learnt_kinds(fitted: Fitted, estimated: EstimatedSeries) -> ColumnKinds:
    """The kinds with what was learnt about the estimates of the path that takes precedence."""
    return fitted.paths[list(estimated.by_path)[-1]].validated.kinds


def _code_array(cells: Cells, code: IntArray) -> CodeArray:
    """The codes (T, C) of all cells, given the codes (M,) of the missing cells."""
    codes = np.full(cells.shape, Code.OBSERVED, dtype=np.int8)
    codes[cells.step, cells.column] = code
    return codes


def error_quantiles_at(fitted: Fitted, estimated: EstimatedSeries, filled: Filled, hidden: BoolArray) -> FloatArray:
    """Predicted quantiles (M, len(LEVELS)) of the errors, truth minus estimate, of the M `hidden` cells (T, C).

    They are those of the path that filled the cell, in units of the table, limited so that the values are possible; 0
    in columns of classes.
    """
    missing = _Missing.of(fitted, estimated, hidden & fitted.targets)
    cells, values = missing.of_columns.cells, estimated.scaled.values
    errors = np.full((len(cells), len(LEVELS)), np.nan)
    for name, estimates in estimated.by_path.items():
        path, working = fitted.paths[name], missing.working
        path_errors = error_quantiles(path, estimates, values, working, missing.of_columns)
        at_cells = estimates.values[:, working.step, working.column]
        has_estimate = strategy_estimates(path, at_cells)[missing.of_columns.lead][:, None]
        errors = path_errors if name == BUILTIN else np.where(has_estimate, path_errors, errors)
    unit = fitted.error_scale
    for c, at, readings in _readings(fitted, estimated, cells):
        kind = fitted.kinds.kinds[c]
        value = filled.values[cells.step[at], c][:, None]
        scaled = errors[at] * unit[c] if kind.has_errors else 0.0
        errors[at] = kind.limit(value + scaled, readings) - value
    return errors
