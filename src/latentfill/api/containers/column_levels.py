"""Frames of pandas whose column names have several levels, such as station and quantity."""

from __future__ import annotations

from typing import Any

from latentfill.api.containers.container import Opened
from latentfill.core.libraries import is_of
from latentfill.tables.options import TableOptions


class ColumnLevels:
    """A frame whose columns are read with names joined from all levels, such as `north_temp`."""

    def is_mine(self, data: object) -> bool:
        return is_of(data, "pandas", "DataFrame") and data.columns.nlevels > 1  # type: ignore[attr-defined]

    def open(self, data: Any, options: TableOptions) -> Opened:
        names = {"_".join(map(str, levels)): levels for levels in data.columns}
        frame = data.set_axis(["_".join(map(str, levels)) for levels in data.columns], axis=1)

        def back(filled: Any) -> Any:
            added = [_levels_of_bound(name, names) for name in filled.columns[len(data.columns) :]]
            columns = type(data.columns).from_tuples([*data.columns, *added], names=data.columns.names)
            return filled.set_axis(columns if added else data.columns, axis=1)

        return Opened(frame, options, back)


def _levels_of_bound(name: str, names: dict[str, Any]) -> tuple[Any, ...]:
    """The levels of a column of bounds: those of its column, with the suffix at the last one."""
    own, _, suffix = name.rpartition("_")
    *first, last = names[own]
    return (*first, f"{last}_{suffix}")
