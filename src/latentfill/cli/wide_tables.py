"""Prints tables so that no cell is broken or cut off, however narrow the console."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Column
from rich.table import Table as Grid
from rich.text import Text

BORDER = 3  # characters between the texts of two columns
WIDEST_NAME = 32  # characters of the first column, whose texts are folded if they are longer


def show_grid(console: Console, grid: Grid) -> None:
    """Print a table of texts; one wider than the console as several, with the first column in each."""
    first, *others = grid.columns
    first.overflow = "fold"  # never cut a name off: two may differ only at the end
    for columns in _fitting(others, console.width - _width(first) - BORDER - 1):
        console.print(_part(grid, [first, *columns]))


def _fitting(columns: Sequence[Column], width: int) -> Iterator[list[Column]]:
    """The columns in groups that fit the width, or have one column."""
    group: list[Column] = []
    for column in columns:
        if group and sum(_width(each) + BORDER for each in [*group, column]) > width:
            yield group
            group = []
        group.append(column)
    yield group


def _width(column: Column) -> int:
    """The width of the longest text; headings are broken between words."""
    words = str(column.header).split() or [""]
    longest = max(Text.from_markup(str(text)).cell_len for text in [*words, *column.cells])
    return min(longest, WIDEST_NAME) if column.overflow == "fold" else longest


def _part(grid: Grid, columns: Sequence[Column]) -> Grid:
    """A table with some of the columns."""
    part = Grid(title=grid.title)
    for column in columns:
        part.add_column(column.header, justify=column.justify, overflow=column.overflow, min_width=_width(column))
    for row in zip(*(column.cells for column in columns), strict=True):
        part.add_row(*row)
    return part
