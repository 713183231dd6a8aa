"""`Source`: the protocol of a table as it was read, for CSV files and data frames alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from latentfill.core.series import IntArray
from latentfill.tables.backends.column import Column
from latentfill.tables.backends.edits import Edits
from latentfill.tables.backends.native import NativeFrame, TextArray
from latentfill.tables.backends.row_names import RowNames


class Source(Protocol):
    """A table as it was read: it returns its columns, and an edited copy of itself."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns."""

    @property
    def n_rows(self) -> int:
        """Number of rows."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the user on how the layout of the file was read."""

    @property
    def layout(self) -> Mapping[str, object]:
        """What was found about the layout of the file, as JSON values by name; empty for a frame."""

    @property
    def index(self) -> Column | None:
        """The time index of a pandas frame; None for any other table."""

    def columns(self) -> tuple[Column, ...]:
        """All columns with their cells."""

    def texts(self, position: int) -> TextArray | None:
        """The unchanged cells of one column; None if they are not text."""

    def without_empty_end(self) -> Source:
        """The table without the empty rows at the end of its file; the same object if there are none."""

    def with_columns_read(self) -> Source:
        """The same table, whose columns are read once for all tables that are taken from it."""

    def with_row_names(self, names: RowNames) -> Source:
        """The same table, whose rows have other names in messages."""

    def take(self, rows: IntArray) -> Source:
        """The table with only these rows, in this order."""

    def to_frame(self, edits: Edits) -> NativeFrame:
        """The edited table as a data frame."""

    def to_csv(self, edits: Edits, delimiter: str) -> bytes:
        """The edited table as a CSV file with this delimiter; a table that was read from CSV keeps its delimiter."""
