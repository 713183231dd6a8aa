"""Where a result comes from: the command line, and the digests of the files it was made from."""

from __future__ import annotations

import hashlib
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from latentfill.core.files import STANDARD


def provenance(sources: Path | Sequence[Path]) -> dict[str, str]:
    """`command` and, where the sources are files, `sha256`: one digest, or one for each file with its path."""
    files = [sources] if isinstance(sources, Path) else list(sources)
    digests = dict(_digests(files))
    text = next(iter(digests.values())) if len(files) == 1 and digests else _listed(digests)
    return {"command": shlex.join(["latentfill", *sys.argv[1:]]), **({"sha256": text} if text else {})}


def digest(path: Path) -> str | None:
    """The SHA-256 digest of a file; None for what is no file, such as standard input."""
    if path == STANDARD or not os.path.isfile(path):
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digests(files: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """The files that have a digest, each with it."""
    for path in files:
        if known := digest(path):
            yield path, known


def _listed(digests: dict[Path, str]) -> str:
    return ", ".join(f"{digest} {path}" for path, digest in digests.items())
