"""Fills a large stacked text file a few series at a time, so that memory does not grow with the file."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from latentfill.core.errors import InputError
from latentfill.core.files import replacing
from latentfill.core.inputs import reading
from latentfill.core.output_paths import check_room
from latentfill.core.series import BoolArray
from latentfill.core.temporary import temporary
from latentfill.core.unwritable import refusing_unwritable
from latentfill.core.workers import in_processes
from latentfill.imputation.imputer import Imputer
from latentfill.imputation.model_choice import SeriesModel
from latentfill.imputation.stacked import OnSeries, StackedImputation, fill_stacked
from latentfill.imputation.stacked_covariates import StackedImputers
from latentfill.imputation.stacked_summary import StackedSummary
from latentfill.tables.backends.csv_format import CsvFormat
from latentfill.tables.backends.stacked_text import Division, StackedText, UnusualTextError
from latentfill.tables.groups import GroupedTable, read_groups
from latentfill.tables.options import TableOptions

LARGE = 1 << 25  # bytes from which a file is divided
ROWS_AT_ONCE = 50_000  # of the series that are read and filled together, about
COPIES = 2  # of each filled table that are on the disk in the end: its parts, and the whole

Write = Callable[[StackedImputation, Path], None]  # writes one of the outputs of a part


@dataclass(frozen=True, slots=True)
class StackedOutputs:
    """The files to write, each with the function that writes it for a part of the series."""

    tables: Mapping[Path, Write]  # copies of the input with filled cells
    columns: Mapping[Path, Write]  # new columns, with one row for each row of the filled table

    @property
    def all(self) -> dict[Path, Write]:
        """All files."""
        return {**self.tables, **self.columns}


def is_divisible(imputer: Imputer, data: object, outputs: StackedOutputs) -> bool:
    """Whether a stacked table is a large text file that can be filled a few series at a time, into text files."""
    if not isinstance(data, Path) or not data.is_file() or imputer.covariates or imputer.options.pivot:
        return False
    are_texts = all(str(path).lower().endswith(CsvFormat.suffixes) for path in (data, *outputs.all))
    return are_texts and data.stat().st_size >= LARGE


@dataclass(frozen=True, slots=True)
class FilledParts:
    """The parts of a stacked text file, filled."""

    text: StackedText
    division: Division
    is_row: list[BoolArray]  # for each part, which rows it had before
    outputs: StackedOutputs
    summary: dict[str, object]

    def write(self) -> None:
        """Write the outputs, each joined from those of the parts."""
        for number, output in enumerate(self.outputs.all):
            parts = [_output_of(part, number) for part in self.division.paths]
            join = self.text.join if output in self.outputs.tables else self.text.join_columns
            with replacing(output) as joined:
                join(parts, self.is_row, self.division, joined, packed=output.suffix.lower() == ".gz")


@contextmanager
def filled_parts(
    imputer: Imputer,
    path: Path,
    outputs: StackedOutputs,
    on_series: OnSeries | None = None,
    on_read: Callable[[], None] | None = None,
) -> Iterator[FilledParts]:
    """Fill a stacked text file, whose parts can be written in the block; `on_read` is called when it has been read.

    Raises an `UnusualTextError` if the file must be read as a whole, to be filled or to be refused with the reason.
    """
    began = time.monotonic()
    first = next(iter(outputs.tables))
    check_room(first, COPIES * path.stat().st_size * len(outputs.tables))
    with _parts_folder(first) as folder:
        with reading(path):
            text = StackedText.of(path, imputer.options.layout, imputer.options.by)
            division = text.divide(folder, ROWS_AT_ONCE)
        if on_read:
            on_read()
        shared = _read(division.longest, imputer).shared
        sample = _read(division.sample, imputer, shared)
        series = [group.table.series for group in sample.groups if group.table is not None]
        model = SeriesModel.fit(series, imputer.config, imputer.progress)
        fill = _PartFiller(imputer.of_part(), model, shared, tuple(outputs.all.values()))
        found, is_row = StackedSummary(n_series=division.series), []
        for of_part, rows in in_processes(fill, division.paths):
            found.add(of_part)
            is_row.append(rows)
            if on_series:
                on_series("", found.n_done, division.series)
        summary = found.to_dict(imputer, model) | {"fill_seconds": round(time.monotonic() - began, 2)}
        yield FilledParts(text, division, is_row, outputs, summary)


@contextmanager
def _parts_folder(output: Path) -> Iterator[Path]:
    """A folder beside an output for the parts of the table, which is removed in the end."""
    with refusing_unwritable(output):
        beside = Path(os.path.realpath(output)).parent
        beside.mkdir(parents=True, exist_ok=True)
        with temporary(beside, "parts") as folder:
            folder.mkdir(mode=0o700)
            yield folder


@dataclass(frozen=True, slots=True)
class _PartFiller:
    """Fills the series of one part, in a process of its own."""

    imputer: Imputer
    model: SeriesModel
    shared: TableOptions
    writes: tuple[Write, ...]

    def __call__(self, part: Path) -> tuple[StackedSummary, BoolArray]:
        """Write the outputs of a part, and remove it; returns its summary, and which rows it had before."""
        table, found = _read(part, self.imputer, self.shared), StackedSummary()
        filled = fill_stacked(StackedImputers(self.imputer), table, self.model, found)
        if not filled:
            raise UnusualTextError  # none of its rows would get the new columns
        imputation = StackedImputation(table, filled, {})
        for number, write in enumerate(self.writes):
            write(imputation, _output_of(part, number))
        part.unlink()
        return found, imputation.is_row


def _read(path: Path, imputer: Imputer, shared: TableOptions | None = None) -> GroupedTable:
    """A part of the table; an `UnusualTextError` if it cannot be read, as the reason would name the part."""
    try:
        return read_groups(path, imputer.options, shared)
    except InputError as error:
        raise UnusualTextError from error


def _output_of(part: Path, number: int) -> Path:
    """Where an output of a part is written."""
    return part.with_suffix(f".{number}.csv")
