"""Where a result comes from: the command line, and the digests of the files it was made from."""

from __future__ import annotations

import hashlib
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


def _digests(files: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """The SHA-256 digest of each file; standard input, which can be read only once, has none."""
    for path in files:
        if path != STANDARD and path.is_file():
            with path.open("rb") as file:
                yield path, hashlib.file_digest(file, "sha256").hexdigest()


def _listed(digests: dict[Path, str]) -> str:
    return ", ".join(f"{digest} {path}" for path, digest in digests.items())
