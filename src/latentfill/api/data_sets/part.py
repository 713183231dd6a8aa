"""Does one part of a work on many series: unless it is done already, and leaving out series that processes die of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from latentfill.api.data_sets.bunches import Bunch, copied
from latentfill.api.data_sets.series_reader import OneSeries, SeriesReader
from latentfill.api.data_sets.tries import Tries
from latentfill.core.errors import LatentFillError
from latentfill.core.inputs import digest
from latentfill.core.json_text import parse_json
from latentfill.core.places import Place

RECORDS = "_latentfill"  # the folder with what is known of each part; its name hides it from readers of data sets
DIED = "the process that worked on it ended each time, perhaps for lack of memory."
MOST_TRIES = 8  # of a part, after which none of its series is worked on

Content = dict[str, Any]  # JSON values


@dataclass(slots=True)
class PartFiles:
    """The files of a part of the output."""

    folder: Place
    digests: dict[str, str] = field(default_factory=dict)  # of those written, by name

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """Yield a path; the file written there gets its name in the folder when the block ends, all at once."""
        with self.folder.child(name).replacing() as path:
            yield path
            self.digests[name] = digest(path)


class Work(Protocol):
    """What is done with many series."""

    @property
    def key(self) -> str:
        """A digest of all that the results depend on besides the series."""

    def check(self, series: OneSeries) -> None:
        """Work on one series alone and keep nothing, to find out whether this can be done at all."""

    def do(self, series: Sequence[OneSeries], left_out: Mapping[str, str], name: str, files: PartFiles) -> Content:
        """Work on the series of a part with this name, and write its files; returns what is known of it.

        Series that are `left_out` have the reason by name. What stands under "of each" is only in the record.
        """


@dataclass(frozen=True, slots=True)
class Job:
    """A work on many series, as it is sent to the machines."""

    work: Work
    reader: SeriesReader
    output: Place

    @property
    def records(self) -> Place:
        """The folder with what is known of each part."""
        return self.output.child(RECORDS)


def do_part(job: Job, bunch: Bunch) -> Content:
    """Do the part of a bunch; returns what is known of it. What has been done with the same files is not done again."""
    tries = Tries.begin(job.records.child(f"tries/{bunch.name}.json"))
    record_place = job.records.child(f"{bunch.name}.json")
    key = _key(job.work, bunch)
    known = _finished(job.output, record_place, key)
    if known is None:
        files = PartFiles(job.output)
        series, unread = _read(job.reader, bunch, tries)
        known = _done(job.work, series, unread, tries, bunch.name, files)
        record = {"key": key, "files": files.digests, "content": known}
        record_place.write_bytes((json.dumps(record, indent=1) + "\n").encode())
    tries.end()
    return {name: value for name, value in known.items() if name != "of each"}


def _key(work: Work, bunch: Bunch) -> str:
    """A digest of all that the results of a part depend on."""
    key = work.key
    for unit in bunch.units:
        try:
            with copied(unit) as paths:
                key = _joined(key, *unit.labels, *map(digest, paths))
        except (LatentFillError, OSError):  # which is told when it is read
            key = _joined(key, *unit.labels, "unreadable")
    return key


def _read(reader: SeriesReader, bunch: Bunch, tries: Tries) -> tuple[list[OneSeries], dict[str, str]]:
    """The series of a bunch, and the units that cannot be read, each with the reason."""
    series: list[OneSeries] = []
    unread: dict[str, str] = {}
    for unit in bunch.units:
        reading = f"reading {unit.name}"
        if reading in tries.deadly:
            unread[unit.name] = DIED
            continue
        try:
            with tries.trying(reading) if tries.begun else nullcontext(), copied(unit) as paths:
                series += reader.read(unit.labels, paths)
        except Exception as error:  # whatever it is, it must cost only the files that it comes from
            unread[unit.name] = str(error) if isinstance(error, LatentFillError) else _described(error)
    return series, unread


def _done(
    work: Work, series: Sequence[OneSeries], unread: Mapping[str, str], tries: Tries, name: str, files: PartFiles
) -> Content:
    """Work on the series; first on each alone if an earlier try failed, to find those that it failed for."""
    left_out = {**unread, **{each.name: DIED for each in series if each.name in tries.deadly}}
    if tries.begun >= MOST_TRIES:
        left_out |= dict.fromkeys((each.name for each in series), DIED)
    elif tries.begun:
        left_out |= _unfit(work, series, tries, left_out)
    try:
        return work.do(series, left_out, name, files)
    except Exception:  # whatever it is, it must cost only the series that it comes from
        left_out |= _unfit(work, series, tries, left_out)
        return work.do(series, left_out, name, files)


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _unfit(work: Work, series: Sequence[OneSeries], tries: Tries, known: Mapping[str, str]) -> dict[str, str]:
    """The series that cannot be worked on, each with the reason, besides those that are known."""
    found: dict[str, str] = {}
    for each in series:
        if each.table is None or each.name in known:
            continue
        with tries.trying(each.name):
            try:
                work.check(each)
            except LatentFillError:
                pass  # which is told as any other problem
            except Exception as error:
                found[each.name] = _described(error)
    return found


def _finished(output: Place, record_place: Place, key: str) -> Content | None:
    """What is known of a part that was done with this key, and whose files are as they were written; else None."""
    data = record_place.read_bytes()
    try:
        record = parse_json(data.decode()) if data is not None else {}
        if not isinstance(record, dict) or record.get("key") != key:
            return None
        for name, known in record["files"].items():
            if not output.child(name).exists():
                return None
            with output.child(name).copied() as path:
                if digest(path) != known:
                    return None
        return dict(record["content"])
    except (ValueError, KeyError, AttributeError):  # damaged
        return None


def _joined(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
