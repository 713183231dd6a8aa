"""The rows of one series of many in the output: its filled cells, where each comes from, and how far to trust it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from latentfill.api.data_sets.data_set import OpenedSet
from latentfill.api.data_sets.series_reader import OneSeries
from latentfill.core.errors import InputError
from latentfill.core.messages import name_columns
from latentfill.imputation.filling.codes import codes_as_read
from latentfill.imputation.imputation import Imputation
from latentfill.tables.backends.edits import Edits
from latentfill.tables.backends.file_format import as_arrow

if TYPE_CHECKING:
    import pyarrow as pa

CODE, EXPECTED, BOUNDS = "code", "expected", ("lower", "upper")  # endings of the new columns


@dataclass(frozen=True, slots=True, eq=False)
class RowFormat:
    """The columns that all parts of the output have."""

    schema: pa.Schema
    by_path: tuple[str, ...]  # columns that the paths of the files give; they come first
    in_file: tuple[str, ...]  # columns in the files that tell series apart
    values: tuple[str, ...]  # columns that are filled

    @classmethod
    def of(cls, opened: OpenedSet, example: OneSeries, *, intervals: bool) -> RowFormat:
        """The columns of the output: those of the files, and for each one that is filled its codes, expected errors
        and, with `intervals`, bounds.

        Where files have no types, those of the `example` are taken. Raises an `InputError` if a new column has the name
        of another one.
        """
        import pyarrow as pa

        assert example.table is not None
        own = opened.types or as_arrow(example.source.to_frame(_unchanged(example.source.n_rows))).schema
        labels = example.table.series.labels
        values = opened.reader.options.columns or ()
        numbers = [name for name in values if name not in labels]
        fields = [pa.field(name, pa.string()) for name in opened.files.by_path]
        fields += [_field(own.field(name), is_number=name in numbers) for name in own.names]
        fields += [pa.field(f"{name}_{end}", pa.float64()) for name in numbers for end in BOUNDS if intervals]
        fields += [
            field
            for name in values
            for field in (pa.field(f"{name}_{CODE}", pa.int8()), pa.field(f"{name}_{EXPECTED}", pa.float64()))
        ]
        names = [field.name for field in fields]
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise InputError(
                f"the output would have two columns {name_columns(doubled)}: one of the table, and one that is added. "
                "Rename those of the table, or leave a column unfilled (--leave)."
            )
        return cls(pa.schema(fields), opened.files.by_path, opened.files.in_file, values)

    def rows_of(self, series: OneSeries, filled: Imputation | None, precision: int | None = None) -> pa.Table:
        """The rows of a series in the output; without a filled table, as they were read."""
        if filled is not None:
            frame = as_arrow(filled.to_frame(precision=precision))
            new: dict[str, NDArray[Any]] = dict(filled.codes_and_errors())
        else:
            frame = as_arrow(series.source.to_frame(_unchanged(series.source.n_rows)))
            new = self._unfilled(series)
        return self._arranged(frame, series.labels, new, is_filled=filled is not None)

    def _arranged(
        self, frame: pa.Table, labels: Sequence[str], new: dict[str, NDArray[Any]], *, is_filled: bool
    ) -> pa.Table:
        import pyarrow as pa

        n_rows = frame.num_rows
        arrays = {name: frame.column(name) for name in frame.column_names}
        arrays |= {name: pa.array(cells, from_pandas=True) for name, cells in new.items()}
        arrays |= {
            name: pa.repeat(pa.scalar(label), n_rows)
            for name, label in zip(self.by_path, labels[: len(self.by_path)], strict=True)
        }
        if is_filled:  # rows that were added have no label yet
            arrays |= {name: pa.repeat(frame.column(name)[0], n_rows) for name in self.in_file}
        empty = {field.name: pa.nulls(n_rows, field.type) for field in self.schema if field.name not in arrays}
        arrays |= empty
        return pa.table({field.name: _cast(arrays[field.name], field) for field in self.schema})

    def _unfilled(self, series: OneSeries) -> dict[str, NDArray[Any]]:
        """The new columns of a series that was not filled, and the numbers in those that are text."""
        columns = {column.name: column for column in series.source.columns()}
        new: dict[str, NDArray[Any]] = {}
        for name in filter(columns.__contains__, self.values):
            column = columns[name]
            new[f"{name}_{CODE}"] = codes_as_read(column, series.source.n_rows)
            if column.texts is not None and column.numbers is not None and _is_float(self.schema.field(name)):
                new[name] = column.numbers.values
        return new


def _unchanged(n_rows: int) -> Edits:
    return Edits(np.arange(n_rows), {})


def _field(field: pa.Field, *, is_number: bool) -> pa.Field:
    """A column of the files in the output: numbers written as text are numbers there, as are columns without a type."""
    import pyarrow as pa

    is_text = pa.types.is_string(field.type) or pa.types.is_large_string(field.type) or pa.types.is_null(field.type)
    return pa.field(field.name, pa.float64() if is_number and is_text else field.type)


def _is_float(field: pa.Field) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_floating(field.type))


def _cast(cells: Any, field: pa.Field) -> Any:
    import pyarrow as pa

    try:
        return cells.cast(field.type)
    except pa.ArrowInvalid as error:
        raise InputError(
            f"column {name_columns([field.name])} has cells that are not {field.type} as in the other files ({error}). "
            "Write it with the same type in all of them."
        ) from error
