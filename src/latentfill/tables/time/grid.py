"""The regular grid that time stamps lie on: its step, all its stamps, and the place of each row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentfill.core.messages import counted
from latentfill.core.series import IntArray, TimeArray

_FOUR_WEEKS = 28 * 86_400 * 10**9  # nanoseconds
_MAX_GRID = 20  # steps per row; stamps on a sparser grid are not called regular


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """All stamps of a regular time axis, and where the rows lie on it."""

    time: TimeArray  # (G,)
    positions: IntArray  # (rows,) step of the grid that each row lies on
    step: np.timedelta64  # in months where stamps are calendar months apart


def find_grid(time: TimeArray) -> Grid | None:
    """The regular grid that all stamps lie on, None when there is none.

    Steps are tried in this order: the most common distance between stamps, whole calendar months, the largest
    distance that divides all others.
    """
    stamps = np.unique(time)
    if len(stamps) < 2:
        return None
    distances, counts = np.unique(np.diff(stamps).astype(np.int64), return_counts=True)
    common = int(distances[np.argmax(counts)])
    steps = [np.timedelta64(common, "ns"), _month_step(stamps), np.timedelta64(int(np.gcd.reduce(distances)), "ns")]
    if common >= _FOUR_WEEKS:  # before leap years, 365 days look like a step
        steps[:2] = steps[1::-1]
    grids = (lay_grid(time, step) for step in steps if step is not None)
    return next((grid for grid in grids if grid is not None), None)


def _month_step(stamps: TimeArray) -> np.timedelta64 | None:
    """Months between stamps on the same day of the month at the same time, or on month ends."""
    months = stamps.astype("datetime64[M]")
    into = stamps - months
    left = (months + 1).astype("datetime64[ns]") - stamps
    if (into != into[0]).any() and (left != left[0]).any():
        return None
    counts = np.diff(months.astype(np.int64))
    return None if (counts == 0).any() else np.timedelta64(int(np.gcd.reduce(counts)), "M")


def lay_grid(time: TimeArray, step: np.timedelta64) -> Grid | None:
    """The grid of this step from the first stamp to the last.

    None when a stamp lies between two steps of it, or when it has more than 20 steps for each row.
    """
    unit = "M" if _is_months(step) else "ns"
    moments = time.astype(f"datetime64[{unit}]")
    width = int(step.astype(f"timedelta64[{unit}]").astype(np.int64))
    offsets = (moments - moments.min()).astype(np.int64)
    positions = offsets // width
    if (offsets % width).any() or positions.max() + 1 > _MAX_GRID * len(time):
        return None
    full = moments.min() + (np.arange(positions.max() + 1) * width).astype(f"timedelta64[{unit}]")
    full = _month_stamps(full, time) if unit == "M" else full
    return Grid(full, positions, step) if np.array_equal(full[positions], time) else None


def _month_stamps(months: TimeArray, like: TimeArray) -> TimeArray:
    """A stamp in each month, as far from its start as the stamps `like` are, else as far from its end."""
    own = like.astype("datetime64[M]")
    into = like - own
    left = (own + 1).astype("datetime64[ns]") - like
    from_start: TimeArray = months.astype("datetime64[ns]") + into[0]
    from_end: TimeArray = (months + 1).astype("datetime64[ns]") - left[0]
    return from_start if (into == into[0]).all() else from_end


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
