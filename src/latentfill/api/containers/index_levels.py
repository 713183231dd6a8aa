"""Frames of pandas whose index has several levels, such as the panels of sktime."""

from __future__ import annotations

from typing import Any

from latentfill.api.containers.container import Opened
from latentfill.core.errors import InputError
from latentfill.core.libraries import is_of
from latentfill.tables.options import TableOptions


class IndexLevels:
    """A frame whose index levels tell series apart and hold their times; they are read as columns."""

    def is_mine(self, data: object) -> bool:
        return is_of(data, "pandas", "DataFrame") and type(data.index).__name__ == "MultiIndex"  # type: ignore[attr-defined]

    def open(self, data: Any, options: TableOptions) -> Opened:
        if not options.by and not options.pivot:
            return Opened(data, options)  # refused by the reader of frames, in words on its levels
        names = list(data.index.names)
        if None in names or len(set(names)) < len(names):
            raise InputError("The levels of the index need different names: df.index.names = ['station', 'time'].")
        return Opened(data.reset_index(), options, lambda filled: _with_attributes(filled.set_index(names), data))


def _with_attributes(filled: Any, data: Any) -> Any:
    filled.attrs = dict(data.attrs)
    return filled
