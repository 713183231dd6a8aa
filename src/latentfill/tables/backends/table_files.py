"""Tables as files, CSV or Parquet by their names: reading, writing, and checks of a path before the work."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from latentfill.core.errors import InputError
from latentfill.core.files import check_file_path, replacing, write_bytes
from latentfill.tables.backends.csv_reading import read_csv
from latentfill.tables.backends.csv_source import CsvSource
from latentfill.tables.backends.csv_text import format_csv
from latentfill.tables.backends.edits import Edits
from latentfill.tables.backends.frames import frame_source
from latentfill.tables.backends.native import NativeFrame
from latentfill.tables.backends.source import Source

if TYPE_CHECKING:
    import pyarrow as pa

CSV_SUFFIXES = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
PARQUET_SUFFIXES = (".parquet", ".pq")


def file_kind(path: str | os.PathLike[str]) -> Literal["csv", "parquet"]:
    """The kind of a table file by the suffix of its name; a name with any other suffix is refused."""
    name = Path(path).name.lower()
    if name.endswith(CSV_SUFFIXES):
        return "csv"
    if name.endswith(PARQUET_SUFFIXES):
        return "parquet"
    raise InputError(
        f"The name {Path(path).name!r} does not say what kind of table the file is. "
        f"Use a name that ends in one of {', '.join(CSV_SUFFIXES + PARQUET_SUFFIXES)}."
    )


# --- reading ------------------------------------------------------------------------------------------------


def read_source(data: object, *, delimiter: str | None, encoding: str | None) -> Source:
    """Read the file at a path, or take a frame as it is; delimiter and encoding of a CSV file are found if None."""
    if not isinstance(data, str | os.PathLike):
        return frame_source(data)
    path = Path(data)
    if os.path.isdir(path):
        raise InputError(f"{path} is a folder, not a table. Give the path of one file in it.")
    if not os.path.exists(path):  # unlike pathlib's, False also for a name too long
        raise InputError(f"There is no file {path}. Check the path.")
    if file_kind(path) == "parquet":
        return frame_source(_read_parquet(path))
    return CsvSource(read_csv(path, delimiter=delimiter, encoding=encoding))


def _read_parquet(path: Path) -> pa.Table:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            return file.read()
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} is not a readable Parquet file ({error}). Write or download it again.") from error


# --- writing ------------------------------------------------------------------------------------------------


def write_source(source: Source, edits: Edits, path: str | os.PathLike[str]) -> None:
    """Write a table with edits made; the name of the file says of which kind."""
    if file_kind(path) == "parquet":
        _write_parquet(source.to_frame(edits), path)
    else:
        delimiter = "\t" if ".tsv" in Path(path).name.lower() else ","
        write_bytes(path, source.to_csv(edits, delimiter))


def write_columns(columns: Mapping[str, NDArray[np.generic]], path: str | os.PathLike[str]) -> None:
    """Write named columns of numbers or texts as a new table; NaN is an empty cell."""
    if file_kind(path) == "parquet":
        import pyarrow as pa

        _write_parquet(pa.table({name: pa.array(array, from_pandas=True) for name, array in columns.items()}), path)
    else:
        cells = [["" if value != value else value for value in array.tolist()] for array in columns.values()]
        write_bytes(path, format_csv(list(columns), cells))


def _write_parquet(frame: NativeFrame, path: str | os.PathLike[str]) -> None:
    """Write a frame of any library, under a temporary name first."""
    import narwhals as nw
    import pyarrow as pa
    from pyarrow import parquet

    if type(frame).__module__.startswith("pandas"):
        arrow = pa.Table.from_pandas(frame)  # keeps the index
    else:
        arrow = nw.from_native(frame, eager_only=True).to_arrow()
    with replacing(Path(os.path.realpath(path))) as temporary:
        parquet.write_table(arrow, temporary)


def check_output_path(data: object, output: str | os.PathLike[str], *, table: bool = True) -> None:
    """Refuse an output that cannot be written, or that would replace the input `data`, before any work is done.

    `table`: the output is a table, so its name must say of which kind.
    """
    output = Path(output)
    if table:
        file_kind(output)
    check_file_path(output)
    if not isinstance(data, str | os.PathLike) or not os.path.exists(data) or not output.exists():
        return
    if os.path.samefile(data, output):
        raise InputError(f"{output} is the input file itself. Choose another output, so that it is kept.")
