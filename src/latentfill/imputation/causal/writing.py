"""A series that is being filled from the past, one stretch after the other."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from latentfill.core.config import Config
from latentfill.core.seeds import SeedStream
from latentfill.core.series import FloatArray, IntArray, Series
from latentfill.imputation.causal.estimated import Estimated
from latentfill.imputation.causal.model import PastModel
from latentfill.imputation.causal.strategies import NAMES
from latentfill.imputation.filling.blends import blend_text
from latentfill.imputation.filling.codes import Code
from latentfill.imputation.filling.filled import Filled, Weights
from latentfill.imputation.filling.path_estimate import USUAL_COVERAGE
from latentfill.imputation.fitting.bounds import bounds_of, check_kinds
from latentfill.kinds.kind import CellValues, Limits, Readings, StepTimes
from latentfill.windows.cycles import clock_features, steps_per_cycle
from latentfill.windows.gaps import distances

PERSISTENCE = 0.9  # of the random errors of samples, from step to step


@dataclass(frozen=True, slots=True, eq=False)
class Writing:
    """The values of a series, and where they come from; its missing cells are filled in place."""

    series: Series
    config: Config
    values: CellValues  # arrays (T, C), samples (S, T, C)
    codes: IntArray  # (T, C)
    blend: IntArray  # (T, C) row of the weights of each cell; -1 without
    back: IntArray  # (T, C) steps back to the last reading
    scores: FloatArray  # (S, T, C) standard normal, persistent in time
    weights: list[FloatArray] = field(default_factory=list)  # (len(NAMES),) each

    @classmethod
    def of(cls, series: Series, config: Config) -> Writing:
        """Nothing is filled yet."""
        shape, count = series.values.shape, config.output.samples
        parts = (series.values.copy(), np.full(shape, np.nan), series.values.copy(), series.values.copy())
        return cls(
            series=series,
            config=config,
            values=CellValues(*parts, np.repeat(series.values[None], count, axis=0)),
            codes=np.where(series.observed, Code.OBSERVED, Code.EMPTY),
            blend=np.full(shape, -1),
            back=distances(series.observed)[0],
            scores=_persistent_scores(shape, count, config.seed),
        )

    def carry_forward(self, stop: int) -> None:
        """Fill cells of the steps before `stop`, which have no history, by the last reading."""
        step, column = np.nonzero(~self.series.observed[:stop])
        known = self.back[step, column] <= step
        step, column = step[known], column[known]
        last = self.series.values[step - self.back[step, column], column]
        self.values.value[step, column] = last
        self.values.samples[:, step, column] = last
        self.codes[step, column] = Code.LOCF

    def fill(self, model: PastModel, start: int, stop: int) -> None:
        """Fill the cells of some steps by a model of what came before them."""
        check_kinds(self.config, self.series.columns, model.kinds)
        past = self.series.part(slice(0, stop))
        estimated = Estimated.of(model, past, self.scores, self.config.output.intervals or USUAL_COVERAGE)
        times, cycle = StepTimes.of(past), steps_per_cycle(clock_features(past, model.cycles))
        low, high = bounds_of(self.config, self.series.columns)
        blend = self._blends(model, estimated)
        for c, at, stop_of_gap in estimated.gaps(past, start):
            seen, step = slice(0, stop_of_gap), estimated.cells.step[at]
            limits = Limits(float(low[c]), float(high[c]), self.config.output.margin)
            readings = Readings(past.values[seen, c], StepTimes(*(part[seen] for part in times)), step, limits, cycle)
            complete = estimated.complete[seen, model.kinds.working(c)]
            values = model.kinds.kinds[c].fill_within(complete, estimated.errors.take(at), readings)
            chosen = (step >= start) & ~np.isnan(values.value) & ~self._are_too_long(step, c)
            self._put(c, step[chosen], values, chosen)
            self.codes[step[chosen], c] = estimated.codes[at[chosen]]
            self.blend[step[chosen], c] = blend[at[chosen]]

    def _blends(self, model: PastModel, estimated: Estimated) -> IntArray:
        """The row of the weights of each cell, (M,), after adding them."""
        first = len(self.weights)
        shares, number = np.unique(estimated.shares.T, axis=0, return_inverse=True)
        weights = np.zeros((len(shares), len(NAMES)))
        weights[:, [NAMES.index(name) for name in model.strategies.names]] = shares
        self.weights.extend(weights)
        return np.asarray(first + number.reshape(-1))

    def _are_too_long(self, step: IntArray, c: int) -> np.ndarray:
        """Whether the gaps of column `c` are too long to be filled, so far, at these steps (M,)."""
        longest = self.config.output.max_gap
        return np.zeros(len(step), dtype=bool) if longest is None else self.back[step, c] > longest

    def _put(self, c: int, step: IntArray, values: CellValues, chosen: np.ndarray) -> None:
        """Set some cells of column `c` to the `chosen` ones of the values."""
        for name in ("value", "expected", "lower", "upper", "samples"):
            getattr(self.values, name)[..., step, c] = getattr(values, name)[..., chosen]

    def result(self) -> Filled:
        """The filled series."""
        values, output = self.values, self.config.output
        weights = np.array(self.weights).reshape(-1, len(NAMES))
        return Filled(
            values=values.value,
            codes=self.codes.astype(np.int8),
            expected=values.expected,
            weights=Weights(NAMES, weights, tuple(blend_text(NAMES, row) for row in weights), self.blend),
            lower=values.lower if output.intervals is not None else None,
            upper=values.upper if output.intervals is not None else None,
            samples=values.samples if output.samples else None,
        )


def _persistent_scores(shape: tuple[int, ...], count: int, seed: int) -> FloatArray:
    """Standard normal scores (S, T, C); those of a step depend on no later one."""
    fresh = SeedStream.SAMPLES.generator(seed).standard_normal((shape[0], count, shape[1]))
    for step in range(1, shape[0] if count else 0):
        fresh[step] = PERSISTENCE * fresh[step - 1] + np.sqrt(1 - PERSISTENCE**2) * fresh[step]
    return np.moveaxis(fresh, 1, 0)
