"""Learning an autoregression from a series with gaps, by stochastic expectation maximisation.

Each round draws the complete hidden series at random from its posterior, given the current parameters, and regresses it
on its own lags (Celeux and Diebolt 1985). The parameters are means over the last rounds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.strategies.state_space.autoregression import Autoregression, LaggedProducts, regress
from latentfill.strategies.state_space.smoothing import cell_noise, draw
from latentfill.strategies.state_space.stretches import FEWEST, OVERLAP, Stretches, lengthened

FIRST_PERSISTENCE = 0.9  # of every column from one step to the next
FIRST_SHARED = 0.7  # share of the correlation between columns that the first innovations have
FIRST_NOISE = 0.02  # variance of the noise, in variances of the column
LEAST_NOISE = 1e-4
FEWEST_ROUNDS = 8
MOST_ROUNDS = 30
FEW_ROUNDS = 10
FEW_COLUMNS = 12  # groups of more columns are learnt in `FEW_ROUNDS`, as their rounds are dear and few are needed
MOST_WORK = 4e9  # multiplications of a round
FEWEST_STEPS = 4000
LAGS = 3
RIDGE = 10.0  # steps, see `regress`
RIDGE_ALONE = 3000.0  # in windows at other levels than those learnt from, columns may not be related in the same way
PIECE = 500  # steps of a piece that is learnt from
AVERAGED_ROUNDS = 4
CONVERGED = 0.01  # change of the mean log variance of the innovations over `AVERAGED_ROUNDS` rounds


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningPlan:
    """How autoregressions are learnt."""

    lags: int = LAGS
    ridge: float = RIDGE
    degrees: float | None = None  # degrees of freedom of the noise; None: Gaussian
    most_rounds: int = MOST_ROUNDS
    most_steps: int = 1 << 30  # of a longer series, pieces of this many steps in all are learnt from

    @classmethod
    def of(cls, size: int, degrees: float | None, *, alone: bool = False) -> LearningPlan:
        """The plan for groups of `size` columns: fewer rounds and steps for large groups; `alone`: see `SeriesData`."""
        steps = max(FEWEST_STEPS, int(MOST_WORK / (LAGS + 1) ** 2 / size**3))
        rounds = MOST_ROUNDS if size <= FEW_COLUMNS else FEW_ROUNDS
        ridge = RIDGE_ALONE if alone else RIDGE
        return cls(degrees=degrees, ridge=ridge, most_rounds=rounds, most_steps=steps)


def learn(series: FloatArray, plan: LearningPlan, rng: np.random.Generator) -> Autoregression:
    """Learn from series (G, T, n), NaN where missing, whose columns have about mean 0 and variance 1."""
    series = lengthened(_pieces(series, plan.most_steps), FEWEST)
    stretches = Stretches.of(series.shape[1])
    cut = stretches.cut(series)
    model = _first_guess(series, plan.lags)
    noise = cell_noise(model.noise[:, None], np.zeros_like(series), None)
    kept: list[Autoregression] = []
    while len(kept) < plan.most_rounds and not _converged(kept):
        hidden = stretches.join(draw(model, cut, stretches.cut(noise), rng).draw)
        squares = (series - hidden) ** 2
        model = _refit(hidden, squares * (model.noise[:, None] / noise), plan)
        noise = cell_noise(model.noise[:, None], squares, plan.degrees)
        kept.append(model)
    return _mean(kept[-AVERAGED_ROUNDS:]).stable()


def _pieces(series: FloatArray, most_steps: int) -> FloatArray:
    """Evenly spaced pieces of series (G, T, n) that are longer than `most_steps`, with missing steps between them."""
    g, length, n = series.shape
    if length <= most_steps:
        return series
    starts = np.linspace(0, length - PIECE, max(1, most_steps // (PIECE + OVERLAP))).astype(int)
    apart = np.full((g, OVERLAP, n), np.nan)
    return np.concatenate([part for start in starts for part in (series[:, start : start + PIECE], apart)], axis=1)


def _first_guess(series: FloatArray, lags: int) -> Autoregression:
    """Persistent autoregressions whose innovations are correlated as the columns are."""
    known = np.nan_to_num(series)
    g, _, n = series.shape
    size = np.sqrt((known**2).sum(axis=1))
    correlation = known.swapaxes(1, 2) @ known / np.maximum(size[:, :, None] * size[:, None], 1e-12)
    correlation[:, np.arange(n), np.arange(n)] = 1.0
    coefficients = np.zeros((g, lags, n, n))
    coefficients[:, 0] = FIRST_PERSISTENCE * np.eye(n)
    shared = FIRST_SHARED * correlation + (1 - FIRST_SHARED) * np.eye(n)
    return Autoregression(coefficients, (1 - FIRST_PERSISTENCE**2) * shared, np.full((g, n), FIRST_NOISE))


def _refit(hidden: FloatArray, squares: FloatArray, plan: LearningPlan) -> Autoregression:
    """The parameters that fit drawn series (G, T, n) best.

    `squares` (G, T, n) are the weighted squared distances of the readings from them, NaN where nothing was read.
    """
    coefficients, innovation = regress(LaggedProducts.of(hidden, plan.lags), plan.ridge)
    count = np.maximum((~np.isnan(squares)).sum(axis=1), 1)
    return Autoregression(coefficients, innovation, np.maximum(np.nansum(squares, axis=1) / count, LEAST_NOISE))


def _mean(models: list[Autoregression]) -> Autoregression:
    return Autoregression(*(np.mean(parts, axis=0) for parts in zip(*models, strict=True)))


def _converged(models: list[Autoregression]) -> bool:
    """Whether the size of the innovations has stopped changing."""
    if len(models) < FEWEST_ROUNDS:
        return False
    log_size = [float(np.log(np.diagonal(model.innovation, axis1=1, axis2=2)).mean()) for model in models]
    now, before = (
        float(np.mean(log_size[len(log_size) - k - AVERAGED_ROUNDS :][:AVERAGED_ROUNDS])) for k in (0, AVERAGED_ROUNDS)
    )
    return abs(now - before) < CONVERGED
