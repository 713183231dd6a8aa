"""Filling a series from the past alone: each stretch by a model of what came before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from latentfill.core.config import Config
from latentfill.core.seeds import SeedStream
from latentfill.core.series import BoolArray, FloatArray, IntArray, Series
from latentfill.imputation.causal.model import FEWEST_ROWS, GROWTH, PastModel
from latentfill.imputation.causal.past import past_features
from latentfill.imputation.filling.codes import Code
from latentfill.imputation.filling.filled import Filled
from latentfill.imputation.filling.path_estimate import USUAL_COVERAGE
from latentfill.imputation.fitting.bounds import bounds_of
from latentfill.imputation.validation.column_units import ColumnCells
from latentfill.kinds.kind import CellErrors, CellValues, Limits, Readings, StepTimes
from latentfill.windows.cycles import steps_per_cycle
from latentfill.windows.gaps import distances, find_gaps

PERSISTENCE = 0.9  # of the random errors of samples, from step to step


@dataclass(frozen=True, slots=True, eq=False)
class PastModels:
    """Models of growing histories of one series; each fills the steps after its history."""

    config: Config
    columns: tuple[str, ...]
    labels: Mapping[str, tuple[str, ...]]  # of columns whose values number their labels
    stamped: bool  # whether the series has time stamps
    starts: IntArray  # (B,) first step that each model fills
    models: tuple[PastModel, ...]  # B

    @classmethod
    def fit(cls, series: Series, config: Config) -> PastModels:
        """Learn from the history before each stretch, and last from the whole series, for tables that come later."""
        starts, start = [], FEWEST_ROWS
        while start < series.n_steps:
            starts.append(start)
            start = int(np.ceil(start * GROWTH))
        histories = [series.part(slice(0, start)) for start in (*starts, series.n_steps)]
        models = [PastModel.fit(history, config) for history in histories if history.observed.any()]
        skipped = len(histories) - len(models)
        return cls(
            config=config,
            columns=series.columns,
            labels=series.labels,
            stamped=series.time is not None,
            starts=np.array([*starts, series.n_steps][skipped:]),
            models=tuple(models),
        )

    @property
    def last(self) -> PastModel:
        """The model of the whole series."""
        return self.models[-1]

    def fill_own(self, series: Series) -> Filled:
        """Fill the series that the models were fitted to: no value depends on readings of later steps."""
        stops = np.append(self.starts[1:], series.n_steps)
        filled = _Writing.of(series, self.config)
        filled.carry_forward(0, int(self.starts[0]) if len(self.starts) else series.n_steps)
        for model, start, stop in zip(self.models, self.starts.tolist(), stops.tolist(), strict=True):
            filled.fill(model, start, min(stop, series.n_steps))
        return filled.result()

    def fill_other(self, series: Series) -> Filled:
        """Fill another series, each cell from earlier ones, by the model of all that was fitted."""
        filled = _Writing.of(series, self.config)
        if self.models:
            filled.fill(self.last, 0, series.n_steps)
        else:
            filled.carry_forward(0, series.n_steps)
        return filled.result()


@dataclass(frozen=True, slots=True, eq=False)
class _Writing:
    """A series that is being filled."""

    series: Series
    config: Config
    values: CellValues  # arrays (T, C), samples (S, T, C)
    codes: IntArray  # (T, C)
    scores: FloatArray  # (S, T, C) standard normal, persistent in time

    @classmethod
    def of(cls, series: Series, config: Config) -> _Writing:
        shape, count = series.values.shape, config.output.samples
        parts = (series.values.copy(), np.full(shape, np.nan), series.values.copy(), series.values.copy())
        values = CellValues(*parts, np.repeat(series.values[None], count, axis=0))
        codes = np.where(series.observed, Code.OBSERVED, Code.EMPTY)
        return cls(series, config, values, codes, _persistent_scores(shape, count, config.seed))

    def carry_forward(self, start: int, stop: int) -> None:
        """Fill cells of steps without a history by the last reading."""
        back, _ = distances(self.series.observed)
        step, column = np.nonzero(~self.series.observed[start:stop])
        step = step + start
        known = back[step, column] <= step
        step, column = step[known], column[known]
        last = self.series.values[step - back[step, column], column]
        self.values.value[step, column] = last
        self.values.samples[:, step, column] = last
        self.codes[step, column] = Code.LOCF

    def fill(self, model: PastModel, start: int, stop: int) -> None:
        """Fill the cells of some steps by a model of what came before them."""
        past, output = self.series.part(slice(0, stop)), self.config.output
        scaled = model.scaled(past)
        estimates = model.estimate(scaled)
        working = model.cells(scaled)
        known = estimates.values[:, working.step, working.column]
        estimate = model.scaler.invert_at(model.ensemble.apply(known, working), working.column)
        encoded = model.kinds.encode(past).values
        complete = np.where(np.isnan(encoded), working.on_series(estimate), encoded)
        cells = ColumnCells.of(working, ~past.observed, model.kinds)
        size = model.calibration.sizes(cells.cells, cells.mean(past_features(working, scaled.values, estimates)))
        below, above = model.calibration.bounds(cells.cells, size, output.intervals or USUAL_COVERAGE)
        scale = model.units.error_scale[cells.cells.column]
        scores = self.scores[:, cells.cells.step, cells.cells.column]
        drawn = np.array([model.calibration.errors_at(cells.cells, size, each) for each in scores])
        errors = CellErrors(
            expected=model.calibration.expected(cells.cells, size) * scale,
            below=below * scale,
            above=above * scale,
            drawn=drawn.reshape(scores.shape) * scale,
            scores=scores,
            coverage=output.intervals or USUAL_COVERAGE,
        )
        shares = model.ensemble.shares(~np.isnan(known), working)[:, cells.lead]
        single = np.array(model.codes)[shares.argmax(axis=0)]
        code = np.where(shares.max(axis=0) >= 0.995, single, Code.BLEND)
        cycle = steps_per_cycle(scaled.clock)
        for c, at, stop_of_gap in _gaps(cells, past.observed, start):
            kind, limits = model.kinds.kinds[c], self._limits(c)
            seen = slice(0, stop_of_gap)
            times = StepTimes(*(part[seen] for part in StepTimes.of(past)))
            step = cells.cells.step[at]
            readings = Readings(past.values[seen, c], times, step, limits, cycle)
            own = errors.take(at)
            self._put(c, step, kind.fill(complete[seen, model.kinds.working(c)], own, readings), code[at], start)

    def _put(self, c: int, step: IntArray, values: CellValues, code: IntArray, start: int) -> None:
        """Set the cells of a gap in column `c`, from the step `start` on."""
        back, _ = distances(self.series.observed[:, c : c + 1])
        too_long = self.config.output.max_gap is not None and back[step, 0] > self.config.output.max_gap
        chosen = (step >= start) & ~np.isnan(values.value) & ~np.asarray(too_long)
        at = step[chosen]
        for name in ("value", "expected", "lower", "upper", "samples"):
            getattr(self.values, name)[..., at, c] = getattr(values, name)[..., chosen]
        self.codes[at, c] = code[chosen]

    def _limits(self, c: int) -> Limits:
        low, high = bounds_of(self.config, self.series.columns)
        return Limits(float(low[c]), float(high[c]), self.config.output.margin)

    def result(self) -> Filled:
        """The filled series."""
        values, output = self.values, self.config.output
        return Filled(
            values=values.value,
            codes=self.codes.astype(np.int8),
            expected=values.expected,
            lower=values.lower if output.intervals is not None else None,
            upper=values.upper if output.intervals is not None else None,
            samples=values.samples if output.samples else None,
        )


def _gaps(cells: ColumnCells, observed: BoolArray, start: int) -> Iterator[tuple[int, IntArray, int]]:
    """Column, indices of the cells, and the step after each gap that has a cell from the step `start` on."""
    gaps, of_cells = find_gaps(observed), cells.cells
    for c, first, length in zip(gaps.column.tolist(), gaps.start.tolist(), gaps.length.tolist(), strict=True):
        if first + length > start:
            inside = (of_cells.column == c) & (of_cells.step >= first) & (of_cells.step < first + length)
            yield c, np.flatnonzero(inside), first + length


def _persistent_scores(shape: tuple[int, ...], count: int, seed: int) -> FloatArray:
    """Standard normal scores (S, T, C); those of a step depend on no later one."""
    fresh = SeedStream.SAMPLES.generator(seed).standard_normal((shape[0], count, shape[1]))
    for step in range(1, shape[0] if count else 0):
        fresh[step] = PERSISTENCE * fresh[step - 1] + np.sqrt(1 - PERSISTENCE**2) * fresh[step]
    return np.moveaxis(fresh, 1, 0)
