"""Reads several files as the parts of one table, such as a logger's file for each month."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.memory_limit import kept_together
from latentfill.core.messages import SHOWN
from latentfill.tables.backends.csv_source import CsvSource
from latentfill.tables.backends.csv_text import CsvText
from latentfill.tables.backends.edits import Edits
from latentfill.tables.backends.file_format import as_arrow
from latentfill.tables.backends.file_formats import FORMATS
from latentfill.tables.backends.frames import frame_source
from latentfill.tables.backends.row_names import COUNTED
from latentfill.tables.backends.source import Source


def files_in(folder: Path) -> list[Path]:
    """The table files in a folder, by name; an `InputError` if there is none."""
    names = sorted(os.listdir(folder))
    paths = [folder / name for name in names if name.lower().endswith(tuple(FORMATS)) and not name.startswith(".")]
    if not paths:
        raise InputError(f"{folder} is a folder without tables ({', '.join(FORMATS)}). Give the path of a table.")
    return paths


def read_joined(paths: Sequence[Path], read: Callable[[Path], Source]) -> Source:
    """The files as one table, in their order.

    Raises an `InputError` if they do not have the same columns.
    """
    with kept_together():
        sources = [read(path) for path in paths]
    for path, source in zip(paths[1:], sources[1:], strict=True):
        if source.names != sources[0].names:
            raise InputError(
                f"{path} has other columns than {paths[0]}: {_names(source)}, not {_names(sources[0])}. Files that are "
                "read as one table need the same column names in the same order; fill the others by themselves."
            )
    shown = ", ".join(path.name for path in paths[:SHOWN]) + (", ..." if len(paths) > SHOWN else "")
    texts = [source.text for source in sources if isinstance(source, CsvSource)]
    if len({type(source) for source in sources}) > 1 or len({(text.encoding, type(text.syntax)) for text in texts}) > 1:
        raise InputError(
            f"The files {shown} differ in format, delimiter or encoding, so they are not read as one table. Give "
            "--delimiter and --encoding if that is wrong, or fill them by themselves."
        )
    if texts:
        return CsvSource(_joined_text(texts, f"{len(paths)} files are read as one table: {shown}."))
    import pyarrow as pa

    tables = [as_arrow(source.to_frame(Edits(np.arange(source.n_rows), {}))) for source in sources]
    return frame_source(pa.concat_tables(tables, promote_options="permissive"), COUNTED)


def _names(source: Source) -> str:
    return ", ".join(source.names)


def _joined_text(texts: Sequence[CsvText], note: str) -> CsvText:
    """The records of all files below the header of the first."""
    import pyarrow as pa

    first = texts[0]
    records: list[str] = []
    between: dict[int, str] = {}
    for number, text in enumerate(texts):
        start = len(records)
        records += [
            record if record.endswith(("\n", "\r")) or number == len(texts) - 1 else record + first.line_end
            for record in text.records
        ]
        between |= {row + start: each for row, each in text.between.items() if row >= 0 or number == 0}
    cells = [
        pa.chunked_array([chunk for text in texts for chunk in _chunks(text.cells[c])], pa.string())
        for c in range(len(first.names))
    ]
    notes = dict.fromkeys([note, *(each for text in texts for each in text.notes)])
    return replace(
        first,
        cells=tuple(cells),
        records=tuple(records),
        between=between,
        tail=texts[-1].tail,
        notes=tuple(notes),
        rows=COUNTED,
    )


def _chunks(column: object) -> list[object]:
    return list(getattr(column, "chunks", [column]))
