"""What a user says about a table that is to be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from latentfill.core.errors import InputError
from latentfill.tables.time.formats import format_problems


@dataclass(frozen=True, kw_only=True)
class TableOptions:
    """How a table is to be understood."""

    time: tuple[str, ...] | None = None  # columns that make the stamp; None = find them, () = row number
    time_format: str | None = None  # strptime format of the stamps
    leave: tuple[str, ...] = ()  # columns passed through untouched
    columns: tuple[str, ...] | None = None  # the value columns, when only these are wanted
    missing: tuple[str, ...] = ()  # sentinels beside the usual markers, such as -200
    grid: bool = False  # add the rows that are missing from the regular grid to the output
    regular: bool = True  # work on the regular grid; False keeps to the rows there are
    delimiter: str | None = None  # of CSV files; None = find it
    encoding: str | None = None  # of CSV files; None = UTF-8 or as the byte order mark says
    decimal: str | None = None  # "." or ","; None = find it

    def __post_init__(self) -> None:
        problems = [*self._wrong_types(), *self._wrong_values()]
        if problems:
            raise InputError("table options: " + "; ".join(problems))

    def _wrong_types(self) -> Iterator[str]:
        for name in ("time", "leave", "columns", "missing"):
            given = getattr(self, name)
            if given is None and name in ("time", "columns"):
                continue
            if not isinstance(given, tuple) or not all(isinstance(item, str) for item in given):
                yield f"{name} must be a tuple of texts, got {given!r}"
        for name in ("time_format", "delimiter", "encoding", "decimal"):
            if not isinstance(getattr(self, name), str | None):
                yield f"{name} must be text, got {getattr(self, name)!r}"
        for name in ("grid", "regular"):
            if not isinstance(getattr(self, name), bool):
                yield f"{name} must be true or false, got {getattr(self, name)!r}"

    def _wrong_values(self) -> Iterator[str]:
        if isinstance(self.time_format, str):
            wrong = format_problems(self.time_format)
            yield from (f"time_format {self.time_format!r} cannot be used: {problem}" for problem in wrong)
        if isinstance(self.delimiter, str) and (len(self.delimiter) != 1 or self.delimiter in '"\r\n'):
            yield f"delimiter must be one character and no quote, got {self.delimiter!r}"
        if isinstance(self.decimal, str) and self.decimal not in (".", ","):
            yield f"decimal must be '.' or ',', got {self.decimal!r}"
        if self.grid and not self.regular:
            yield "grid=True adds rows of the regular grid and cannot go with regular=False"
        if self.columns == ():
            yield "columns is empty; name at least one or leave it out"
        if isinstance(self.encoding, str) and not _is_encoding(self.encoding):
            yield f"encoding {self.encoding!r} is not known; try utf-8, latin-1 or cp1252"
        taken = {name for names in (self.leave, self.time) if isinstance(names, tuple) for name in names}
        if isinstance(self.columns, tuple) and (both := sorted(taken.intersection(self.columns))):
            yield f"columns cannot be filled and also left alone or used as time: {', '.join(both)}"


def _is_encoding(name: str) -> bool:
    try:
        "".encode(name)
    except (LookupError, ValueError):  # unknown, or no encoding of text, such as base64
        return False
    return True
