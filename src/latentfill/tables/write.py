"""A table written back with its missing cells filled, to a file or as a frame."""

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
    """Write the table with its missing cells filled; everything that was there stays as it was.

    Parameters
    ----------
    filled
        (T, C) like `table.series.values`; NaN leaves a cell as it is. Only cells that were missing are taken.
    path
        CSV or Parquet by its suffix, whatever was read.
    precision
        Decimals of filled cells; by default as many as their column shows and its spread gives meaning to.
    extras
        Arrays like `filled` by a suffix: each puts a column `NAME_SUFFIX` after the table for every value column. In
        cells that were observed they should hold the value.

    Raises
    ------
    InputError
        If the file cannot be written, `filled` does not fit the table, or a new column has the name of an old one.
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
    """The table as a frame of the kind that was read, filled; tables from files become pyarrow tables.

    The parameters are those of `write_table`.
    """
    return table.source.to_frame(make_edits(table, Estimates(filled, precision, extras or {})))
