"""SHA-256 digests of the files of a folder, kept in one of them, so that damaged and exchanged files are noticed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

DIGESTS = "digests"  # the key in the record
OWN = "this file"  # the name that stands for the file with the record, without its digests


def with_digests(record: Mapping[str, object], folder: Path, names: Collection[str]) -> dict[str, object]:
    """A record for JSON with the digests of the files `names` in its folder, and of itself."""
    return {**record, DIGESTS: {OWN: _of_record(record), **{name: _of_file(folder / name) for name in names}}}


def digest_problems(record: Mapping[str, object], folder: Path, names: Collection[str]) -> Iterator[str]:
    """A phrase if there are no digests, and for each file in `names` that is not as it was written."""
    digests = record.get(DIGESTS)
    if not isinstance(digests, Mapping):
        yield "it has no digests of its files"
        return
    if digests.get(OWN) != _of_record({name: value for name, value in record.items() if name != DIGESTS}):
        yield "its own content was changed after it was written"
    yield from (
        f"{name} was changed after it was written" for name in names if digests.get(name) != _of_file(folder / name)
    )


def _of_record(record: Mapping[str, object]) -> str:
    # as it is read again from JSON, which knows no tuples
    return hashlib.sha256(json.dumps(json.loads(json.dumps(record)), sort_keys=True).encode()).hexdigest()


def _of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
