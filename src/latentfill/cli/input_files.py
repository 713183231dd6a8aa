"""The files that a command reads: which they are, and their digests, which say whether they stay the same."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from latentfill.cli.options import Given
from latentfill.core.errors import InputError
from latentfill.core.files import STANDARD
from latentfill.core.inputs import check_digest, digest

if TYPE_CHECKING:
    from latentfill.core.config import Config

NAMED = ("covariates", "config", "decisions", "samples", "student", "lm", "embeddings", "donor_table")  # options
ENCODERS = ("encoder", "encoders")  # options with encoders, such as student:FOLDER


def table_files(sources: Path | Sequence[Path]) -> list[Path]:
    """The files of a table: the path itself, several, or those in a folder."""
    from latentfill.tables.backends.joined_files import files_in

    paths = [sources] if isinstance(sources, Path) else list(sources)
    return [file for path in paths for file in (files_in(path) if os.path.isdir(path) and path != STANDARD else [path])]


def inputs_of(given: Given, *sources: Path | None) -> list[Path]:
    """All that a command reads: its own `sources`, and what its options name."""
    found = [source for source in sources if source is not None]
    for name in NAMED:
        value = given.get(name)
        for each in value if isinstance(value, list) else [value]:
            found += _covariate_files(each) if name == "covariates" else _paths(each)
    for name in ENCODERS:
        for text in (given.get(name) or "").split(","):
            found += _paths(text.partition(":")[2].partition("+")[0])
    return found


def inputs_of_config(config: Config) -> list[Path]:
    """What the settings name, which may come from a config file or from a model."""
    return [*_paths(config.stored.embeddings), *_paths(config.neighbours.donor_table)]


def file_digests(files: Sequence[Path]) -> dict[Path, str]:
    """The digests of those that are files; standard input has none."""
    return {path: _digest(path) for path in files if os.path.isfile(path) and path != STANDARD}


def check_unchanged(digests: Mapping[Path, str]) -> None:
    """Raise an `InputError` if one of the files has changed since its digest was taken."""
    for path, known in digests.items():
        check_digest(path, known)


def provenance(digests: Mapping[Path, str]) -> dict[str, str]:
    """`command` and, where there are digests, `sha256`: one digest, or one for each file with its path."""
    listed = ", ".join(f"{known} {path}" for path, known in digests.items())
    text = next(iter(digests.values())) if len(digests) == 1 else listed
    return {"command": shlex.join(["latentfill", *sys.argv[1:]]), **({"sha256": text} if text else {})}


def _digest(path: Path) -> str:
    try:
        return digest(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error


def _covariate_files(path: Path | None) -> Iterator[Path]:
    with suppress(InputError):  # a folder without tables, which is refused when it is read
        yield from table_files(path) if path is not None else ()


def _paths(value: object) -> Iterator[Path]:
    """The path that a value gives; none for numbers and switches."""
    if isinstance(value, str | Path) and str(value):
        yield Path(value)
