"""`TableOptions`: the user's settings for reading a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from latentfill.core.errors import InputError
from latentfill.core.setting_type import Part, setting, split_names
from latentfill.core.settings_base import Settings
from latentfill.core.settings_text import documented
from latentfill.tables.time.formats import format_problems

DecimalMark = Literal[".", ","]


@documented
@dataclass(frozen=True, kw_only=True)
class TableOptions(Settings):
    """How a table is read."""

    part: ClassVar[Part] = "reading"
    panel: ClassVar[str] = "Reading the table"
    title: ClassVar[str] = "table options"

    time: tuple[str, ...] | None = setting(
        None,
        "Columns that form the time stamp, such as year,month,day,hour; none for row numbers; detected if not given.",
        flag="--time",
        none=(),
        refit=False,
    )
    time_format: str | None = setting(
        None, "strptime format of the time stamps; detected if not given.", flag="--time-format", refit=False
    )
    leave: tuple[str, ...] = setting(
        (), "Columns to pass through unchanged, separated by commas.", flag="--leave", refit=False
    )
    columns: tuple[str, ...] | None = setting(
        None,
        "Columns to use and fill, separated by commas; all columns of numbers if not given.",
        flag="--columns",
        refit=False,
    )
    missing: tuple[str, ...] = setting(
        (),
        "Values that mark missing cells, such as -200,-9999; blanks, NA, NaN and null always do.",
        flag="--missing",
        refit=False,
    )
    grid: bool = setting(False, "Add the rows that are missing from the regular time grid.", flag="--grid", refit=False)
    delimiter: str | None = setting(
        None, "Field delimiter of a CSV file; detected if not given.", flag="--delimiter", refit=False
    )
    encoding: str | None = setting(
        None, "Text encoding of a CSV file; UTF-8 if not given.", flag="--encoding", refit=False
    )
    decimal: DecimalMark | None = setting(
        None, "Decimal mark of a CSV file; detected if not given.", flag="--decimal", refit=False
    )
    regular: bool = True  # False: one step per row, without steps for missing rows; set by commands, not by users

    def __post_init__(self) -> None:
        if isinstance(self.time, str) and not split_names(self.time):
            raise InputError(
                "time is empty. Name the columns that form the time stamp, or give 'none' for row numbers."
            )
        super().__post_init__()

    def contradictions(self) -> Iterator[str]:
        if self.time_format is not None:
            wrong = format_problems(self.time_format)
            yield from (f"time_format {self.time_format!r} cannot be used: {problem}" for problem in wrong)
        if self.delimiter is not None and (len(self.delimiter) != 1 or self.delimiter in '"\r\n'):
            yield f"delimiter must be one character and no quote, got {self.delimiter!r}"
        if self.grid and not self.regular:
            yield "grid=True adds rows of the regular grid, which regular=False excludes"
        if self.columns == ():
            yield "columns is empty; name at least one or leave it out"
        if self.encoding is not None and not _is_encoding(self.encoding):
            yield f"encoding {self.encoding!r} is not known; try utf-8, latin-1 or cp1252"
        taken = {*self.leave, *(self.time or ())}
        if both := sorted(taken.intersection(self.columns or ())):
            yield f"columns to fill cannot also be in leave or time: {', '.join(both)}"


def _is_encoding(name: str) -> bool:
    try:
        "".encode(name)
    except (LookupError, ValueError):  # unknown, or a codec that does not encode text, such as base64
        return False
    return True
