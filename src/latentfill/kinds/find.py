"""Finding the kinds of columns in their readings; where these leave doubt, a column is continuous."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from latentfill.core.series import BoolArray, FloatArray
from latentfill.kinds.circular import Circular
from latentfill.kinds.classes import Classes
from latentfill.kinds.counter import Counter
from latentfill.kinds.kind import Kind, StepTimes
from latentfill.kinds.number import Number
from latentfill.kinds.zero_inflated import ZeroInflated

FEWEST_READINGS = 50  # of anything but a continuous column

FEWEST_ROUNDS = 5  # times that a direction without a telling name must cross north
MOST_LEFT = 0.5  # of the mean distance between neighbouring readings, on the circle
NAMED_DIRECTION = re.compile(
    r"(^|[^a-z])(w?dir|direc\w*|dirn|wd|wdir|winddir\w*|drct|dd|heading|azimut\w*|bearing|aspect|course|cog|mwd|yaw"
    r"|bussola|richtung|windrichtung|richting)([^a-z]|$)|direction|winddir|wdir|azimuth|richtung",
    re.IGNORECASE,
)

FEWEST_RISES = 20  # steps of a counter that rise
MOST_RESETS = 0.02  # of the steps of a counter
LARGEST_AFTER_RESET = 0.1  # of the reading before the reset
MOST_EQUAL_RISES = 0.9  # of the rises: a ramp in time is no counter
NEARLY_EQUAL = 0.01  # rates may differ by this share, as readings are rounded

FEWEST_PER_CLASS = 20  # readings, on average
MOST_CODES = 10
MOST_NAMED_CODES = 30
NAMED_CODE = re.compile(
    r"(^|[^a-z])(status|state|mode|code|flag|class|category|type|qc|quality|phase|alarm|error|fault|stage)s?([^a-z]|$)",
    re.IGNORECASE,
)

NAMED_PERCENTAGE = re.compile(
    r"%|percent|humid|(^|[^a-z])(rh|relhum|soc|hum|ur|umid\w*|feuchte)([^a-z]|$)", re.IGNORECASE
)

NEAR_ZERO = 0.02  # smallest reading of an amount, as a share of the largest
LEAST_ZEROS = 0.1  # share of the readings that are zero in a zero-inflated column


def find_kind(name: str, values: FloatArray, times: StepTimes, cycle: int | None) -> Kind:
    """The kind of a column (T,), NaN where missing, with a cycle of so many steps; `name` is only a hint."""
    known = values[~np.isnan(values)]
    whole = bool(known.size >= FEWEST_READINGS and (known == np.round(known)).all() and np.abs(known).max() < 2**53)
    if known.size < FEWEST_READINGS:
        return Number.of(values).on_line(values, times)
    if whole and (label := _label_of_classes(name, known)):
        return Classes.of(values, label)
    if is_circular(name, values):
        return Circular(whole=whole)
    if is_counter(values, times):
        return Counter(whole=whole)
    if known.min() >= 0 and np.mean(known == 0) >= LEAST_ZEROS and known.max() > 0:
        return ZeroInflated.found(values, cycle, whole=whole)
    return _number(name, values, whole=whole).on_line(values, times)


def _number(name: str, values: FloatArray, *, whole: bool) -> Number:
    """A column of numbers, with a limit at zero, and where readings pile up at an end of their range."""
    number, low, high = Number.of(values), float(np.nanmin(values)), float(np.nanmax(values))
    if low == high:
        return number
    lowest = low if number.below == 0 else 0.0 if low >= 0 else None
    highest = 100.0 if low >= 0 and _is_percentage(name, high) else high if number.above == 0 else None
    if highest is not None or lowest:
        label = "range"
    else:
        label = "non-negative" if lowest == 0 and low <= NEAR_ZERO * high else "continuous"
    return replace(number, label="integer" if whole else label, lowest=lowest, highest=highest, whole=whole)


def _is_percentage(name: str, high: float) -> bool:
    """Whether readings reach just 100, or stay below it and the name says that they are percentages."""
    return high == 100 or (high < 100 and bool(NAMED_PERCENTAGE.search(name)))


def _label_of_classes(name: str, known: FloatArray) -> str | None:
    """`flag` or `code` if whole numbers are classes: there are few, and they are not the numbers of a scale."""
    classes = np.unique(known)
    if len(classes) < 2 or len(known) < FEWEST_PER_CLASS * len(classes):
        return None
    if classes.tolist() in ([0, 1], [-1, 1], [1, 2], [0, 100], [0, 255]):
        return "flag"
    if NAMED_CODE.search(name) and len(classes) <= MOST_NAMED_CODES:
        return "flag" if len(classes) == 2 else "code"
    steps = np.diff(classes)
    is_scale = bool((steps == steps[0]).all())
    return "code" if 3 <= len(classes) <= MOST_CODES and not is_scale and _jumps(known, classes) else None


def _jumps(known: FloatArray, classes: FloatArray) -> bool:
    """Whether readings often change between classes that are not neighbours; a number on a scale seldom does."""
    rank = np.searchsorted(classes, known)
    moves = np.abs(np.diff(rank))
    moved = moves[moves > 0]
    return bool(len(moved) >= 5 and np.mean(moved > 1) >= 0.2)


def is_circular(name: str, values: FloatArray) -> bool:
    """Whether a column has degrees: from 0 to 360, and readings pass from one end to the other."""
    known = values[~np.isnan(values)]
    if known.min() < 0 or known.max() > 360 or known.max() <= 180:
        return False
    is_named = bool(NAMED_DIRECTION.search(name))
    steps = np.abs(np.diff(values))
    steps = steps[~np.isnan(steps)]
    around = np.minimum(steps, 360 - steps)
    rounds = int((steps > 270).sum())
    if is_named:
        return rounds >= 1 or known.max() > 270
    is_full = known.min() < 20 and known.max() > 340
    return bool(is_full and rounds >= FEWEST_ROUNDS and around.mean() <= MOST_LEFT * steps.mean())


def is_counter(values: FloatArray, times: StepTimes) -> bool:
    """Whether a column only rises, except for few resets to nearly nothing, and at different rates."""
    observed = ~np.isnan(values)
    known, apart = values[observed], np.diff(times.position[observed])
    steps, before = np.diff(known), known[:-1]
    rises, falls = steps > 0, steps < 0
    if rises.sum() < FEWEST_RISES or falls.sum() > MOST_RESETS * len(steps):
        return False
    reset = _is_reset(known[1:][falls], before[falls], float(known.min()))
    return bool(reset.all() and known.min() >= 0 and not _is_ramp(steps[rises] / apart[rises]))


def _is_reset(after: FloatArray, before: FloatArray, least: float) -> BoolArray:
    """Whether falls lead back to where the register started."""
    return np.asarray(after - least <= LARGEST_AFTER_RESET * (before - least))


def _is_ramp(rates: FloatArray) -> bool:
    """Whether nearly all rates are equal."""
    typical = np.median(rates)
    return bool(np.mean(np.abs(rates - typical) <= NEARLY_EQUAL * typical) > MOST_EQUAL_RISES)
