"""Where each step stands in the day, week or year: the cycles that the time stamps, or the data itself, offer."""

from __future__ import annotations

import numpy as np

from latentfill.gaps import interpolate
from latentfill.series import FloatArray, Series

# Cycles of the calendar, in seconds. A year is the mean Gregorian one.
CALENDAR = {"day": 86_400.0, "week": 7 * 86_400.0, "year": 365.2425 * 86_400.0}

# A cycle says something only if it was seen a few times and has some steps to tell apart.
MIN_REPEATS = 3.0
MIN_STEPS = 4.0

CLEAR = 0.3  # autocorrelation from which on a peak counts

MAX_LAG = 2048  # longest cycle looked for in a series without time stamps, in steps


def find_cycles(series: Series) -> tuple[float, ...]:
    """Cycle lengths worth knowing about: seconds where the series has time stamps, else steps (found from the data)."""
    if series.time is None:
        period = find_period(series.values)
        return (float(period),) if period else ()
    seconds = _seconds(series)
    spacing = float(np.median(np.diff(seconds))) if len(seconds) > 1 else 0.0
    span = float(seconds[-1] - seconds[0])
    return tuple(
        cycle for cycle in CALENDAR.values() if span >= MIN_REPEATS * cycle and 0 < spacing <= cycle / MIN_STEPS
    )


def clock_features(series: Series, cycles: tuple[float, ...]) -> FloatArray:
    """Sine and cosine of each cycle's phase, shape (T, 2 * cycles)."""
    position = np.arange(series.n_steps, dtype=float) if series.time is None else _seconds(series)
    angle = 2 * np.pi * position[:, None] / np.array(cycles, dtype=float).reshape(1, -1)
    return np.concatenate([np.sin(angle), np.cos(angle)], axis=1)


def find_period(values: FloatArray) -> int | None:
    """The lag in steps of the first clear peak in the mean autocorrelation of the columns; None if there is none.

    Gaps are bridged by straight lines first.
    """
    filled = np.nan_to_num(interpolate(values))
    filled = filled - filled.mean(axis=0)
    n = len(filled)
    longest = min(MAX_LAG, int(n / MIN_REPEATS))
    if longest <= MIN_STEPS:
        return None
    spectrum = np.abs(np.fft.rfft(filled, 2 * n, axis=0)) ** 2
    power = np.fft.irfft(spectrum, axis=0)[: longest + 1]
    usable = power[0] > 0
    if not usable.any():
        return None
    correlation = (power[:, usable] / power[0, usable]).mean(axis=1) * n / (n - np.arange(longest + 1))
    inner = correlation[1:-1]
    peaks = 1 + np.nonzero((inner > correlation[:-2]) & (inner >= correlation[2:]) & (inner > CLEAR))[0]
    fallen = np.nonzero(correlation < CLEAR)[0]  # until it has fallen once, jitter makes peaks of its own
    peaks = peaks[(peaks >= MIN_STEPS) & (peaks > (fallen[0] if len(fallen) else longest))]
    if not len(peaks):
        return None
    first = peaks[correlation[peaks] >= 0.9 * correlation[peaks].max()][0]  # multiples peak as high as the period
    near = peaks[peaks < 1.5 * first]
    return int(near[np.argmax(correlation[near])])


def _seconds(series: Series) -> FloatArray:
    assert series.time is not None
    return series.time.astype("datetime64[ms]").astype(np.int64) / 1000.0
