"""Cycles of a series (day, week, year, or a period found in the values), and the phase of each step in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from latentfill.core.series import FloatArray, Series
from latentfill.windows.gaps import interpolate

# Cycles of the calendar, in seconds; a year has the mean length of the Gregorian calendar.
CALENDAR = {"day": 86_400.0, "week": 7 * 86_400.0, "year": 365.2425 * 86_400.0}

MIN_REPEATS = 3.0  # a cycle is used only if the series is at least this many cycles long
MOST_SEARCHED = 20  # of several series without time stamps
MIN_STEPS = 4.0  # a cycle is used only if it has at least this many steps

LEAST_TURN = 1e-6  # of a phase in a step, radians; less is rounding, where a step is a whole cycle

CLEAR = 0.3  # smallest autocorrelation that counts as a peak

DRIFT_WINDOWS = (192, 768, 3072)  # steps of the moving means; also the longest periods that are searched with each


def find_cycles(series: Series) -> tuple[float, ...]:
    """Lengths of the cycles of a series: in seconds if it has time stamps, else in steps.

    With time stamps, these are the cycles of `CALENDAR` that the series covers often enough; without, the period that
    `find_period` finds in the values, if any.
    """
    if series.time is None:
        period = find_period(series.values)
        return (float(period),) if period else ()
    return calendar_cycles(_span(series), _spacing(series))


def calendar_cycles(span: float, spacing: float) -> tuple[float, ...]:
    """The cycles of the calendar that a span covers often enough, with a step every `spacing`; all in seconds."""
    return tuple(
        cycle for cycle in CALENDAR.values() if span >= MIN_REPEATS * cycle and 0 < spacing <= cycle / MIN_STEPS
    )


def shared_cycles(series: Sequence[Series]) -> tuple[float, ...]:
    """Lengths of the cycles of several series, as `find_cycles` gives them for one.

    With time stamps, all series together must cover a cycle often enough, and one of them at least once. Without, more
    than half of at most `MOST_SEARCHED` series must have the same period.
    """
    longest = sorted(series, key=lambda each: each.n_steps)[-MOST_SEARCHED:]
    if series[0].time is None:
        found = Counter(find_cycles(each) for each in longest)
        cycles, count = found.most_common(1)[0]
        return cycles if 2 * count > len(longest) else ()
    spans = [_span(each) for each in series if each.n_steps > 1]
    spacing = float(np.median([_spacing(each) for each in longest]))
    return tuple(
        cycle
        for cycle in CALENDAR.values()
        if sum(spans) >= MIN_REPEATS * cycle and max(spans) >= cycle and 0 < spacing <= cycle / MIN_STEPS
    )


def cycle_steps(series: Series) -> int | None:
    """Length of the shortest cycle in steps; None if the series has no cycle."""
    cycles = find_cycles(series)
    if not cycles:
        return None
    spacing = 1.0 if series.time is None else _spacing(series)
    return max(1, round(cycles[0] / spacing))


def steps_per_cycle(clock: FloatArray) -> int | None:
    """Length in steps of the shortest cycle in clock features (T, P); None without a cycle."""
    if not clock.shape[1] or len(clock) < 2:
        return None
    phasor = clock[:, clock.shape[1] // 2] + 1j * clock[:, 0]
    turned = float(np.median(np.angle(phasor[1:] / phasor[:-1])))
    return max(1, round(2 * np.pi / turned)) if turned > LEAST_TURN else None


def clock_features(series: Series, cycles: tuple[float, ...]) -> FloatArray:
    """Sines, then cosines, of the phase of each step in each of the `cycles`, shape (T, 2 * len(cycles)).

    Without time stamps, the row of a step tells its phase, also in a part of a series.
    """
    position = series.rows.astype(float) if series.time is None else _seconds(series)
    angle = 2 * np.pi * position[:, None] / np.array(cycles, dtype=float).reshape(1, -1)
    return np.concatenate([np.sin(angle), np.cos(angle)], axis=1)


def find_period(values: FloatArray) -> int | None:
    """Period of `values` (T, C) in steps: the first clear peak of the autocorrelation, averaged over the columns.

    None if there is no clear peak. Gaps are interpolated, and a moving mean is subtracted, because drift would raise
    the peaks at multiples of the period. Short moving means are tried first, as they show short periods.
    """
    filled = np.nan_to_num(interpolate(values))
    filled = filled - filled[:1]  # exactly 0 in a column that never changes
    for window in DRIFT_WINDOWS:
        longest = min(window, int(len(filled) / MIN_REPEATS))
        period = _first_peak(filled - moving_mean(filled, window), longest) if longest > MIN_STEPS else None
        if period or window > len(filled):
            return period
    return None


def moving_mean(values: FloatArray, window: int) -> FloatArray:
    """Mean of `values` (..., T, C) over the `window` // 2 steps on both sides of each step; fewer near the ends."""
    from scipy.ndimage import uniform_filter1d

    size = 2 * (window // 2) + 1
    counted = np.ones((values.shape[-2], 1))
    total, count = (uniform_filter1d(part, size, axis=-2, mode="constant") for part in (values, counted))
    return np.asarray(total / count)


def _first_peak(values: FloatArray, longest: int) -> int | None:
    """The shortest lag, from `MIN_STEPS` to `longest` steps, whose peak is nearly as high as the highest peak."""
    from scipy.signal import find_peaks

    correlation = _autocorrelation(values, longest)
    low_lags = np.nonzero(correlation < CLEAR)[0]
    if not len(low_lags):
        return None
    peaks, _ = find_peaks(correlation, height=CLEAR)
    peaks = peaks[(peaks >= MIN_STEPS) & (peaks > low_lags[0])]  # peaks before the first low lag are noise
    if not len(peaks):
        return None
    first = peaks[correlation[peaks] >= 0.9 * correlation[peaks].max()][0]  # multiples of the period peak as high
    near = peaks[peaks < 1.5 * first]
    return int(near[np.argmax(correlation[near])])


def _autocorrelation(values: FloatArray, longest: int) -> FloatArray:
    """Autocorrelation of `values` (T, C) at lags 0 to `longest`, averaged over the columns that are not constant."""
    n = len(values)
    largest = np.abs(values).max(axis=0)
    spectrum = np.abs(np.fft.rfft(values / np.where(largest > 0, largest, 1.0), 2 * n, axis=0)) ** 2
    power = np.fft.irfft(spectrum, axis=0)[: longest + 1]
    varies = power[0] > 0
    if not varies.any():
        return np.zeros(longest + 1)
    return np.asarray((power[:, varies] / power[0, varies]).mean(axis=1) * n / (n - np.arange(longest + 1)))


def _spacing(series: Series) -> float:
    """Median seconds from one time stamp to the next; 0 if there is only one."""
    return float(np.median(np.diff(_seconds(series)))) if series.n_steps > 1 else 0.0


def _span(series: Series) -> float:
    """Seconds from the first time stamp to the last."""
    seconds = _seconds(series)
    return float(seconds[-1] - seconds[0])


def _seconds(series: Series) -> FloatArray:
    """Time stamps in seconds since 1970, shape (T,)."""
    assert series.time is not None
    return series.time.astype("datetime64[ms]").astype(np.int64) / 1000.0
