"""Strategies that smooth a whole series: each column alone, related columns together, or by dynamic factors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Self

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.core.workers import one_blas_thread
from latentfill.strategies.protocols.series_strategy import Estimate, SeriesData, SeriesStrategy
from latentfill.strategies.state_space.fitting import fit_alone, fit_factors, fit_together
from latentfill.strategies.state_space.model import SeriesModel
from latentfill.strategies.state_space.saving import model_of, state_of


class Smoother(SeriesStrategy):
    """A strategy that smooths with a `SeriesModel`."""

    def __init__(self, model: SeriesModel) -> None:
        self.model = model

    def estimate(self, values: FloatArray, clock: FloatArray) -> Estimate:
        with one_blas_thread():
            return self.model.estimate(values, clock)

    def estimate_past(self, values: FloatArray, clock: FloatArray) -> Estimate:
        """Like `estimate`, but no reading of a later step is used, see `SeriesModel.estimate_past`."""
        with one_blas_thread():
            return self.model.estimate_past(values, clock)

    def error_scores(
        self, values: FloatArray, clock: FloatArray, rng: np.random.Generator, count: int
    ) -> Iterator[FloatArray]:
        with one_blas_thread():
            yield from self.model.error_scores(values, clock, rng, count)

    def state(self) -> dict[str, FloatArray]:
        return state_of(self.model)

    @classmethod
    def load(cls, state: Mapping[str, FloatArray]) -> Self:
        return cls(model_of(state))


class AutoregressionStrategy(Smoother):
    """Each column by itself: an autoregression with noise around its mean cycle."""

    @classmethod
    def fit(cls, data: SeriesData) -> Self:
        with one_blas_thread():
            return cls(fit_alone(data))


class StateSpaceStrategy(Smoother):
    """A vector autoregression with noise, of all columns or of groups of related ones."""

    @classmethod
    def fit(cls, data: SeriesData) -> Self:
        with one_blas_thread():
            return cls(fit_together(data))


class FactorStrategy(Smoother):
    """Dynamic factors that all columns follow, and an autoregression of what they leave of each column."""

    @classmethod
    def fit(cls, data: SeriesData) -> Self:
        with one_blas_thread():
            return cls(fit_factors(data))
