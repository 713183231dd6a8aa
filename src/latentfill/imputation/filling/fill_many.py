"""Filling many series with one model, several at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from latentfill.core.column_order import in_order
from latentfill.core.series import IntArray, Series
from latentfill.core.workers import in_parallel
from latentfill.imputation.doubt.trusted import trusted
from latentfill.imputation.filling.fill import EstimatedSeries, fill_from, fill_series
from latentfill.imputation.filling.filled import Filled
from latentfill.imputation.fitting.fitted import BUILTIN, Fitted
from latentfill.strategies.candidates import Estimates
from latentfill.windows.windows import ScaledSeries, joined_positions, window_starts

SIDE_BY_SIDE = 4  # batches
AT_ONCE = 1 << 17  # cells of the series that are estimated at once, with the empty steps that make them equally long


def fill_many(fitted: Fitted, series: Sequence[Series]) -> Iterator[tuple[int, Filled]]:
    """Fill each series with a model that was fitted to many; yields positions in `series`, and what was filled.

    Series of similar length are estimated together, and the results are those of each series alone. Their columns may
    have any order.
    """

    def fill(batch: Sequence[int]) -> list[tuple[int, Filled]]:
        ordered = [in_order(series[at], fitted.columns) for at in batch]
        results = zip(batch, _fill_batch(fitted, ordered), strict=True)
        return [(at, filled.in_order(series[at].columns, fitted.columns)) for at, filled in results]

    for batches in _batched(_batches(fitted, series), SIDE_BY_SIDE):
        for filled in in_parallel(fill, batches):
            yield from filled


def _batched(batches: Iterator[list[int]], size: int) -> Iterator[list[list[int]]]:
    while some := list(islice(batches, size)):
        yield some


def _batches(fitted: Fitted, series: Sequence[Series]) -> Iterator[list[int]]:
    """Positions of series to estimate at once, the longest first."""
    order = sorted(range(len(series)), key=lambda at: -series[at].n_steps)
    while order:
        n_steps = max(series[order[0]].n_steps, fitted.config.windows.length)
        n = max(1, AT_ONCE // (n_steps * len(fitted.columns)))
        yield order[:n]
        order = order[n:]


def _fill_batch(fitted: Fitted, series: Sequence[Series]) -> Iterator[Filled]:
    if len(series) == 1:
        yield fill_series(fitted.for_series(trusted(series[0])), series[0])
        return
    own = [trusted(each) for each in series]
    models = [fitted.for_series(each) for each in own]
    scaled = [model.scaled(each) for model, each in zip(models, own, strict=True)]
    estimates = _estimate(fitted, scaled)
    for number, each in enumerate(series):
        by_path = {BUILTIN: estimates.of_window(number).of_steps(each.n_steps)}
        yield fill_from(models[number], EstimatedSeries(each, own[number], scaled[number], by_path))


def _estimate(fitted: Fitted, series: Sequence[ScaledSeries]) -> Estimates:
    """Estimates (K, N, T, C) of all candidates for N series, padded to the same number of steps."""
    length = fitted.config.windows.length
    n_steps = max(length, *(each.n_steps for each in series))
    padded = [each.padded_to(n_steps) for each in series]
    values, clock = (np.concatenate([getattr(each, name) for each in padded]) for name in ("values", "clock"))
    starts = [at * n_steps + _starts(fitted, each.n_steps) for at, each in enumerate(series)]
    position = joined_positions([(each.position, each.values) for each in padded])
    whole = ScaledSeries(values, clock, len(series), padded[0].tied, position)
    estimates = fitted.builtin.candidates.estimate(whole, np.concatenate(starts), fitted.encoder)
    return estimates.by_part(len(series))


def _starts(fitted: Fitted, n_steps: int) -> IntArray:
    windows = fitted.config.windows
    return window_starts(max(n_steps, windows.length), windows.length, windows.stride)
