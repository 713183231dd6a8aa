"""What a user says about a table that is to be read."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

from latentfill.errors import InputError
from latentfill.stamp_formats import format_problems


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
            raise InputError("TableOptions: " + "; ".join(problems))

    def _wrong_types(self) -> Iterator[str]:
        for name in ("time", "leave", "columns", "missing"):
            given = getattr(self, name)
            if given is None and name in ("time", "columns"):
                continue
            if not isinstance(given, tuple) or not all(isinstance(item, str) for item in given):
                yield f"{name} must be a tuple of texts, got {given!r}"

    def _wrong_values(self) -> Iterator[str]:
        if self.time_format is not None:
            wrong = format_problems(self.time_format)
            yield from (f"time_format {self.time_format!r} cannot be used: {problem}" for problem in wrong)
        if self.delimiter is not None and (len(self.delimiter) != 1 or self.delimiter in '"\r\n'):
            yield f"delimiter must be one character and no quote, got {self.delimiter!r}"
        if self.decimal not in (None, ".", ","):
            yield f"decimal must be '.' or ',', got {self.decimal!r}"
        if self.grid and not self.regular:
            yield "grid=True adds rows of the regular grid and cannot go with regular=False"
        if self.columns == ():
            yield "columns is empty; name at least one or leave it out"
        if self.encoding is not None and not _is_encoding(self.encoding):
            yield f"encoding {self.encoding!r} is not known; try utf-8, latin-1 or cp1252"
        if self.columns and (both := sorted(set(self.columns) & {*self.leave, *(self.time or ())})):
            yield f"columns cannot be filled and also left alone or used as time: {', '.join(both)}"


def _is_encoding(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True
