"""Bunches of units, each of which is one part of the work; large units are divided first."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from latentfill.api.data_sets.parquet_division import divide_parquet
from latentfill.api.data_sets.units import SeriesFiles, Unit
from latentfill.core.inputs import reading
from latentfill.core.places import FoundFile, Place
from latentfill.tables.backends.csv_format import CsvFormat
from latentfill.tables.backends.stacked_text import StackedText, UnusualTextError
from latentfill.tables.options import TableOptions

BYTES_AT_ONCE = 1 << 21  # of the files that are read and worked on together, at most about
FEWEST_BYTES = 1 << 16
PARTS = 64  # of smaller data sets, so that many processes have something to do
ROWS_AT_ONCE = 50_000  # of a part of a divided file
PREFIX = "part-"  # of the names of parts of the output
PARQUET = (".parquet", ".pq")


@dataclass(frozen=True, slots=True)
class Bunch:
    """Units that are worked on together."""

    number: int
    units: tuple[Unit, ...]

    @property
    def name(self) -> str:
        """The name of its part of the output, without an ending."""
        return f"{PREFIX}{self.number:05}"


def bunches_of(units: Sequence[Unit]) -> list[Bunch]:
    """The units in bunches of about the same size, in their order, whatever the processes."""
    at_once = min(BYTES_AT_ONCE, max(FEWEST_BYTES, sum(unit.size for unit in units) // PARTS))
    found: list[list[Unit]] = []
    size = 0
    for unit in units:
        if not found or size + unit.size > at_once:
            found.append([])
            size = 0
        found[-1].append(unit)
        size += unit.size
    return [Bunch(number, tuple(each)) for number, each in enumerate(found)]


def divided(files: SeriesFiles, options: TableOptions, into: Place) -> list[Unit]:
    """The units, of which large ones with several series are divided into files that are written `into` a folder."""
    if not files.in_file:
        return list(files.units)
    return [
        part for number, unit in enumerate(files.units) for part in _parts(unit, files.in_file, options, into, number)
    ]


def _parts(unit: Unit, in_file: tuple[str, ...], options: TableOptions, into: Place, number: int) -> Sequence[Unit]:
    if unit.size <= BYTES_AT_ONCE:
        return [unit]
    with _folder(into) as folder, copied(unit) as paths:
        try:
            written = _divide(paths, in_file, options, folder)
        except UnusualTextError:
            return [unit]
        return [Unit(unit.labels, (_kept(path, into, f"{number:05}-{path.name}"),)) for path in written]


def _divide(paths: Sequence[Path], by: tuple[str, ...], options: TableOptions, folder: Path) -> Sequence[Path]:
    """Write files of whole series; an `UnusualTextError` for files that are not divided."""
    endings = {path.name.lower() for path in paths}
    if all(name.endswith(PARQUET) for name in endings):
        return divide_parquet(paths, by, folder, ROWS_AT_ONCE)
    if len(paths) == 1 and paths[0].name.lower().endswith(CsvFormat.suffixes):
        return StackedText.of(paths[0], options.layout, by).divide(folder, ROWS_AT_ONCE).paths
    raise UnusualTextError


@contextmanager
def copied(unit: Unit) -> Iterator[list[Path]]:
    """The paths of the files of a unit on this machine, which must not change inside the block."""
    with ExitStack() as stack:
        paths = [stack.enter_context(file.place.copied()) for file in unit.files]
        for path in paths:
            stack.enter_context(reading(path))
        yield paths


@contextmanager
def _folder(into: Place) -> Iterator[Path]:
    """A folder on this machine for files that will be kept `into` another one, on the same disk if it can be."""
    if not into.is_remote:
        into.path.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="latentfill-", dir=None if into.is_remote else into.path) as folder:
        yield Path(folder)


def _kept(path: Path, into: Place, name: str) -> FoundFile:
    """A file, moved into a folder."""
    place, size = into.child(name), path.stat().st_size
    if place.is_remote:
        place.write_bytes(path.read_bytes())
    else:
        path.rename(place.path)
    return FoundFile(name, place, size)
