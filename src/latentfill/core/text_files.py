"""Reads files as bytes or text: unpacks gzip, and decodes by the byte order mark or the given encoding."""

from __future__ import annotations

import codecs
import gzip
import io
import sys
import zlib
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple, cast

from latentfill.core.errors import InputError
from latentfill.core.files import STANDARD
from latentfill.core.memory_limit import check_memory, memory_limit

MEMORY_PER_BYTE = 9  # of text that becomes a table: 23 MB of CSV took 208 MB at most
_AT_ONCE = 1 << 20  # bytes
_SAMPLE = 1000  # lines in which the encoding is found
_CODECS = ("cp1252", "latin_1", "gb18030", "shift_jis", "big5")  # also tried, as short texts are hard to judge
_SIGNS = "°µ²³℃‰"
_GZIP_MAGIC = b"\x1f\x8b"
_BOMS = (  # UTF-32 first: its little-endian mark begins with the mark of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read_bytes(path: Path) -> bytes:
    """The bytes of a file, unpacked if it is gzipped."""
    try:
        data = _read_up_to_limit(_standard_input(), path) if path == STANDARD else _read_file(path)
    except FileNotFoundError:
        raise InputError(f"There is no file {path}. Check the path.") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder, not a table. Give the path of one file in it.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    if not data.startswith(_GZIP_MAGIC) and path.suffix.lower() != ".gz":
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as unpacked:
            return _read_up_to_limit(cast(IO[bytes], unpacked), path)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} is not a complete gzip file ({error}). Copy or download it again.") from error


def _standard_input() -> IO[bytes]:
    if sys.stdin is None:
        raise InputError("standard input is closed, so no table can be read from it. Give the path of a file.")
    return sys.stdin.buffer


def _read_file(path: Path) -> bytes:
    check_memory(MEMORY_PER_BYTE * path.stat().st_size, path)
    return path.read_bytes()


def _read_up_to_limit(file: IO[bytes], path: Path) -> bytes:
    """All bytes of an open file, read a part at a time; an error where their number exceeds the memory limit."""
    parts: list[bytes] = []
    size = 0
    while part := file.read(_AT_ONCE):
        parts.append(part)
        size += len(part)
        if MEMORY_PER_BYTE * size > memory_limit():
            check_memory(MEMORY_PER_BYTE * size, path, unpacking=True)
    check_memory(MEMORY_PER_BYTE * size, path)
    return b"".join(parts)


class Text(NamedTuple):
    """The text of a file; `bom + text.encode(codec)` gives its bytes back."""

    text: str
    codec: str
    bom: bytes  # byte order mark
    notes: tuple[str, ...] = ()  # for the user


def read_text(path: Path, encoding: str | None) -> Text:
    """Decode a file: by its byte order mark, by the `encoding` that is given, as UTF-8, or by what fits best."""
    data = read_bytes(path)
    _refuse_other_formats(data, path)
    bom, codec = next(((mark, name) for mark, name in _BOMS if data.startswith(mark)), (b"", "utf-8"))
    if encoding is not None and not (bom and _base_codec(encoding) in codec):
        bom, codec = b"", encoding
    body = data[len(bom) :]
    notes: tuple[str, ...] = ()
    if encoding is None and not bom and (found := _find_codec(body)) is not None:
        codec, notes = found, (f"The file is read as {found} text; give --encoding if letters look wrong.",)
    try:
        text = body.decode(codec)
        is_reversible = codec == "utf-8" or text.encode(codec) == body
    except UnicodeDecodeError as error:
        raise _decode_error(body, len(bom), error, path) from error
    except UnicodeError as error:
        raise InputError(f"{path} is not {codec} text ({error}). Give the encoding that it was written in.") from error
    _refuse_nul(text, path)
    if not is_reversible:
        raise InputError(f"{path}: writing {codec} text back would change its bytes. Convert it to UTF-8.")
    return Text(text, codec, bom, notes)


def _find_codec(data: bytes) -> str | None:
    """The encoding that text which is not UTF-8 was probably written in; None if it is UTF-8, or if none fits.

    charset-normalizer judges the lines that are not ASCII, because they are few in a table of numbers.
    """
    with suppress(UnicodeDecodeError):
        data.decode("utf-8")
        return None
    sample = b"\n".join([line for line in data.splitlines() if not line.isascii()][:_SAMPLE])
    text = sample.decode("utf-8", errors="surrogateescape")
    n_bad = sum("\udc80" <= letter <= "\udcff" for letter in text)
    if sum(letter > "\x7f" for letter in text) >= 2 * n_bad:  # as many letters of UTF-8: the text mixes encodings
        return None
    from charset_normalizer import from_bytes

    found = [str(each.encoding) for each in from_bytes(sample, cp_exclusion=["utf_7"])]
    possible = [codec for codec in dict.fromkeys((*found, *_CODECS)) if _is_reversible(data, codec)]
    return max(possible, key=lambda codec: _count_signs(sample.decode(codec)), default=None)


def _is_reversible(data: bytes, codec: str) -> bool:
    try:
        return data.decode(codec).encode(codec) == data
    except UnicodeError:
        return False


def _count_signs(text: str) -> int:
    """Number of signs of units, such as a degree sign, which are more telling in tables than letters."""
    return sum(text.count(sign) for sign in _SIGNS)


def _base_codec(encoding: str) -> str:
    """Codec name without `-sig`; as for `utf-16`, it is a part of the codec's name that a byte order mark gives."""
    return codecs.lookup(encoding).name.removesuffix("-sig")


def _decode_error(body: bytes, bom_length: int, error: UnicodeDecodeError, path: Path) -> InputError:
    line = body.count(b"\n", 0, error.start) + 1
    return InputError(
        f"{path} is not {error.encoding} text: byte {body[error.start]:#04x} at offset "
        f"{error.start + bom_length}, line {line}. Give the encoding that the file was written in, "
        "for example `--encoding latin-1`; if it mixes encodings, convert it to UTF-8 first."
    )


def _refuse_nul(text: str, path: Path) -> None:
    if (position := text.find("\0")) < 0:
        return
    line = text.count("\n", 0, position) + 1
    raise InputError(
        f"{path} has a NUL character in line {line}: it is damaged, binary, or UTF-16 without a byte order mark. "
        "Give `--encoding utf-16-le` for UTF-16; otherwise export the table as CSV again."
    )


def _refuse_other_formats(data: bytes, path: Path) -> None:
    for magic, kind in ((b"PAR1", "a Parquet file"), (b"PK\x03\x04", "a spreadsheet or zip archive")):
        if data.startswith(magic):
            raise InputError(
                f"{path} is {kind}, not CSV text. Rename a Parquet file to `.parquet`; a spreadsheet to `.xlsx`."
            )
