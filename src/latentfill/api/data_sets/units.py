"""The files that hold many series, and which of them must be read together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import unquote

from latentfill.core.errors import InputError
from latentfill.core.messages import joined, name_columns
from latentfill.core.places import FoundFile, Place
from latentfill.tables.backends.file_formats import FORMATS
from latentfill.tables.groups import name_of

FILE = "file"  # the column with the name of its file, where nothing else tells series apart


@dataclass(frozen=True, slots=True)
class Unit:
    """Files that hold whole series, so that they can be read without the others."""

    labels: tuple[str, ...]  # its cells in the columns that paths give and that tell series apart
    files: tuple[FoundFile, ...]

    @property
    def name(self) -> str:
        """Its labels, or the name of its first file."""
        return name_of(self.labels) if self.labels else self.files[0].name

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True, slots=True)
class SeriesFiles:
    """The files of many series."""

    by_path: tuple[str, ...]  # columns that tell series apart, and that paths such as `station=A/1.parquet` give
    in_file: tuple[str, ...]  # such columns in the files
    units: tuple[Unit, ...]

    @property
    def by(self) -> tuple[str, ...]:
        """The columns that tell series apart."""
        return *self.by_path, *self.in_file

    @classmethod
    def of(cls, sources: Sequence[Place], by: Sequence[str]) -> SeriesFiles:
        """The files of a data set: several files, or all in a folder.

        Series are told apart by the columns `by`, of which the paths may give some; without them, by all columns that
        the paths give, or else by file. Raises an `InputError` for a place without tables, and for paths that give
        different columns.
        """
        files = _files(sources)
        keys = [_path_cells(file.name) for file in files]
        known = tuple(keys[0])
        for file, cells in zip(files, keys, strict=True):
            if tuple(cells) != known:
                raise InputError(
                    f"the paths of {files[0].name} and {file.name} give different columns ({name_columns(known)} and "
                    f"{name_columns(tuple(cells))}). Give data sets that are partitioned alike."
                )
        if not by and not known:
            return cls((FILE,), (), tuple(Unit((file.name,), (file,)) for file in files))
        by_path = tuple(name for name in by or known if name in known)
        in_file = tuple(name for name in by if name not in known)
        return cls(by_path, in_file, tuple(_units(files, keys, by_path)))


def _files(sources: Sequence[Place]) -> list[FoundFile]:
    """The table files of all sources; those of a folder are named by their paths in it."""
    found = [file for source in sources for file in _files_of(source)]
    if not found:
        raise InputError(f"{joined(sources)}: no table is there ({', '.join(FORMATS)}). Check the path.")
    names = [file.name for file in found]
    if len(set(names)) < len(names):
        found = [file._replace(name=str(file.place)) for file in found]
    if len({file.place for file in found}) < len(found):
        raise InputError("a file is given twice. Name each once.")
    return found


def _files_of(source: Place) -> list[FoundFile]:
    if source.is_folder():
        return [file for file in source.files() if file.name.lower().endswith(tuple(FORMATS))]
    if not source.exists():
        raise InputError(f"There is nothing at {source}. Check the path.")
    return [FoundFile(source.name, source, source.size())]


def _path_cells(name: str) -> dict[str, str]:
    """The columns that a path such as `station=A/month=1/a.parquet` gives, with their values."""
    parts = [part.partition("=") for part in name.split("/")[:-1] if "=" in part]
    return {unquote(column): unquote(value) for column, _, value in parts}


def _units(files: Sequence[FoundFile], cells: Sequence[Mapping[str, str]], by_path: Sequence[str]) -> Iterable[Unit]:
    """The files with the same values of the columns `by_path`, in the order of these."""
    labelled = [(tuple(each[name] for name in by_path), file) for each, file in zip(cells, files, strict=True)]
    for labels, group in groupby(sorted(labelled, key=lambda pair: (pair[0], pair[1].name)), key=lambda pair: pair[0]):
        yield Unit(labels, tuple(file for _, file in group))
