"""Lists of series: of frames or of series of pandas, or of `TimeSeries` of darts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from latentfill.api.containers.container import Opened
from latentfill.api.containers.darts_series import DartsSeries
from latentfill.api.containers.one_column import OneColumn
from latentfill.api.containers.stacked_frames import StackedFrames
from latentfill.core.errors import InputError
from latentfill.core.libraries import is_of
from latentfill.tables.options import TableOptions

SINGLE = (OneColumn(), DartsSeries())
LABEL = "series"  # the column that tells the series apart


class ListsOfSeries:
    """A list or a tuple with a series in each item, read as a stacked frame; a list of the same kind comes back."""

    def is_mine(self, data: object) -> bool:
        return isinstance(data, list | tuple) and bool(data) and all(map(_is_series, data))

    def open(self, data: Any, options: TableOptions) -> Opened:
        if options.by:
            raise InputError("the items of a list tell its series apart: leave out by (--by), or stack them.")
        items = [_opened(item, options) for item in data]
        stack = StackedFrames.of([item.content for item in items], range(len(items)), LABEL)

        def back(filled: Any) -> Any:
            return type(data)(item.back(part) for item, part in zip(items, stack.apart(filled), strict=True))

        by_item = replace(items[0].options, by=(stack.by,))
        takes_columns = all(item.takes_columns for item in items)
        return Opened(stack.frame, by_item, back, takes_rows=False, takes_columns=takes_columns)


def _is_series(item: object) -> bool:
    return is_of(item, "pandas", "DataFrame", "Series") or is_of(item, "darts", "TimeSeries")


def _opened(item: Any, options: TableOptions) -> Opened:
    """The frame in an item; a frame is what it is."""
    own = [kind for kind in SINGLE if kind.is_mine(item)]
    return own[0].open(item, options) if own else Opened(item, options)
