"""Table of all file formats by the endings of file names; a new format is registered here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from latentfill.core.errors import InputError
from latentfill.core.files import STANDARD
from latentfill.core.memory_limit import check_memory
from latentfill.tables.backends.csv_format import CsvFormat
from latentfill.tables.backends.declared_sizes import arrow_size, parquet_size, repeated_texts, rows_size, texts_once
from latentfill.tables.backends.excel_format import ExcelFormat
from latentfill.tables.backends.file_format import FileFormat, FrameFormat

if TYPE_CHECKING:
    import pyarrow as pa

MEMORY_PER_BYTE = 3  # of unpacked numbers that become a table: Parquet of 112 MB took 252 MB, Feather 318 MB

FORMATS: dict[str, FileFormat] = {}  # by ending of the file name, in the order in which they are listed


def register(*formats: FileFormat) -> None:
    """Add file formats to the table; an `InputError` if an ending is malformed or already in use."""
    for each in formats:
        for suffix in each.suffixes:
            if not suffix.startswith(".") or suffix != suffix.lower():
                raise InputError(
                    f"an ending must start with a dot and be in lower case, got {suffix!r} for {each.name}."
                )
            if suffix in FORMATS:
                raise InputError(
                    f"{each.name} files cannot end in {suffix!r}, the ending of {FORMATS[suffix].name} files. Choose "
                    "another ending."
                )
        FORMATS.update(dict.fromkeys(each.suffixes, each))


def format_of(path: str | os.PathLike[str]) -> FileFormat:
    """The format of a table file by the ending of its name; an `InputError` if no format has this ending.

    Standard input and output are CSV.
    """
    if Path(path) == STANDARD:
        return FORMATS[".csv"]
    name = Path(path).name
    for suffix, file_format in FORMATS.items():
        if name.lower().endswith(suffix):
            return file_format
    raise InputError(
        f"The name {name!r} does not say what kind of table the file is. "
        f"Use a name that ends in one of {', '.join(FORMATS)}, or - for CSV on standard input or output."
    )


def _check(size: float, path: Path) -> None:
    check_memory(MEMORY_PER_BYTE * size, path)


def _read_parquet(path: Path) -> pa.Table:
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        _check(parquet_size(file), path)
    _check(repeated_texts(texts_once(path)), path)
    with parquet.ParquetFile(path) as file:
        return file.read()


def _write_parquet(table: pa.Table, path: Path) -> None:
    from pyarrow import parquet

    parquet.write_table(table, path)


def _read_feather(path: Path) -> pa.Table:
    from pyarrow import feather

    _check(arrow_size(path), path)
    table = feather.read_table(path)
    _check(repeated_texts(table), path)
    return table


def _write_feather(table: pa.Table, path: Path) -> None:
    from pyarrow import feather

    feather.write_feather(table, path)


def _read_orc(path: Path) -> pa.Table:
    from pyarrow import orc

    with path.open("rb") as file:
        whole = orc.ORCFile(file)
        _check(rows_size(whole.nrows, whole.schema) + path.stat().st_size, path)
        return whole.read()


def _write_orc(table: pa.Table, path: Path) -> None:
    from pyarrow import orc

    orc.write_table(table, path)


register(
    CsvFormat(),
    FrameFormat(name="Parquet", suffixes=(".parquet", ".pq"), read_frame=_read_parquet, write_frame=_write_parquet),
    FrameFormat(name="Feather", suffixes=(".feather", ".arrow"), read_frame=_read_feather, write_frame=_write_feather),
    ExcelFormat(name="Excel", suffixes=(".xlsx",), writable=True),
    ExcelFormat(name="spreadsheet", suffixes=(".xls", ".xlsb", ".ods"), writable=False),
    FrameFormat(name="ORC", suffixes=(".orc",), read_frame=_read_orc, write_frame=_write_orc),
)
