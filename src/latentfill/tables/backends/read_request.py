"""`ReadRequest`: what the user says about the layout of a file; what is not said is detected."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """The layout of a table file, as far as the user gives it; None: detected."""

    delimiter: str | None = None  # one character; a space stands for any number of spaces and tabs
    encoding: str | None = None
    comment: str | None = None  # start of lines that are no rows; "" if there are none
    skip_rows: int | None = None  # lines above the header
    header_rows: int | None = None  # rows with column names; 0 if there is no header
    units_row: int | None = None  # rows between the names and the data, such as units
    names: tuple[str, ...] | None = None  # names of all columns
    sheet: str | None = None  # of a spreadsheet
