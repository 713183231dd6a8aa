"""`TableOptions`: the user's settings for reading a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from latentfill.core.errors import InputError
from latentfill.core.messages import joined, quoted
from latentfill.core.setting_type import Part, setting, split_names
from latentfill.core.settings_base import Settings
from latentfill.core.settings_text import documented
from latentfill.tables.backends.read_request import ReadRequest
from latentfill.tables.time.formats import format_problems
from latentfill.tables.time.zone_names import timezone_problem

DecimalMark = Literal[".", ","]
ANY = "*"  # all columns
AUTO = "auto"  # also values that look like markers of missing cells
NONE = "none"  # no value only because it looks like a marker


@documented
@dataclass(frozen=True, kw_only=True)
class TableOptions(Settings):
    """How a table is read."""

    part: ClassVar[Part] = "reading"
    panel: ClassVar[str] = "Reading the table"
    title: ClassVar[str] = "table options"

    time: tuple[str, ...] | None = setting(
        None,
        "Columns that form the time stamp, such as year,month,day,hour; none (in Python False) for row numbers; "
        "detected if not given.",
        flag="--time",
        none=(),
        refit=False,
    )
    time_format: str | None = setting(
        None, "strptime format of the time stamps; detected if not given.", flag="--time-format", refit=False
    )
    timezone: str | None = setting(
        None,
        "Time zone of time stamps without one, such as Europe/Berlin, whose clocks go forward and back; UTC if not "
        "given.",
        flag="--timezone",
        refit=False,
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
    by: tuple[str, ...] = setting(
        (),
        "Columns that tell the series of a stacked table apart, such as station; each series is filled on its own.",
        flag="--by",
        names=("by", "groups"),
        refit=False,
    )
    pivot: tuple[str, ...] = setting(
        (),
        "Columns of a long table, which has one reading in each row, with the names and the values of the readings, as "
        "in parameter=value; each name is filled as a column of its own.",
        flag="--pivot",
        none=(),
        refit=False,
    )
    missing: tuple[str, ...] = setting(
        (),
        "Values that mark missing cells, such as -200,-9999, or by column, such as WVHT=99,*=-9999; auto: also values "
        "that look like markers, none: no such value. Blanks, NA, NaN and null always mark them.",
        flag="--missing",
        refit=False,
    )
    fill_text: bool = setting(
        False,
        "Also fill columns of words that come again, such as a status, and of true and false; each gets one of its own "
        "words.",
        flag="--fill-text",
        refit=False,
    )
    grid: bool = setting(False, "Add the rows that are missing from the regular time grid.", flag="--grid", refit=False)
    delimiter: str | None = setting(
        None,
        "Field delimiter of a text file; a space stands for any number of spaces and tabs. Detected if not given.",
        flag="--delimiter",
        refit=False,
    )
    encoding: str | None = setting(
        None, "Text encoding of a text file; detected if not given.", flag="--encoding", refit=False
    )
    comment: str | None = setting(
        None, "Start of lines that are no rows, such as #; detected if not given.", flag="--comment", refit=False
    )
    skip_rows: int | None = setting(
        None,
        "Lines above the column names, which are kept unchanged; detected if not given.",
        flag="--skip-rows",
        least=0,
        refit=False,
    )
    header_rows: int | None = setting(
        None,
        "Rows that hold the column names; names in several rows are joined, 0: the file has no names. Detected if not "
        "given.",
        flag="--header-rows",
        least=0,
        refit=False,
    )
    units_row: int | None = setting(
        None,
        "Rows without data below the column names, such as units; detected if not given.",
        flag="--units-row",
        more_flags=("--units-rows",),
        least=0,
        refit=False,
    )
    names: tuple[str, ...] | None = setting(
        None,
        "Names of all columns, separated by commas, for a file without names or instead of them.",
        flag="--names",
        refit=False,
    )
    sheet: str | None = setting(None, "Name of the sheet of an Excel file.", flag="--sheet", refit=False)
    decimal: DecimalMark | None = setting(
        None, "Decimal mark of a CSV file; detected if not given.", flag="--decimal", refit=False
    )
    thousands: str | None = setting(
        None, "Separator of thousands in a text file; detected if not given.", flag="--thousands", refit=False
    )
    flags: str | None = setting(
        None,
        "Characters beside numbers that are kept and not read, such as the star of 12.5*; * and # are detected.",
        flag="--flags",
        refit=False,
    )
    regular: bool = True  # False: one step per row, without steps for missing rows; set by commands, not by users

    def __post_init__(self) -> None:
        if isinstance(self.time, str) and not split_names(self.time):
            raise InputError(
                "time is empty. Name the columns that form the time stamp, or give 'none' for row numbers."
            )
        time: object = self.time
        if time is False or time == "none":  # for row numbers in Python, where None is the default
            object.__setattr__(self, "time", ())
        if isinstance(self.missing, Mapping):
            object.__setattr__(self, "missing", tuple(_marker_items(self.missing)))
        object.__setattr__(self, "pivot", _as_pair(self.pivot))
        super().__post_init__()

    @property
    def accepts_suspected(self) -> bool:
        """Whether values that look like markers of missing cells are taken for such."""
        return AUTO in self.missing

    @property
    def trusts_suspected(self) -> bool:
        """Whether values that look like markers of missing cells are taken for what they are."""
        return NONE in self.missing

    def markers(self, column: str) -> tuple[str, ...]:
        """The values that mark missing cells in a column."""
        return tuple(marker for name, marker in self.markers_by_name() if name in (column, ANY))

    def markers_by_name(self) -> Iterator[tuple[str, str]]:
        """Column and value of each marker; the column is `*` for a marker of all columns."""
        for item in self.missing:
            name, equals, marker = item.rpartition("=")
            if item not in (AUTO, NONE):
                yield (name.strip() if equals and name.strip() else ANY), (marker if equals and name.strip() else item)

    @property
    def layout(self) -> ReadRequest:
        """What these options say about the layout of a file."""
        return ReadRequest(
            delimiter=self.delimiter,
            encoding=self.encoding,
            comment=self.comment,
            skip_rows=self.skip_rows,
            header_rows=self.header_rows,
            units_row=self.units_row,
            names=self.names,
            sheet=self.sheet,
        )

    def contradictions(self) -> Iterator[str]:
        if self.time_format is not None:
            wrong = format_problems(self.time_format)
            yield from (f"time_format {quoted(self.time_format)} cannot be used: {problem}" for problem in wrong)
        if self.timezone is not None and (problem := timezone_problem(self.timezone)):
            yield problem
        if self.delimiter is not None and (len(self.delimiter) != 1 or self.delimiter in '"\r\n'):
            yield f"delimiter must be one character and no quote, got {quoted(self.delimiter)}"
        if self.header_rows == 0 and self.units_row:
            yield "header_rows=0 says that there is no header, and units_row that there are rows below it"
        if self.names is not None and len(set(self.names)) < len(self.names):
            yield f"names must be different, got {joined(self.names)}"
        if self.grid and not self.regular:
            yield "grid=True adds rows of the regular grid, which regular=False excludes"
        if self.columns == ():
            yield "columns is empty; name at least one or leave it out"
        if self.thousands is not None and (len(self.thousands) != 1 or self.thousands in "0123456789+-"):
            yield f"thousands must be one character that numbers do not have, got {quoted(self.thousands)}"
        if self.thousands is not None and self.thousands == (self.decimal or ""):
            yield f"thousands and decimal cannot be the same, got {quoted(self.thousands)}"
        if self.encoding is not None and not _is_encoding(self.encoding):
            yield f"encoding {quoted(self.encoding)} is not known; try utf-8, latin-1 or cp1252"
        if len(set(self.by)) < len(self.by):
            yield f"columns of by must be different, got {joined(self.by)}"
        if both := sorted({*self.by}.intersection((*(self.columns or ()), *(self.time or ())))):
            yield f"columns of by cannot also be in columns or time: {joined(both)}"
        yield from self._pivot_problems()
        taken = {*self.leave, *(self.time or ())}
        if both := sorted(taken.intersection(self.columns or ())):
            yield f"columns to fill cannot also be in leave or time: {joined(both)}"

    def _pivot_problems(self) -> Iterator[str]:
        if not self.pivot:
            return
        if len(self.pivot) != 2 or not all(self.pivot):
            yield (
                "pivot takes the column of names and the column of values with an equals sign between them, such as "
                f"parameter=value, got {quoted('='.join(self.pivot))}"
            )
        elif self.pivot[0] == self.pivot[1]:
            yield f"pivot names column {quoted(self.pivot[0])} twice; names and values stand in different columns"
        if both := sorted({*self.pivot}.intersection((*self.by, *self.leave, *(self.time or ())))):
            yield f"columns of pivot cannot also be in by, leave or time: {joined(both)}"
        if self.time == ():
            yield "pivot needs time stamps, which show the readings that belong together, and time is none"


def _as_pair(given: object) -> object:
    """The two names in a text `A=B` or in a mapping; anything else as it is."""
    if isinstance(given, str):
        return tuple(part.strip() for part in given.split("=", 1))
    if isinstance(given, Mapping):
        return tuple(name for item in given.items() for name in item)
    return given


def _marker_items(markers: Mapping[str, object]) -> Iterator[str]:
    """Markers by column, one or a list of them for each, as items `NAME=VALUE`."""
    for name, values in markers.items():
        yield from (f"{name}={value}" for value in (values if isinstance(values, list | tuple) else [values]))


def _is_encoding(name: str) -> bool:
    try:
        "".encode(name)
    except (LookupError, ValueError):  # unknown, or a codec that does not encode text, such as base64
        return False
    return True
