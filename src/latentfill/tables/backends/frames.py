"""`FrameSource`: a pandas, polars or pyarrow table, which returns its columns and an edited copy of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentfill.core.errors import InputError
from latentfill.core.messages import joined
from latentfill.core.series import IntArray
from latentfill.tables.backends.column import Column, refuse_repeated
from latentfill.tables.backends.csv_text import format_csv
from latentfill.tables.backends.edits import Edits
from latentfill.tables.backends.frame_cells import filled_column, new_floats, stamped_column
from latentfill.tables.backends.frame_columns import cell_texts, has_texts, read_column, read_texts
from latentfill.tables.backends.frame_rows import restore_name_of_columns, restore_types, with_added_rows
from latentfill.tables.backends.native import Frame, FrameColumn, NativeFrame, TextArray
from latentfill.tables.backends.no_tables import refusal
from latentfill.tables.backends.row_blocks import row_blocks
from latentfill.tables.backends.row_names import POSITIONS, RowNames


@dataclass(frozen=True, slots=True, eq=False)
class FrameSource:
    """A pandas, polars or pyarrow table; Parquet files are read as pyarrow tables."""

    native: NativeFrame
    frame: Frame  # the same table, wrapped by narwhals
    cells: tuple[FrameColumn, ...]  # its columns: taking one of them from the frame takes longer in a wide frame
    rows: RowNames = POSITIONS  # what its rows are called in messages
    parsed: tuple[Column, ...] | None = None  # the columns, where they have been read before

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(str(name).strip() for name in self.frame.columns)

    @property
    def n_rows(self) -> int:
        return int(self.frame.shape[0])

    @property
    def notes(self) -> tuple[str, ...]:
        return ()

    @property
    def layout(self) -> Mapping[str, object]:
        return {}

    @property
    def index(self) -> Column | None:
        index = self._read_index()
        return None if index is None else replace(index, rows=self.rows)

    def _read_index(self) -> Column | None:
        if not hasattr(self.native, "index"):
            return None
        index = self.native.index
        kind = type(index).__name__
        name = str(index.name or "index")
        if kind == "PeriodIndex":
            index = index.to_timestamp()
        elif kind == "TimedeltaIndex":
            return Column.of_times(name, np.datetime64(0, "ns") + np.array(index.to_numpy(), dtype="timedelta64[ns]"))
        elif kind == "Index" and index.dtype.kind == "f":
            return Column.of_numbers(name, np.array(index.to_numpy(), dtype=np.float64))
        elif kind == "Index" and index.dtype.kind in "iu":
            numbers = np.array(index.to_numpy())
            return Column.of_integers(name, numbers, np.zeros(len(numbers), dtype=bool))
        elif kind == "Index":
            import pyarrow as pa

            return Column.of_texts(name, pa.array([str(label) for label in index.tolist()], pa.string()))
        elif kind != "DatetimeIndex":
            return None
        index = index.tz_convert("UTC").tz_localize(None) if index.tz is not None else index
        return Column.of_times(name, np.array(index.to_numpy(), dtype="datetime64[ns]"))

    def columns(self) -> tuple[Column, ...]:
        return self.parsed or tuple(
            replace(read_column(column, name), rows=self.rows)
            for column, name in zip(self.cells, self.names, strict=True)
        )

    def texts(self, position: int) -> TextArray | None:
        column = self.cells[position]
        return read_texts(column) if has_texts(column) else None

    def without_empty_end(self) -> FrameSource:
        return self  # only files have empty rows that do not count

    def with_row_names(self, names: RowNames) -> FrameSource:
        parsed = None if self.parsed is None else tuple(replace(column, rows=names) for column in self.parsed)
        return replace(self, rows=names, parsed=parsed)

    def take(self, rows: IntArray) -> FrameSource:
        import narwhals as nw

        parsed = None if self.parsed is None else tuple(column.take(rows) for column in self.parsed)
        native = nw.to_native(self.frame[rows.tolist()])
        return replace(frame_source(native), rows=self.rows.take(rows), parsed=parsed)

    def with_columns_read(self) -> FrameSource:
        return replace(self, parsed=self.columns())

    def to_frame(self, edits: Edits) -> NativeFrame:
        """The edited frame, of the same library."""
        import narwhals as nw

        base = with_added_rows(self.native, edits) if len(edits.added) else self.native
        frame: Frame = nw.from_native(base, eager_only=True)
        columns = list(frame.iter_columns())
        for position, fill in edits.fills.items():
            if fill.cells.any():
                columns[position] = filled_column(columns[position], self.cells[position].dtype, fill)
        for position, stamps in edits.stamps.items():
            columns[position] = stamped_column(columns[position], self.cells[position].dtype, edits.added, stamps)
        whole = restore_types(frame.select(*columns).to_native(), self.native)
        if edits.extras:
            frame = nw.from_native(whole, eager_only=True)
            extras = (new_floats(frame, extra) for extra in edits.extras)
            whole = frame.select(*frame.iter_columns(), *extras).to_native()
        return restore_name_of_columns(whole, self.native)

    def to_csv(self, edits: Edits, delimiter: str = ",") -> bytes:
        """The edited frame as a CSV file; missing cells are empty."""
        import narwhals as nw

        native = self.to_frame(edits)
        if self.index is not None:
            native = native.reset_index(names=self.index.name)
        frame: Frame = nw.from_native(native, eager_only=True)
        blocks = (list(map(cell_texts, frame[rows].iter_columns())) for rows in row_blocks(*frame.shape))
        return format_csv([str(name) for name in frame.columns], blocks, delimiter)


def frame_source(native: NativeFrame, rows: RowNames = POSITIONS) -> FrameSource:
    """Wrap a data frame; an `InputError` if the object is not a data frame in memory.

    `rows` is what its rows are called in messages, if it was read from a file.
    """
    import narwhals as nw

    if problem := refusal(native):
        raise InputError(problem)
    library = type(native).__module__.partition(".")[0]
    if library in ("pandas", "pyarrow"):  # other libraries do not allow repeated names
        names = getattr(native, "columns" if library == "pandas" else "column_names", ())
        refuse_repeated(map(str, names))
    if type(getattr(native, "index", None)).__name__ == "MultiIndex":
        raise InputError(
            f"The index has {native.index.nlevels} levels ({joined(native.index.names)}), so the frame "
            "stacks several series. Name the levels that tell them apart: latentfill.impute(frame, by=...)."
        )
    frame = nw.from_native(native, pass_through=True)
    if isinstance(frame, nw.LazyFrame):  # of a library that `refusal` does not know
        raise InputError("The table is lazy and holds no values yet. Collect them in a frame first.")
    if not isinstance(frame, nw.DataFrame):
        raise InputError(
            f"An object of type {type(native).__name__} is not a table. Give a path to a CSV or Parquet file, or a "
            "pandas, polars or pyarrow data frame with named columns."
        )
    return FrameSource(native, frame, tuple(frame.iter_columns()), rows)


def frame_like(data: object, columns: Mapping[str, NDArray[Any]]) -> NativeFrame:
    """A new frame of the library that `data` is a frame of; a pyarrow table if it is none."""
    import narwhals as nw

    native = nw.from_native(data, pass_through=True, eager_only=True)
    backend = native.implementation if isinstance(native, nw.DataFrame) else nw.Implementation.PYARROW
    return nw.from_dict({name: column.tolist() for name, column in columns.items()}, backend=backend).to_native()
