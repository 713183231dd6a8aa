"""Whole files: their bytes unpacked and decoded, and new bytes put in the place of a file at once."""

from __future__ import annotations

import codecs
import gzip
import os
import shutil
import uuid
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from latentfill.core.errors import InputError

_GZIP_MAGIC = b"\x1f\x8b"
_BOMS = (  # UTF-32 first: its little-endian mark begins with the one of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read_bytes(path: Path) -> bytes:
    """The bytes of a file, unpacked when it is gzipped."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"There is no file {path}. Check the path.") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder, not a table. Give the path of one file in it.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    if not data.startswith(_GZIP_MAGIC) and path.suffix.lower() != ".gz":
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} is not a complete gzip file ({error}). Copy or download it again.") from error


def read_text(path: Path, encoding: str | None) -> tuple[str, str, bytes]:
    """Text, codec and byte order mark of a file; the three give its bytes back."""
    data = read_bytes(path)
    _refuse_other_formats(data, path)
    bom, codec = next(((mark, name) for mark, name in _BOMS if data.startswith(mark)), (b"", "utf-8"))
    if encoding is not None and not (bom and _unmarked(encoding) in codec):
        bom, codec = b"", encoding
    body = data[len(bom) :]
    try:
        text = body.decode(codec)
        is_kept = codec == "utf-8" or text.encode(codec) == body
    except UnicodeDecodeError as error:
        raise _decode_error(body, len(bom), error, path) from error
    except UnicodeError as error:
        raise InputError(f"{path} is not {codec} text ({error}). Name the encoding it was written with.") from error
    _refuse_nul(text, path)
    if not is_kept:
        raise InputError(f"{path}: writing {codec} text back would change its bytes. Convert it to UTF-8.")
    return text, codec, bom


def _unmarked(encoding: str) -> str:
    """Codec name without its byte order, so that `utf-16` and `utf-8-sig` agree with the mark found."""
    return codecs.lookup(encoding).name.removesuffix("-sig")


def _decode_error(body: bytes, shift: int, error: UnicodeDecodeError, path: Path) -> InputError:
    line = body.count(b"\n", 0, error.start) + 1
    return InputError(
        f"{path} is not {error.encoding} text: byte {body[error.start]:#04x} at offset "
        f"{error.start + shift}, line {line}. Name the encoding it was written with, "
        "for example `--encoding latin-1`; if it mixes encodings, convert it to UTF-8 first."
    )


def _refuse_nul(text: str, path: Path) -> None:
    if (position := text.find("\0")) < 0:
        return
    line = text.count("\n", 0, position) + 1
    raise InputError(
        f"{path} holds a NUL character in line {line}, so it is damaged, binary, or UTF-16 without a "
        "byte order mark. For the last give `--encoding utf-16-le`; else export the table as CSV again."
    )


def _refuse_other_formats(data: bytes, path: Path) -> None:
    for magic, kind in ((b"PAR1", "a Parquet file"), (b"PK\x03\x04", "a spreadsheet or zip archive")):
        if data.startswith(magic):
            raise InputError(f"{path} is {kind}, not CSV text. Name Parquet files `.parquet`; export others as CSV.")


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file under a temporary name, then rename it; `.gz` names are packed reproducibly."""
    path = Path(os.path.realpath(path))
    if path.suffix.lower() == ".gz":
        data = gzip.compress(data, compresslevel=6, mtime=0)
    with replacing(path) as temporary:
        temporary.write_bytes(data)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a temporary sibling path; the file written there takes the place of `path` when the block ends well."""
    temporary = _sibling(path, "tmp")
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with suppress(OSError):  # nothing to remove when all went well, or the folder is missing
            temporary.unlink()


@contextmanager
def replacing_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Gives a new, empty sibling folder that takes the place of `path` when the block ends well.

    If the block fails, what was at `path` is as before. If the new folder cannot be moved into place, what was at
    `path` is put back, and the error says where the new folder is kept.
    """
    path = Path(os.path.realpath(path))
    new = _sibling(path, "new")
    try:
        new.mkdir(parents=True)
        yield new
    except BaseException as error:
        shutil.rmtree(new, ignore_errors=True)
        if isinstance(error, OSError):
            raise _unwritable(path, error) from error
        raise
    _move_into_place(new, path)


def _move_into_place(new: Path, path: Path) -> None:
    """Rename the folder `new` to `path`; a folder that was there is removed, or put back if the rename fails."""
    old = _sibling(path, "old")
    try:
        try:
            if path.exists():
                path.rename(old)
            new.rename(path)
        finally:
            if old.exists() and not path.exists():
                old.rename(path)
    except OSError as error:
        before = f" What was there before is now {old}." if old.exists() else ""
        raise InputError(
            f"{path} cannot be replaced: {error.strerror or error}. The new folder is complete and is kept as {new}; "
            f"move it where you want it.{before}"
        ) from error
    shutil.rmtree(old, ignore_errors=True)


def _sibling(path: Path, ending: str) -> Path:
    """An unused name beside `path`; short, as `path.name` may be as long as names can be."""
    return path.with_name(f".{uuid.uuid4().hex}.{ending}")


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(
        f"{path} cannot be written: {error.strerror or error}. Choose a folder that exists and that you may write to."
    )


def check_file_path(path: Path) -> None:
    """Refuse a path at which no file can be written, before any work is done for it."""
    try:
        folder = Path(os.path.realpath(path)).parent
        if path.is_dir():
            raise InputError(f"{path} is a folder. Give the path of a file to write.")
        if not folder.is_dir():
            raise InputError(f"{path} cannot be written: there is no folder {folder}. Make it first.")
        _check_writable(folder, path)
    except OSError as error:  # such as a name that is too long
        raise InputError(f"{path} cannot be written: {error.strerror or error}. Choose another path.") from error


def check_folder_path(path: Path, content: str, may_replace: Callable[[Path], bool]) -> None:
    """Refuse a path at which no folder can be written, before any work is done for it.

    `content` names what the folder will hold, as in "a model"; `may_replace` tells whether a folder that is there, and
    is not empty, may be replaced.
    """
    try:
        _check_writable(next(folder for folder in path.absolute().parents if folder.exists()), path)
        if path.exists() and not path.is_dir():
            raise InputError(f"{path} is a file; {content} is a folder, so name a new one.")
        if path.exists() and any(path.iterdir()) and not may_replace(path):
            raise InputError(f"{path} is a folder that holds something other than {content}; name a new folder.")
    except OSError as error:  # such as a name that is too long, or a folder that may not be read
        raise InputError(f"{path} cannot be written: {error.strerror or error}. Choose another path.") from error


def _check_writable(folder: Path, path: Path) -> None:
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"{path} cannot be written: {folder} is not a folder that can be written to. Choose another.")


@contextmanager
def locked(path: Path) -> Iterator[BinaryIO]:
    """A file open for reading and writing, made if it is not there, that a second run is refused until this one ends.

    The lock is the process's own, so nothing of it is left when that is killed.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}. Choose another place.") from error
    with open(descriptor, "r+b") as file:
        if not _lock(descriptor) or not path.exists() or not os.path.samestat(os.fstat(descriptor), path.stat()):
            raise InputError(f"another run is writing {path}. Wait until it has ended, or choose another place.")
        yield file


def _lock(descriptor: int) -> bool:
    """Whether no other process has locked an open file; where there are no such locks, none has."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def stem(path: str | os.PathLike[str]) -> str:
    """The name of a file without the ending that says what kind of table it is: `a.2020.csv.gz` is `a.2020`."""
    name = Path(path)
    return Path(name.stem).stem if name.suffix.lower() == ".gz" else name.stem
