"""`DataSet`: many series and the place for what is made of them, and running a work on all parts of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from latentfill.api.data_sets.bunches import PREFIX, Bunch, bunches_of, copied, divided
from latentfill.api.data_sets.part import RECORDS, Content, Job, Work, do_part
from latentfill.api.data_sets.series_reader import SeriesReader
from latentfill.api.data_sets.stored_types import stored_types
from latentfill.api.data_sets.units import SeriesFiles, Unit
from latentfill.core.errors import InputError, LatentFillError, UnknownColumnError
from latentfill.core.locks import locked
from latentfill.core.places import Place
from latentfill.engines.engine import Engine
from latentfill.tables.options import TableOptions

if TYPE_CHECKING:
    import pyarrow as pa

MOST_TRIED = 10  # of the largest units, to find the columns that all have
DIVIDED = "divided"  # the folder with the parts of large files, while they are worked on

OnPart = Callable[[int, int], None]  # how many parts are done, number of all


@dataclass(frozen=True, slots=True)
class DataSet:
    """Where many series are read, and where what is made of them is written."""

    sources: tuple[Place, ...]  # files, or folders of them
    output: Place  # a folder

    @property
    def records(self) -> Place:
        """The folder with what is known of each part."""
        return self.output.child(RECORDS)

    def is_there(self) -> bool:
        """Whether the output is there already."""
        return self.records.exists()

    def check(self) -> None:
        """Raise an `InputError` if the output cannot be written, or if it is, holds or lies in a source."""
        self.output.check_folder("a data set that latentfill has made", RECORDS)
        for source in self.sources:
            one, other = f"{source}/", f"{self.output}/"
            if one.startswith(other) or other.startswith(one):
                raise InputError(f"the output {self.output} and the input {source} must not hold each other.")

    @contextmanager
    def opened(self, options: TableOptions) -> Iterator[OpenedSet]:
        """The series, which are read with these options; no other run may write to the output in the block.

        Raises an `InputError` if they cannot be read, or if the output cannot be written.
        """
        self.check()
        with self._alone():
            files = SeriesFiles.of(self.sources, options.by)
            own = replace(options, by=())
            types = stored_types(files.units)
            units = divided(files, own, self.records.child(DIVIDED))
            yield OpenedSet(self, files, units, _reader(units, own, files.in_file), types)
            self.records.child(DIVIDED).remove()

    def _alone(self) -> AbstractContextManager[None]:
        if self.output.is_remote:
            return nullcontext()
        self.output.path.mkdir(parents=True, exist_ok=True)
        return locked(self.records.path)


@dataclass(frozen=True, slots=True)
class OpenedSet:
    """The series of a data set, as they are read."""

    data: DataSet
    files: SeriesFiles
    units: Sequence[Unit]  # large ones have been divided
    reader: SeriesReader
    types: pa.Schema | None  # of the columns in all files, where files have types

    def run(self, engine: Engine, work: Work, on_part: OnPart | None) -> list[Content]:
        """Do the work on all parts; returns what is known of each, in their order.

        With the same input and settings as before, only what is missing or damaged is done.
        """
        job, bunches = Job(work, self.reader, self.data.output), bunches_of(self.units)
        found: dict[int, Content] = {}
        for number, content in engine.map(_do, job, bunches):
            found[number] = content
            if on_part:
                on_part(len(found), len(bunches))
        self._remove_others(len(bunches))
        return [found[number] for number in sorted(found)]

    def _remove_others(self, n_parts: int) -> None:
        """Remove the parts of an earlier output that had more, and what was only needed for the work."""
        kept = {Bunch(number, ()).name for number in range(n_parts)}
        for file in self.data.output.files():
            part = file.name.split(".")[0].split("/")[0]
            if part.startswith(PREFIX) and part not in kept:
                file.place.remove()
                self.data.records.child(f"{part}.json").remove()
        self.data.records.child("tries").remove()


def _reader(units: Sequence[Unit], options: TableOptions, in_file: tuple[str, ...]) -> SeriesReader:
    """A reader that reads all units as the largest that can be read; raises the error of the first if none can."""
    errors: list[LatentFillError] = []
    for unit in sorted(units, key=lambda each: -each.size)[:MOST_TRIED]:
        try:
            with copied(unit) as paths:
                return SeriesReader.like(paths, options, in_file)
        except UnknownColumnError:
            raise
        except LatentFillError as error:
            errors.append(error)
    raise errors[0]


def _do(job: Job, bunch: Bunch) -> tuple[int, Content]:
    return bunch.number, do_part(job, bunch)
