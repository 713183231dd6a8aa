"""Where each step stands in the day, week or year: the cycles that the time stamps, or the data itself, offer."""

from __future__ import annotations

import numpy as np

from latentfill.core.series import FloatArray, Series
from latentfill.windows.gaps import interpolate

# Cycles of the calendar, in seconds. A year is the mean Gregorian one.
CALENDAR = {"day": 86_400.0, "week": 7 * 86_400.0, "year": 365.2425 * 86_400.0}

# A cycle says something only if it was seen a few times and has some steps to tell apart.
MIN_REPEATS = 3.0
MIN_STEPS = 4.0

CLEAR = 0.3  # autocorrelation from which on a peak counts

DRIFT_WINDOWS = (192, 768, 3072)  # steps; no cycle longer than the last is looked for in a series without time stamps


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


def cycle_steps(series: Series) -> int | None:
    """Steps of the shortest cycle, None if the series has none."""
    cycles = find_cycles(series)
    if not cycles:
        return None
    spacing = 1.0 if series.time is None else float(np.median(np.diff(_seconds(series))))
    return max(1, round(cycles[0] / spacing))


def clock_features(series: Series, cycles: tuple[float, ...]) -> FloatArray:
    """Sine and cosine of each cycle's phase, shape (T, 2 * cycles)."""
    position = np.arange(series.n_steps, dtype=float) if series.time is None else _seconds(series)
    angle = 2 * np.pi * position[:, None] / np.array(cycles, dtype=float).reshape(1, -1)
    return np.concatenate([np.sin(angle), np.cos(angle)], axis=1)


def find_period(values: FloatArray) -> int | None:
    """The lag in steps of the first clear peak in the mean autocorrelation of the columns; None if there is none.

    Gaps are bridged by straight lines, and a moving mean is taken off: beside drift, multiples of a cycle look clearer
    than the cycle. Short moving means, which show short cycles, are tried first.
    """
    filled = np.nan_to_num(interpolate(values))
    for window in DRIFT_WINDOWS:
        longest = min(window, int(len(filled) / MIN_REPEATS))
        found = _first_peak(filled - _moving_mean(filled, window), longest) if longest > MIN_STEPS else None
        if found or window > len(filled):
            return found
    return None


def _first_peak(values: FloatArray, longest: int) -> int | None:
    """The shortest lag up to `longest` that is as clear as any."""
    n = len(values)
    spectrum = np.abs(np.fft.rfft(values, 2 * n, axis=0)) ** 2
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


def _moving_mean(values: FloatArray, window: int) -> FloatArray:
    """Mean of (T, C) values over `window` steps around each step, over as many as there are near the ends."""
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    step = np.arange(len(values))
    first, stop = np.maximum(step - window // 2, 0), np.minimum(step + window // 2 + 1, len(values))
    mean: FloatArray = (total[stop] - total[first]) / (stop - first)[:, None]
    return mean


def _seconds(series: Series) -> FloatArray:
    assert series.time is not None
    return series.time.astype("datetime64[ms]").astype(np.int64) / 1000.0
