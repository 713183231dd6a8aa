"""`StepRule`: which steps the rows of a long series lie on, decided for all of its rows and applied to some of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple, Self

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.series import FloatArray, IntArray, TimeArray
from latentfill.tables.backends.streams.stream import UnstreamableError
from latentfill.tables.time.grid import stamp_text, step_text
from latentfill.tables.time.uneven import MOST_STEPS
from latentfill.tables.to_series import MAX_STEPS_PER_ROW

DAY = 86_400 * 10**9  # nanoseconds; with rows further apart, months and business days would have to be told apart
MOST_DISTANCES = 1 << 16  # different ones between rows; with more, the stamps lie on no grid
GRID_PER_ROW = 20  # most steps of a grid for each row, as in `tables/time/grid.py`


class Steps(NamedTuple):
    """The T steps of some consecutive rows."""

    step: IntArray  # (rows,) of each row
    time: TimeArray | None  # (T,)
    position: FloatArray | None  # (T,) see `Series.position`


@dataclass(frozen=True, slots=True)
class StepRule:
    """How rows become steps: on a regular grid, about a usual spacing apart, or (without stamps) a step for each."""

    origin: int = 0  # nanoseconds of the first stamp
    width: int = 0  # nanoseconds from step to step; 0 without stamps
    is_grid: bool = False
    reach: int | None = None  # steps of a pause at either end that are kept; None: all

    @property
    def step(self) -> np.timedelta64 | None:
        """The spacing of a grid."""
        return np.timedelta64(self.width, "ns") if self.is_grid else None

    def steps_of(self, time: TimeArray | None, n_rows: int, following: np.datetime64 | None) -> Steps:
        """The steps of rows up to the next row, whose stamp is `following`; None if there is none."""
        if time is None:
            return Steps(np.arange(n_rows), None, None)
        stamps: IntArray = time.astype("datetime64[ns]").astype(np.int64)
        last = stamps[-1] if following is None else following.astype("datetime64[ns]").astype(np.int64)
        apart: IntArray = np.append(stamps[1:], last) - stamps
        count = self._counts(apart)
        step = np.concatenate([[0], np.cumsum(count)])[:n_rows]
        row = np.repeat(np.arange(n_rows), count)
        moments = self._moments(stamps, apart, count, row, np.arange(len(row)) - step[row])
        position = None if self.is_grid else (moments - self.origin) / self.width
        return Steps(step, moments.astype("datetime64[ns]"), position)

    def _counts(self, apart: IntArray) -> IntArray:
        """Steps from each row to the next one; 1 for the last row of all."""
        if not self.is_grid:
            return np.clip(np.round(apart / self.width).astype(np.int64), 1, MOST_STEPS)
        return np.clip(apart // self.width, 1, None if self.reach is None else 2 * self.reach)

    def _moments(self, stamps: IntArray, apart: IntArray, count: IntArray, row: IntArray, after: IntArray) -> IntArray:
        """The moments (T,) of steps that come `after` a row; in the middle of a long pause, steps are left out."""
        if not self.is_grid:
            return stamps[row] + np.round(after * (apart[row] / count[row])).astype(np.int64)
        skipped = np.maximum(apart[row] // self.width, 1) - count[row]
        beyond = after >= (count[row] + 1) // 2
        return stamps[row] + self.width * (after + np.where(beyond, skipped, 0))


@dataclass(slots=True)
class StampScan:
    """What the stamps of all rows have in common, collected from some rows after the other."""

    first: int | None = None
    last: int = 0
    n_rows: int = 0
    distances: Counter[int] = field(default_factory=Counter)

    def add(self, time: TimeArray, first_line: str) -> Self:
        """Add the stamps of the next rows; an `UnstreamableError` if they are not in the order of time."""
        stamps = time.astype("datetime64[ns]").astype(np.int64)
        apart = np.diff(stamps if self.first is None else np.append(self.last, stamps))
        if (apart <= 0).any():
            raise UnstreamableError(f"its rows are not in the order of time, or two have the same stamp ({first_line})")
        self.first = int(stamps[0]) if self.first is None else self.first
        self.last, self.n_rows = int(stamps[-1]), self.n_rows + len(stamps)
        if len(self.distances) <= MOST_DISTANCES:
            values, counts = np.unique(apart, return_counts=True)
            self.distances.update(dict(zip(values.tolist(), counts.tolist(), strict=True)))
        return self

    def rule(self, *, grid: bool, regular: bool, reach: int) -> StepRule:
        """The rule for these rows, as `to_series` finds it; `grid`: whether rows are added.

        Raises an `InputError` if rows should be added and there is no grid.
        """
        if self.first is None or not self.distances:
            raise UnstreamableError("it has fewer than two rows")
        width = self._grid_width()
        if width >= DAY or self._usual() >= DAY:
            raise UnstreamableError("its rows are a day or more apart")
        n_steps = (self.last - self.first) // width + 1 if width else 0
        if not width or n_steps > GRID_PER_ROW * self.n_rows:
            if grid:
                raise InputError(
                    "The time stamps lie on no regular grid, or on a grid with more than 20 steps for each row, so no "
                    "rows can be added. Leave out --grid, or round the time stamps."
                )
            return StepRule(self.first, self._usual())
        if grid:
            self._refuse_long_pause(width, reach)
            return StepRule(self.first, width, is_grid=True)
        if (regular and n_steps <= MAX_STEPS_PER_ROW * self.n_rows) or n_steps == self.n_rows:
            return StepRule(self.first, width, is_grid=True, reach=reach)
        return StepRule(self.first, self._usual())

    def _grid_width(self) -> int:
        """Nanoseconds from step to step of a grid; 0 if there is none."""
        if len(self.distances) > MOST_DISTANCES or not self.distances:
            return 0
        common = min(self.distances, key=lambda distance: (-self.distances[distance], distance))
        divisor = int(np.gcd.reduce(np.array(list(self.distances))))
        fits = divisor % common == 0 and (self.last - (self.first or 0)) // common < GRID_PER_ROW * self.n_rows
        return common if fits else divisor

    def _usual(self) -> int:
        """The median distance between rows, of those that were counted."""
        values = np.array(sorted(self.distances))
        counts = np.cumsum([self.distances[value] for value in values.tolist()])
        return int(values[np.searchsorted(counts, (counts[-1] + 1) // 2)])

    def _refuse_long_pause(self, width: int, reach: int) -> None:
        """Raise an `UnstreamableError` if more rows than are in memory would be added in one place."""
        longest = max(self.distances) // width
        if longest > reach:
            raise UnstreamableError(
                f"{longest - 1} rows are missing in one place, and --grid adds at most {reach} at a time there; leave "
                "out --grid, or fill what is before and after the pause by itself"
            )

    def n_steps(self, rule: StepRule) -> int:
        """Number of steps of the grid, or of rows."""
        return (self.last - (self.first or 0)) // rule.width + 1 if rule.is_grid else self.n_rows

    def added_notes(self, rule: StepRule, *, add: bool) -> tuple[str, ...]:
        """A note about rows that are missing from the grid, or about uneven stamps."""
        if not rule.is_grid:
            spacing = step_text(np.timedelta64(rule.width, "ns"))
            return (
                f"The time stamps are uneven: gaps are filled by time, and a step stands for {spacing}, the median "
                "time from row to row.",
            )
        missing = self.n_steps(rule) - self.n_rows
        if not missing:
            return ()
        action = "added" if add else "give --grid to add them"
        first = stamp_text(np.datetime64(self.first or 0, "ns"))
        rows = "1 row is" if missing == 1 else f"{missing} rows are"
        return (f"{rows} missing from the grid of {step_text(rule.step)} that begins at {first}; {action}.",)  # type: ignore[arg-type]
