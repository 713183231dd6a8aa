"""Sums and means over periods, with intervals from completed tables that were drawn at random."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentfill.core.errors import InputError
from latentfill.core.series import FloatArray
from latentfill.imputation.totals.periods import Periods
from latentfill.kinds.circular import Circular
from latentfill.kinds.counter import Counter
from latentfill.kinds.kind import Kind

FEWEST_SAMPLES = 5
COLUMNS = (
    *("period", "column", "cells", "missing", "uncertain"),
    *("sum", "sum_lower", "sum_upper", "mean", "mean_lower", "mean_upper"),
)
ENOUGH_SAMPLES = 200  # from which quantiles are read off; with fewer, totals count as normal


@dataclass(frozen=True, slots=True, eq=False)
class Totals:
    """Totals of one column over P periods, (P,) each; NaN where a period has no value."""

    column: str
    cells: FloatArray  # values that are added up
    missing: FloatArray  # cells that are left empty
    filled: FloatArray  # of the values, those that differ between samples, so that they are uncertain
    sum: FloatArray
    sum_lower: FloatArray
    sum_upper: FloatArray
    mean: FloatArray
    mean_lower: FloatArray
    mean_upper: FloatArray


def totals_of(
    name: str, kind: Kind, values: FloatArray, samples: FloatArray, periods: Periods, coverage: float
) -> Totals:
    """The totals of a filled column (T,) and of its `samples` (S, T).

    Of a meter, the sum is what was counted in the period, from the last reading before it on; of a direction there is
    only the circular mean. Raises an `InputError` for fewer than `FEWEST_SAMPLES`.
    """
    if len(samples) < FEWEST_SAMPLES:
        raise InputError(
            f"totals need at least {FEWEST_SAMPLES} completed tables for their intervals, got {len(samples)}. Fill the "
            "table with more of them: latentfill impute IN -o OUT --samples 100."
        )
    known = ~np.isnan(values)
    counted, missing, filled = (
        _sums(part.astype(float), periods) for part in (known, ~known, known & (samples != values).any(axis=0))
    )
    together = np.concatenate([values[None], samples])
    sums, means = _circular(kind, together, periods) if isinstance(kind, Circular) else _plain(kind, together, periods)
    return Totals(name, counted, missing, filled, *_interval(sums, coverage), *_interval(means, coverage))


def _plain(kind: Kind, values: FloatArray, periods: Periods) -> tuple[FloatArray, FloatArray]:
    """Sums and means (S, P) of columns (S, T)."""
    count = _sums((~np.isnan(values[0])).astype(float), periods)
    added = np.nan_to_num(values)
    sums = np.stack([_sums(each, periods) for each in added])
    counts = np.where(count > 0, count, np.nan)
    means = sums / counts
    if isinstance(kind, Counter):
        rises = np.maximum(np.diff(values, axis=1, prepend=values[:, :1]), 0.0)
        sums = np.stack([_sums(each, periods) for each in np.nan_to_num(rises)])
    return np.where(count > 0, sums, np.nan), means


def _circular(kind: Circular, values: FloatArray, periods: Periods) -> tuple[FloatArray, FloatArray]:
    """No sums, and circular means (S, P); those of samples are given on the side of the first one's that is nearer."""
    turns = (values - kind.start) * (2 * np.pi / kind.period)
    sine, cosine = (np.stack([_sums(each, periods) for each in np.nan_to_num(f(turns))]) for f in (np.sin, np.cos))
    mean = (np.arctan2(sine, cosine) * (kind.period / (2 * np.pi))) % kind.period + kind.start
    near = mean[:1] + kind.distance(mean, mean[:1])
    empty = _sums((~np.isnan(values[0])).astype(float), periods) == 0
    return np.full(mean.shape, np.nan), np.where(empty, np.nan, near)


def _interval(totals: FloatArray, coverage: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The total (P,) of the filled column, and the interval of those of the samples; `totals` (1 + S, P).

    Few samples say little about quantiles: Student's prediction interval is used instead.
    """
    from scipy.stats import t

    filled, samples = totals[0], totals[1:]
    if len(samples) >= ENOUGH_SAMPLES:
        lower, upper = np.quantile(samples, [(1 - coverage) / 2, (1 + coverage) / 2], axis=0)
    else:
        n = len(samples)
        reach = t.ppf((1 + coverage) / 2, n - 1) * samples.std(axis=0, ddof=1) * np.sqrt(1 + 1 / n)
        lower, upper = samples.mean(axis=0) - reach, samples.mean(axis=0) + reach
        lower, upper = np.maximum(lower, _floor(samples)), np.minimum(upper, _ceiling(samples))
    return filled, np.fmin(lower, filled), np.fmax(upper, filled)


def _floor(samples: FloatArray) -> FloatArray:
    """Zero where no sample is below it."""
    return np.where((samples >= 0).all(axis=0), 0.0, -np.inf)


def _ceiling(samples: FloatArray) -> FloatArray:
    """Zero where no sample is above it."""
    return np.where((samples <= 0).all(axis=0), 0.0, np.inf)


def _sums(values: FloatArray, periods: Periods) -> FloatArray:
    """Sums (P,) of values (T,) by period."""
    return np.asarray(np.bincount(periods.number, values, minlength=len(periods.names)), dtype=float)


def as_columns(totals: Sequence[Totals], periods: Periods) -> dict[str, NDArray[Any]]:
    """A table with a row for each column and period."""
    rows = list(_rows(totals, periods))
    return {name: np.array(values) for name, values in zip(COLUMNS, zip(*rows, strict=True), strict=True)}


def _rows(totals: Sequence[Totals], periods: Periods) -> Iterator[tuple[object, ...]]:
    for each in totals:
        counts = (part.astype(int).tolist() for part in (each.cells, each.missing, each.filled))
        numbers = (each.sum, each.sum_lower, each.sum_upper, each.mean, each.mean_lower, each.mean_upper)
        columns = zip(periods.names, *counts, *(part.tolist() for part in numbers), strict=True)
        yield from ((period, each.column, *rest) for period, *rest in columns)
