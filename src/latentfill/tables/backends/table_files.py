"""Reads and writes table files in the format that their name shows, and checks output paths before any work."""

from __future__ import annotations

import os
from pathlib import Path

from latentfill.core.errors import InputError
from latentfill.core.files import STANDARD
from latentfill.core.inputs import reading
from latentfill.core.output_paths import check_file_path
from latentfill.tables.backends.edits import Edits
from latentfill.tables.backends.file_format import NewColumns
from latentfill.tables.backends.file_formats import format_of
from latentfill.tables.backends.frames import frame_source
from latentfill.tables.backends.joined_files import files_in, read_joined
from latentfill.tables.backends.read_request import ReadRequest
from latentfill.tables.backends.source import Source


def read_source(data: object, request: ReadRequest) -> Source:
    """Read the file at a path, files or a folder of them as one table, or wrap a data frame."""
    if isinstance(data, list | tuple) and data and all(isinstance(each, str | os.PathLike) for each in data):
        paths = [path for each in data for path in (files_in(Path(each)) if os.path.isdir(each) else [Path(each)])]
        return read_joined(paths, lambda path: read_source(path, request))
    if not isinstance(data, str | os.PathLike):
        return frame_source(data)
    path = Path(data)
    if path == STANDARD:
        return format_of(path).read(path, request)
    if os.path.isdir(path):
        return read_joined(files_in(path), lambda file: read_source(file, request))
    if not os.path.exists(path):  # unlike `Path.exists`, this returns False for a name that is too long
        raise InputError(f"There is no file {path}. Check the path.")
    with reading(path):
        return format_of(path).read(path, request)


def write_source(source: Source, edits: Edits, path: str | os.PathLike[str]) -> None:
    """Write the edited table; the ending of the file name decides the format."""
    format_of(path).write(source, edits, Path(path))


def write_columns(columns: NewColumns, path: str | os.PathLike[str]) -> None:
    """Write columns of numbers or texts as a new table; NaN is an empty cell."""
    format_of(path).write_columns(columns, Path(path))


def check_output_path(data: object, output: str | os.PathLike[str], *, table: bool = True) -> None:
    """Raise an `InputError` if `output` cannot be written, or if it is the input file `data`.

    `table`: the output is a table, so the ending of its name must be that of a table format.
    """
    output = Path(output)
    if output == STANDARD:
        return
    check_file_path(output)
    if table and not format_of(output).writable:
        raise InputError(f"{output} cannot be written: {format_of(output).name} files are only read. Write .xlsx.")
    paths = data if isinstance(data, list | tuple) else [data]
    files = [path for path in paths if isinstance(path, str | os.PathLike) and os.path.exists(path)]
    if output.exists() and any(os.path.samefile(path, output) for path in files):
        raise InputError(f"{output} is the input file itself. Choose another output, so that it is kept.")
