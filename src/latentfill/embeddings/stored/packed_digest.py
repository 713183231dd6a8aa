"""The SHA-256 digest of a packed file, which stands in its header: it shows damage anywhere in the file."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import BinaryIO

UNSEALED = "0" * 64  # in place of the digest, until the file is complete
_DIGEST = re.compile(rb'\\"digest\\": \\"([0-9a-f]{64})\\"')  # in the record, a JSON text inside the JSON header
_AT_ONCE = 1 << 20  # bytes


def seal(path: Path) -> None:
    """Write the digest of a complete file into its header."""
    with path.open("r+b") as file:
        at = _place(_header(file))
        assert at is not None, "the header has no place for a digest"
        digest = _digest_of(file, at)
        file.seek(at)
        file.write(digest.encode())


def unsealed(header: bytes) -> bytes:
    """The first bytes of a file, as they were before it was sealed."""
    at = _place(header)
    return header if at is None else header[:at] + UNSEALED.encode() + header[at + len(UNSEALED) :]


def is_intact(path: Path) -> bool:
    """Whether a file is as it was when it was sealed."""
    with path.open("rb") as file:
        header = _header(file)
        at = _place(header)
        return at is not None and header[at : at + len(UNSEALED)].decode() == _digest_of(file, at)


def _header(file: BinaryIO) -> bytes:
    """The bytes of the header and its length."""
    file.seek(0)
    start = file.read(8)
    return start + file.read(int.from_bytes(start, "little"))


def _place(header: bytes) -> int | None:
    """Where the digest stands."""
    found = _DIGEST.search(header)
    return None if found is None else found.start(1)


def _digest_of(file: BinaryIO, at: int) -> str:
    """The digest of a file that has `UNSEALED` in its header."""
    file.seek(0)
    digest = hashlib.sha256(file.read(at) + UNSEALED.encode())
    file.seek(at + len(UNSEALED))
    while data := file.read(_AT_ONCE):
        digest.update(data)
    return digest.hexdigest()
