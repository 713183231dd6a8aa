"""Finds the regular grid that time stamps lie on: its step, all its stamps, and the position of each row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentfill.core.messages import counted
from latentfill.core.series import IntArray, TimeArray

_FOUR_WEEKS = 28 * 86_400 * 10**9  # nanoseconds
_MAX_GRID = 20  # largest number of steps per row; a grid with more is not used


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """All time stamps of a regular grid of G steps, and the position of each row on it."""

    time: TimeArray  # (G,)
    positions: IntArray  # (rows,) step of the grid for each row
    step: np.timedelta64  # in months if the stamps are calendar months apart, else in nanoseconds


def find_grid(time: TimeArray) -> Grid | None:
    """The regular grid that all stamps lie on; None if there is none.

    Steps are tried in this order: the most common distance between consecutive stamps, whole calendar months, the
    greatest common divisor of all distances. Months come first if the most common distance is 28 days or more.
    """
    stamps = np.unique(time)
    if len(stamps) < 2:
        return None
    distances, counts = np.unique(np.diff(stamps).astype(np.int64), return_counts=True)
    common = int(distances[np.argmax(counts)])
    steps = [np.timedelta64(common, "ns"), _month_step(stamps), np.timedelta64(int(np.gcd.reduce(distances)), "ns")]
    if common >= _FOUR_WEEKS:  # 365 days would look like a step in years without a leap day
        steps[:2] = steps[1::-1]
    grids = (lay_grid(time, step) for step in steps if step is not None)
    return next((grid for grid in grids if grid is not None), None)


def _month_step(stamps: TimeArray) -> np.timedelta64 | None:
    """Greatest common divisor of the months between stamps.

    None unless all stamps are equally far from the start of their month, or equally far from its end.
    """
    months = stamps.astype("datetime64[M]")
    from_start = stamps - months
    to_end = (months + 1).astype("datetime64[ns]") - stamps
    if (from_start != from_start[0]).any() and (to_end != to_end[0]).any():
        return None
    counts = np.diff(months.astype(np.int64))
    return None if (counts == 0).any() else np.timedelta64(int(np.gcd.reduce(counts)), "M")


def lay_grid(time: TimeArray, step: np.timedelta64) -> Grid | None:
    """The grid with this step from the first stamp to the last.

    None if a stamp lies between two steps, or if the grid has more than 20 steps for each row.
    """
    unit = "M" if _is_months(step) else "ns"
    moments = time.astype(f"datetime64[{unit}]")
    width = int(step.astype(f"timedelta64[{unit}]").astype(np.int64))
    offsets = (moments - moments.min()).astype(np.int64)
    positions = offsets // width
    if (offsets % width).any() or positions.max() + 1 > _MAX_GRID * len(time):
        return None
    grid_time = moments.min() + (np.arange(positions.max() + 1) * width).astype(f"timedelta64[{unit}]")
    grid_time = _month_stamps(grid_time, time) if unit == "M" else grid_time
    return Grid(grid_time, positions, step) if np.array_equal(grid_time[positions], time) else None


def _month_stamps(months: TimeArray, stamps: TimeArray) -> TimeArray:
    """A stamp in each of the `months`, as far from the start of the month (or else from its end) as all `stamps`."""
    stamp_months = stamps.astype("datetime64[M]")
    from_start = stamps - stamp_months
    to_end = (stamp_months + 1).astype("datetime64[ns]") - stamps
    after_start: TimeArray = months.astype("datetime64[ns]") + from_start[0]
    before_end: TimeArray = (months + 1).astype("datetime64[ns]") - to_end[0]
    return after_start if (from_start == from_start[0]).all() else before_end


def _is_months(step: np.timedelta64) -> bool:
    return np.datetime_data(step.dtype)[0] == "M"


def step_text(step: np.timedelta64) -> str:
    """The step in words, such as `1 hour` or `12 months`."""
    if _is_months(step):
        return counted(int(step.astype(np.int64)), "month")
    nanoseconds = int(step.astype("timedelta64[ns]").astype(np.int64))
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if nanoseconds % (size * 1_000_000_000) == 0:
            return counted(nanoseconds // (size * 1_000_000_000), unit)
    return f"{nanoseconds / 1e9:g} seconds"


def stamp_text(stamp: np.datetime64) -> str:
    """A time stamp for a message, without seconds or time of day if they are 0."""
    text = str(np.datetime_as_string(stamp)).replace("T", " ")
    return text.removesuffix(".000000000").removesuffix(":00").removesuffix(" 00:00")
