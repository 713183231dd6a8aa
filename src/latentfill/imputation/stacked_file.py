"""Fills a large stacked text file a few series at a time, so that memory does not grow with the file."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from latentfill.core.errors import InputError
from latentfill.core.files import replacing, stem
from latentfill.core.series import BoolArray
from latentfill.core.workers import in_processes
from latentfill.imputation.imputer import Imputer
from latentfill.imputation.model_choice import SeriesModel
from latentfill.imputation.stacked import OnSeries, StackedImputation, fill_stacked
from latentfill.imputation.stacked_covariates import StackedImputers
from latentfill.imputation.stacked_summary import StackedSummary
from latentfill.tables.backends.csv_format import CsvFormat
from latentfill.tables.backends.stacked_text import StackedText, UnusualTextError
from latentfill.tables.groups import GroupedTable, read_groups
from latentfill.tables.options import TableOptions

LARGE = 1 << 25  # bytes from which a file is divided
ROWS_AT_ONCE = 50_000  # of the series that are read and filled together, about

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
    if not isinstance(data, Path) or not os.path.isfile(data) or imputer.covariates or imputer.options.pivot:
        return False
    are_texts = all(str(path).lower().endswith(CsvFormat.suffixes) for path in (data, *outputs.all))
    return are_texts and data.stat().st_size >= LARGE


def impute_stacked_file(
    imputer: Imputer, path: Path, outputs: StackedOutputs, on_series: OnSeries | None = None
) -> dict[str, object]:
    """Fill a stacked text file, and write the outputs; returns the summary.

    Raises an `UnusualTextError` if the file must be read as a whole, to be filled or to be refused with the reason;
    nothing has been written then.
    """
    began = time.monotonic()
    first = next(iter(outputs.tables))
    beside = first.absolute().parent
    beside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=beside, prefix=f".{stem(first)}.") as folder:
        text = StackedText.of(path, imputer.options.layout, imputer.options.by)
        division = text.divide(Path(folder), ROWS_AT_ONCE)
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
        summary = found.to_dict(imputer, model)
        for number, output in enumerate(outputs.all):
            parts = [_output_of(part, number) for part in division.paths]
            join, packed = text.join if output in outputs.tables else text.join_columns, output.suffix.lower() == ".gz"
            with replacing(Path(os.path.realpath(output))) as joined:
                join(parts, is_row, division, joined, packed=packed)
    return summary | {"fill_seconds": round(time.monotonic() - began, 2)}


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
