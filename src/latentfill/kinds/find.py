"""Finding the kinds of columns in their readings; where these leave doubt, a column is continuous."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.kinds.circular import Circular
from latentfill.kinds.classes import Classes
from latentfill.kinds.counter import Counter
from latentfill.kinds.kind import Kind, StepTimes
from latentfill.kinds.names import is_code, is_direction, is_percentage
from latentfill.kinds.number import Number
from latentfill.kinds.zero_inflated import ZeroInflated

FEWEST_READINGS = 50  # of anything but a continuous column

FEWEST_ROUNDS = 5  # times that a direction without a telling name must cross north
NEAR_NORTH = 20  # degrees, in which it has different readings on either side
MOST_LEFT = 0.5  # of the mean distance between neighbouring readings, on the circle

FEWEST_PER_RAMP = 3  # readings between two falls, on average
FEWEST_RISES = 20  # steps of a counter that rise
FEWEST_RISES_A_RESET = 4  # for each reset of a counter
LARGEST_AFTER_RESET = 0.1  # of the reading before the reset
MOST_EQUAL_RISES = 0.9  # of the rises: a ramp in time is no counter
NEARLY_EQUAL = 0.1  # rates may differ by this share: linear interpolation is good enough for them

FEWEST_PER_CLASS = 20  # readings, on average
FEWEST_PER_NAMED_CLASS = 5  # where the name says that values are classes
MOST_CODES = 16
MOST_NAMED_CODES = 30
FULLEST_SCALE = 0.5  # share of the numbers of a scale that occur: if more do, they are no codes
MOST_NEXT = 0.5  # share of readings whose value plus or minus 1 occurs too: if more do, they are no codes

HELD = 5  # steps that a set point with decimals is held, on average
MOST_SET_POINTS = 8
MOST_DECIMALS = 4

FEWEST_AT_END = 3  # separate runs of readings at the end of a range
NEAR_ZERO = 0.02  # smallest reading of an amount, as a share of the largest
LEAST_ZEROS = 0.1  # share of the readings that are zero in a zero-inflated column
FEWEST_FALLS = 3  # of an amount


def find_kind(name: str, values: FloatArray, times: StepTimes, cycle: int | None) -> Kind:
    """The kind of a column (T,), NaN where missing, with a cycle of so many steps; `name` is only a hint."""
    known = values[~np.isnan(values)]
    whole = bool(known.size >= FEWEST_READINGS and (known == np.round(known)).all() and np.abs(known).max() < 2**53)
    if known.size < FEWEST_READINGS:
        return Number.of(values).on_line(values, times)
    if label := _label_of_classes(name, known) if whole else "code" if _are_set_points(known, len(values)) else None:
        return Classes.of(values, label)
    if (start := start_of_circle(name, values)) is not None:
        return Circular(start=start, whole=whole)
    ramps = _are_ramps(values, times)
    if not ramps and is_counter(values, times):
        return Counter(whole=whole)
    if not ramps and _is_often_zero(known) and not (whole and is_code(name)):
        return ZeroInflated.found(values, cycle, whole=whole)
    return _number(name, values, whole=whole).on_line(values, times)


def _number(name: str, values: FloatArray, *, whole: bool) -> Number:
    """A column of numbers, with a limit at zero, and where readings pile up at an end of their range."""
    number, low, high = Number.of(values), float(np.nanmin(values)), float(np.nanmax(values))
    if low == high:
        return number
    lowest = low if number.below == 0 and _piles_up(values, low) else 0.0 if low >= 0 else None
    highest = high if number.above == 0 and _piles_up(values, high) else None
    if low >= 0 and _is_percentage(name, values, high):
        highest = 100.0
    if highest is not None or lowest:
        label = "range"
    else:
        label = "non-negative" if lowest == 0 and low <= NEAR_ZERO * high else "continuous"
    return replace(number, label="integer" if whole else label, lowest=lowest, highest=highest, whole=whole)


def _is_often_zero(known: FloatArray) -> bool:
    """Whether readings are never negative and often zero, and rise and fall."""
    falls = int((np.diff(known) < 0).sum())
    return bool(known.min() >= 0 and np.mean(known == 0) >= LEAST_ZEROS and falls >= FEWEST_FALLS)


def _piles_up(values: FloatArray, end: float) -> bool:
    """Whether readings are at the end of their range again and again, and not just once for a while."""
    at_end = (values == end)[~np.isnan(values)]
    return int(at_end[0]) + int((np.diff(at_end.astype(np.int8)) > 0).sum()) >= FEWEST_AT_END


def _is_percentage(name: str, values: FloatArray, high: float) -> bool:
    """Whether readings reach just 100 again and again, or do not exceed it and the name says what they are."""
    return (high <= 100 and is_percentage(name)) or (high == 100 and _piles_up(values, high))


def _label_of_classes(name: str, known: FloatArray) -> str | None:
    """`flag` or `code` if whole numbers are classes: there are few, and they are not the numbers of a scale."""
    classes, counts = np.unique(known, return_counts=True)
    is_named, each = is_code(name) and classes[0] >= 0, len(known) / len(classes)
    if len(classes) < 2 or each < FEWEST_PER_NAMED_CLASS:
        return None
    if is_named and len(classes) <= MOST_NAMED_CODES:
        return "flag" if len(classes) == 2 else "code"
    if each < FEWEST_PER_CLASS:
        return None
    if classes.tolist() in ([0, 1], [-1, 1], [1, 2], [0, 100], [0, 255]):
        return "flag"
    if not 3 <= len(classes) <= MOST_CODES or _is_scale(classes, counts) or not _jumps(known, classes):
        return None
    return "code"


def _are_set_points(known: FloatArray, n_steps: int) -> bool:
    """Whether readings are a few numbers with decimals, each held for long, that are not those of a scale."""
    if (np.diff(known) != 0).sum() * HELD > n_steps:
        return False
    classes, counts = np.unique(known, return_counts=True)
    whole = np.round(classes * 10**MOST_DECIMALS)
    if not 3 <= len(classes) <= MOST_SET_POINTS or not np.allclose(whole, classes * 10**MOST_DECIMALS, rtol=1e-12):
        return False
    unit = int(np.gcd.reduce(np.diff(whole).astype(np.int64)))
    return not _is_scale(whole, counts, unit) and _jumps(known, classes)


def _is_scale(classes: FloatArray, counts: IntArray, next_by: int = 1) -> bool:
    """Whether most numbers between the smallest and the largest occur, or most readings have a neighbour that does."""
    steps = np.diff(classes)
    unit = int(np.gcd.reduce(steps.astype(np.int64)))
    next_to = np.isin(classes + next_by, classes) | np.isin(classes - next_by, classes)
    is_full = len(classes) > FULLEST_SCALE * (steps.sum() / unit + 1)
    return bool(is_full or counts[next_to].sum() > MOST_NEXT * counts.sum())


def _jumps(known: FloatArray, classes: FloatArray) -> bool:
    """Whether readings often change between classes that are not neighbours; a number on a scale seldom does."""
    rank = np.searchsorted(classes, known)
    moves = np.abs(np.diff(rank))
    moved = moves[moves > 0]
    return bool(len(moved) >= 5 and np.mean(moved > 1) >= 0.2)


def start_of_circle(name: str, values: FloatArray) -> float | None:
    """Where degrees start, at 0 or at -180, if readings (T,) are degrees that pass from one end to the other."""
    known = values[~np.isnan(values)]
    low, high = float(known.min()), float(known.max())
    start = -180.0 if low < 0 else 0.0
    if low < start or high > start + 360 or high <= start + 180:
        return None
    steps = np.abs(np.diff(values))
    steps = steps[~np.isnan(steps)]
    around = np.minimum(steps, 360 - steps)
    rounds = int((steps > 270).sum())
    if is_direction(name):
        return start if rounds else None
    ends = known < start + NEAR_NORTH, known > start + 360 - NEAR_NORTH
    is_full = all(len(np.unique(known[end])) > 1 for end in ends)  # a count that is often 0 has one value there
    is_turning = rounds >= FEWEST_ROUNDS and around.mean() <= MOST_LEFT * steps.mean()
    return start if is_full and is_turning else None


def is_counter(values: FloatArray, times: StepTimes) -> bool:
    """Whether a column only rises, except for few resets to nearly nothing, and at different rates."""
    observed = ~np.isnan(values)
    known, apart = values[observed], np.diff(times.position[observed])
    steps, before = np.diff(known), known[:-1]
    rises, falls = steps > 0, steps < 0
    if rises.sum() < max(FEWEST_RISES, FEWEST_RISES_A_RESET * falls.sum()):
        return False
    reset = _is_reset(known[1:][falls], before[falls], float(known.min()))
    return bool(reset.all() and known.min() >= 0 and not _is_ramp(steps[rises] / apart[rises]))


def _are_ramps(values: FloatArray, times: StepTimes) -> bool:
    """Whether readings between two falls lie on a straight line, but for rounding to the smallest step between them.

    So do hours, days and years, which are given by the time alone.
    """
    observed = ~np.isnan(values)
    known, position = values[observed], times.position[observed]
    steps = np.diff(known)
    if not (steps > 0).any():
        return False
    quantum, first = steps[steps > 0].min(), np.flatnonzero(np.concatenate([[True], steps < 0]))
    if len(first) * FEWEST_PER_RAMP > len(known):
        return False
    part = np.repeat(np.arange(len(first)), np.diff([*first, len(known)]))
    return bool((np.abs(_off_line(position, known, part)) <= quantum).all())


def _off_line(position: FloatArray, values: FloatArray, part: IntArray) -> FloatArray:
    """Distances of values from the straight line through those of their part."""
    count = np.bincount(part)
    x, y = (each - (np.bincount(part, each) / count)[part] for each in (position, values))
    slope = np.bincount(part, x * y) / np.maximum(np.bincount(part, x * x), np.finfo(float).tiny)
    return np.asarray(y - slope[part] * x)


def _is_reset(after: FloatArray, before: FloatArray, least: float) -> BoolArray:
    """Whether falls lead back to where the register started."""
    return np.asarray(after - least <= LARGEST_AFTER_RESET * (before - least))


def _is_ramp(rates: FloatArray) -> bool:
    """Whether nearly all rates are equal."""
    typical = np.median(rates)
    return bool(np.mean(np.abs(rates - typical) <= NEARLY_EQUAL * typical) > MOST_EQUAL_RISES)
