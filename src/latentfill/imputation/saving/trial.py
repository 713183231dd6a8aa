"""A small series that a loaded model fills before it is used: a model that cannot do that is damaged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from latentfill.core.errors import LatentFillError
from latentfill.core.series import BoolArray, FloatArray, Series
from latentfill.imputation.causal.fill import PastModels
from latentfill.imputation.filling.fill import fill_series
from latentfill.imputation.filling.filled import Filled
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.kinds.circular import Circular
from latentfill.kinds.classes import Classes
from latentfill.kinds.columns import ColumnKinds
from latentfill.kinds.counter import Counter
from latentfill.kinds.kind import Kind
from latentfill.kinds.number import Number

STEPS = 24  # of the series, at least; windows may be shorter
COVERAGE = 0.9


def trial_problems(fitted: Fitted) -> Iterator[str]:
    """What goes wrong when a model fills a small series with its builtin path."""
    output = {"intervals": COVERAGE, "samples": 0, "max_gap": None, "fallback": "linear"}
    config = fitted.config.replace(**output, minimum=None, maximum=None, non_negative=None)
    tried = replace(fitted, config=config)
    n_steps = max(STEPS, config.windows.length)
    series = _small_series(fitted.kinds, fitted.all_columns, fitted.labels, n_steps, fitted.stamped)
    yield from _problems(lambda: fill_series(tried, series), fitted.known[: len(fitted.columns)])


def past_trial_problems(models: PastModels) -> Iterator[str]:
    """What goes wrong when a model of the past fills a small series."""
    series = _small_series(models.last.kinds, models.columns, models.labels, STEPS, models.stamped)
    yield from _problems(lambda: models.fill_other(series), np.ones(len(models.columns), dtype=bool))


def _problems(fill: Callable[[], Filled], known: BoolArray) -> Iterator[str]:
    try:
        with np.errstate(all="ignore"):
            filled = fill()
    except LatentFillError:
        raise
    except Exception as error:  # whatever wrong arrays cause, in any of the strategies
        yield f"it cannot fill a series ({type(error).__name__}: {error})"
        return
    if not np.isfinite(filled.values[:, known]).all():
        yield "it fills a series with values that are not finite"


def _small_series(
    kinds: ColumnKinds, columns: tuple[str, ...], labels: Mapping[str, tuple[str, ...]], n_steps: int, stamped: bool
) -> Series:
    """Possible readings of each column, with a gap."""
    values = np.stack([_readings(kind, n_steps) for kind in kinds.kinds], axis=1)
    values[n_steps // 4 : n_steps // 4 + 2] = np.nan
    time = np.datetime64("2024-01-01", "ns") + np.arange(n_steps) * np.timedelta64(3600 * 10**9, "ns")
    return Series(values, columns, time if stamped else None, np.arange(n_steps), labels=labels)


def _readings(kind: Kind, n_steps: int) -> FloatArray:
    """Readings (T,) that a column of this kind can have."""
    step = np.arange(n_steps)
    wave = 0.5 + 0.5 * np.sin(0.3 * step)
    if isinstance(kind, Counter):
        return step.astype(float)
    if isinstance(kind, Classes):
        return np.resize(kind.values, n_steps).astype(float)
    if isinstance(kind, Circular):
        return np.asarray(kind.start + kind.period * wave * 0.9)
    if isinstance(kind, Number) and kind.low is not None and kind.high is not None:
        wave = kind.low + (kind.high - kind.low) * wave
        return np.asarray(np.round(wave) if kind.whole else wave)
    return np.asarray(wave)
