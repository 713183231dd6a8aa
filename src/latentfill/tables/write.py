"""Writes a table with its missing cells filled, to a file or as a data frame."""

from __future__ import annotations

import os
from collections.abc import Mapping

from latentfill.core.series import FloatArray
from latentfill.tables.backends.native import NativeFrame
from latentfill.tables.backends.table_files import write_source
from latentfill.tables.table import Table
from latentfill.tables.to_edits import Estimates, make_edits


def write_table(
    table: Table,
    filled: FloatArray,
    path: str | os.PathLike[str],
    *,
    precision: int | None = None,
    extras: Mapping[str, FloatArray] | None = None,
) -> None:
    """Write the table with its missing cells filled and everything else unchanged.

    Parameters
    ----------
    filled
        Estimates (T, C) for the missing cells of `table.series.values`; other cells are ignored. A cell whose estimate
        is NaN stays as it is.
    path
        File to write; its ending decides the format, whatever the format of the table that was read.
    precision
        Decimals of filled cells; by default as many as their column has, if the spread of the column makes them
        meaningful.
    extras
        Values (T, C) of new columns by suffix: every value column NAME gets a new column `NAME_SUFFIX` at the end of
        the table. For observed cells, give the observed value.

    Raises
    ------
    InputError
        If the file cannot be written, `filled` does not fit the table, or a new column has the name of an existing one.
    """
    edits = make_edits(table, Estimates(filled, precision, extras or {}))
    write_source(table.source, edits, path)


def fill_frame(
    table: Table,
    filled: FloatArray,
    *,
    precision: int | None = None,
    extras: Mapping[str, FloatArray] | None = None,
) -> NativeFrame:
    """The filled table as a data frame of the library that it was read from, or of pyarrow if it was read from a file.

    See `write_table` for the parameters.
    """
    return table.source.to_frame(make_edits(table, Estimates(filled, precision, extras or {})))
