"""`RowNames`: what the rows of a table are called in messages, so that people find them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from latentfill.core.messages import SHOWN
from latentfill.core.series import IntArray


@dataclass(frozen=True, slots=True, eq=False)
class RowNames:
    """Lines of a text file, rows of a sheet, rows below the header of other files, or positions in a frame."""

    noun: str = "row"
    first: int = 1  # number of the first row, if rows are counted
    numbers: IntArray | None = None  # (rows,) number of each row; None: they are counted

    def number(self, row: int) -> int:
        """The number that a row, counted from 0, has for the user."""
        return row + self.first if self.numbers is None else int(self.numbers[row])

    def listed(self, rows: Iterable[int]) -> str:
        """At most `SHOWN` rows, such as `lines 3, 7`."""
        numbers = [self.number(int(row)) for row in rows]
        more = f" and {len(numbers) - SHOWN} more" if len(numbers) > SHOWN else ""
        plural = "" if len(numbers) == 1 else "s"
        return f"{self.noun}{plural} {', '.join(map(str, numbers[:SHOWN]))}{more}"

    def with_cells(self, cells: Mapping[int, object]) -> str:
        """Rows with what they hold, such as `line 3: 'x', line 7: 'y'`."""
        return ", ".join(f"{self.noun} {self.number(row)}: {cell}" for row, cell in cells.items())

    def take(self, rows: IntArray) -> RowNames:
        """The names of only these rows, in this order."""
        numbers = np.asarray(rows) + self.first if self.numbers is None else self.numbers[rows]
        return replace(self, numbers=numbers)


COUNTED = RowNames()
POSITIONS = RowNames("position", first=0)
