"""Mappings of names to columns: lists, arrays, tensors or series of equal length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from latentfill.api.containers.column_cells import as_column, with_new_cells
from latentfill.api.containers.container import Opened, is_mapping
from latentfill.core.errors import InputError
from latentfill.core.messages import name_columns, quoted
from latentfill.tables.options import TableOptions

if TYPE_CHECKING:
    import pyarrow as pa


class ColumnMappings:
    """A mapping, read as a pyarrow table; a dictionary with columns of the same types comes back."""

    def is_mine(self, data: object) -> bool:
        return is_mapping(data)

    def open(self, data: Any, options: TableOptions) -> Opened:
        import pyarrow as pa

        columns = {str(name): as_column(str(name), cells) for name, cells in data.items()}
        lengths = {name: len(column) for name, column in columns.items()}
        if len(columns) < len(data) or not columns:
            raise InputError(f"a mapping of columns needs names that differ, got {name_columns(list(map(str, data)))}.")
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{quoted(name)} has {length}" for name, length in lengths.items())
            raise InputError(f"the columns of a mapping need equal lengths: {told}.")
        table = pa.table(columns)
        return Opened(table, options, lambda filled: _filled(data, table, filled), takes_rows=False)


def _filled(data: Mapping[Any, Any], before: pa.Table, after: pa.Table) -> dict[Any, Any]:
    """The mapping with filled cells, and below its columns those of interval bounds."""
    filled = {name: with_new_cells(cells, before[str(name)], after[str(name)]) for name, cells in data.items()}
    bounds = {name: after[name] for name in after.column_names if name not in before.column_names}
    as_list = isinstance(next(iter(data.values())), list | tuple)
    return filled | {name: each.to_pylist() if as_list else each.to_numpy() for name, each in bounds.items()}
