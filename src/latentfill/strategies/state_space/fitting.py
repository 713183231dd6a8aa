"""Fitting whole-series models: each column alone, groups of related columns together, or dynamic factors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from latentfill.core.seeds import SeedStream
from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.strategies.column_correlation import correlated_groups
from latentfill.strategies.protocols.series_strategy import SeriesData
from latentfill.strategies.square_root import skewed_columns
from latentfill.strategies.state_space.block import TRIAL_STEPS, Block, BlockData
from latentfill.strategies.state_space.column_scale import ColumnScale
from latentfill.strategies.state_space.factors import count_factors, learn_factors, smooth_series
from latentfill.strategies.state_space.learning import LearningPlan
from latentfill.strategies.state_space.model import SeriesModel

MOST_TOGETHER = 36  # columns of one autoregression; the work grows with their cube
LEAST_GAIN = 0.05  # share by which square roots must lower the error of a column


def fit_alone(data: SeriesData) -> SeriesModel:
    """Each column by itself."""
    return _in_blocks(data, _fit_scale(data), [np.arange(data.series.values.shape[1])], size=1)


def fit_together(data: SeriesData) -> SeriesModel:
    """All columns together, in groups of at most `MOST_TOGETHER` correlated columns."""
    scale = _fit_scale(data)
    groups = correlated_groups(scale.apply(data.series.values, data.series.clock), MOST_TOGETHER)
    return _in_blocks(data, scale, groups)


def fit_factors(data: SeriesData) -> SeriesModel:
    """Dynamic factors that all columns follow, and what they leave of each column by itself."""
    scale, rng = _fit_scale(data), SeedStream.STATE_SPACE.generator(data.seed)
    standard = scale.apply(data.series.values, data.series.clock)
    factors = learn_factors(standard, count_factors(standard), rng)
    common = smooth_series(factors, standard) @ factors.loadings.T
    block = Block.fit(_block_data(data, scale, np.arange(standard.shape[1]), 1, common))
    return SeriesModel(scale, factors, (block,), np.arange(standard.shape[1]), data.alone)


def _in_blocks(
    data: SeriesData, scale: ColumnScale, groups: Sequence[IntArray], size: int | None = None
) -> SeriesModel:
    """A block for each group of columns, of autoregressions of `size` columns; None: of all its columns."""
    blocks = tuple(Block.fit(_block_data(data, scale, columns, size or len(columns))) for columns in groups)
    return SeriesModel(scale, None, blocks, np.concatenate(groups), data.alone)


def _block_data(
    data: SeriesData, scale: ColumnScale, columns: IntArray, size: int, common: FloatArray | float = 0.0
) -> BlockData:
    """Some columns in their scale, without what they have in `common` (T, C)."""
    values, truth = (scale.apply(part, data.series.clock) - common for part in (data.series.values, data.truth))
    return BlockData(values[:, columns], truth[:, columns], size, data.period, data.seed, data.alone)


def _fit_scale(data: SeriesData) -> ColumnScale:
    return ColumnScale.fit(data.series.values, data.series.clock, choose_roots(data))


def choose_roots(data: SeriesData) -> BoolArray:
    """The skewed columns (C,) whose error is lower if they are smoothed as square roots, each by itself."""
    series, skewed = data.series, skewed_columns(data.series.values)
    chosen = np.zeros(len(skewed), dtype=bool)
    if skewed.any() and not np.isnan(data.truth).all():
        scales = (ColumnScale.fit(series.values, series.clock, root) for root in (chosen, skewed))
        identity, roots = (_errors_alone(data, scale, skewed) for scale in scales)
        chosen[skewed] = roots < (1 - LEAST_GAIN) * identity
    return chosen


def _errors_alone(data: SeriesData, scale: ColumnScale, columns: BoolArray) -> FloatArray:
    """Sum of squared errors of the chosen columns (K,) on the tuning cells, each column smoothed by itself."""
    middle = data.middle(TRIAL_STEPS)
    chosen = np.nonzero(columns)[0]
    block = Block.learnt(_block_data(middle, scale, chosen, 1), LearningPlan())
    estimate = SeriesModel(scale.take(chosen), None, (block,), np.arange(len(chosen))).estimate(
        middle.series.values[:, chosen], middle.series.clock
    )
    return np.asarray(np.nansum((estimate.values - middle.truth[:, chosen]) ** 2, axis=0))
