"""Reads the series of a unit of files, each as the table that fits and fills work on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from latentfill.core.errors import InputError
from latentfill.tables.backends.source import Source
from latentfill.tables.backends.table_files import read_source
from latentfill.tables.groups import GroupedTable, name_of, read_groups, shared_options
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_from
from latentfill.tables.table import Table

Labels = tuple[str, ...]  # in the columns that tell series apart


@dataclass(frozen=True, slots=True, eq=False)
class OneSeries:
    """One of many series, as it was read."""

    labels: Labels
    source: Source  # its rows
    table: Table | None  # None if it cannot be filled
    problem: str = ""  # why it cannot be filled

    @property
    def name(self) -> str:
        """Its labels as one text."""
        return name_of(self.labels)


@dataclass(frozen=True, slots=True)
class SeriesReader:
    """Reads the series of units, all in the same way."""

    options: TableOptions  # how each series is read, with the columns and the time that all have
    in_file: tuple[str, ...]  # columns in the files that tell series apart

    @classmethod
    def like(cls, files: Sequence[Path], options: TableOptions, in_file: tuple[str, ...]) -> SeriesReader:
        """A reader that reads all units as the one of these files, whose time and value columns are found.

        Raises the errors of `read_groups`.
        """
        if in_file:
            return cls(read_groups(_one(files), replace(options, by=in_file)).shared, in_file)
        source = _source(files, options)
        return cls(shared_options(source, read_from(source, options), options), in_file)

    def read(self, labels: Labels, files: Sequence[Path]) -> list[OneSeries]:
        """All series of the unit with these labels; one that cannot be read has the reason."""
        if self.in_file:
            table = read_groups(_one(files), replace(self.options, by=self.in_file), self.options)
            return list(_grouped(labels, table))
        source = _source(files, self.options)
        try:
            return [OneSeries(labels, source, read_from(source, self.options))]
        except InputError as error:
            return [OneSeries(labels, source, None, str(error))]


def _grouped(labels: Labels, table: GroupedTable) -> Iterator[OneSeries]:
    for group in table.groups:
        source = table.source.take(group.rows) if group.table is None else group.table.source
        yield OneSeries((*labels, *group.labels), source, group.table, group.problem)


def _source(files: Sequence[Path], options: TableOptions) -> Source:
    return read_source(_one(files), options.layout).without_empty_end().with_columns_read()


def _one(files: Sequence[Path]) -> Path | list[Path]:
    """The path of one table, or those of its parts."""
    return files[0] if len(files) == 1 else list(files)
