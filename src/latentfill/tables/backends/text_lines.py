"""Text files line by line, packed or not, so that no more than a line of them is in memory."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, cast

from latentfill.core.errors import InputError
from latentfill.core.memory_limit import check_memory
from latentfill.core.text_files import MEMORY_PER_BYTE

BOM = b"\xef\xbb\xbf"


class _Unpacked(gzip.GzipFile):
    """A gzipped file, of which no line may be longer than memory allows, as a line is read as a whole."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rb")
        self._path, self._since_line_end = path, 0

    def read1(self, size: int = -1) -> bytes:
        data = super().read1(size)
        self._since_line_end = len(data) - data.rfind(b"\n") if b"\n" in data else self._since_line_end + len(data)
        check_memory(MEMORY_PER_BYTE * self._since_line_end, self._path, unpacking=True)
        return data


def is_packed(path: Path) -> bool:
    """Whether a file is gzipped, whatever its name."""
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


@contextmanager
def opened_bytes(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of a file, unpacked if it is gzipped."""
    try:
        with _Unpacked(path) if is_packed(path) else path.open("rb") as unpacked:
            yield cast(IO[bytes], unpacked)
    except (OSError, EOFError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error


@contextmanager
def opened_text(path: Path, encoding: str) -> Iterator[IO[str]]:
    """The lines of a text file without its byte order mark, with the line ends that they have."""
    with opened_bytes(path) as file:
        if file.read(3) != BOM:
            file.seek(0)
        yield io.TextIOWrapper(cast(io.BufferedReader, file), encoding=encoding, newline="")


@contextmanager
def new_bytes(path: Path, *, packed: bool) -> Iterator[IO[bytes]]:
    """A new file, `packed` by gzip or not."""
    with path.open("wb") as file, ExitStack() as stack:
        target = stack.enter_context(gzip.GzipFile("", "wb", 6, file, mtime=0)) if packed else file
        yield cast(IO[bytes], target)


@contextmanager
def new_text(path: Path, encoding: str, *, packed: bool) -> Iterator[IO[str]]:
    """A new text file, `packed` by gzip or not."""
    with new_bytes(path, packed=packed) as target, _as_text(target, encoding) as file:
        yield file


def _as_text(file: IO[bytes], encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(cast(io.BufferedWriter, file), encoding=encoding, newline="")
