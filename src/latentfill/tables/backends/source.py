"""What reading and writing need to know of a table, whatever its kind."""

from __future__ import annotations

from typing import Protocol

from latentfill.tables.backends.column import Column
from latentfill.tables.backends.edits import Edits
from latentfill.tables.backends.native import NativeFrame, TextArray


class Source(Protocol):
    """A table as it was read: it gives its columns, and a copy of itself with edits made."""

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def n_rows(self) -> int: ...

    @property
    def index(self) -> Column | None:
        """The time index of a pandas frame, None for any other table."""

    def columns(self) -> tuple[Column, ...]:
        """All columns, their cells read."""

    def texts(self, position: int) -> TextArray | None:
        """The cells of one column, unchanged; None where they are not text."""

    def without_empty_end(self) -> Source:
        """The table without rows of nothing but delimiters at its end; the same object where there are none."""

    def to_frame(self, edits: Edits) -> NativeFrame:
        """The edited table as a frame."""

    def to_csv(self, edits: Edits, delimiter: str) -> bytes:
        """The edited table as a CSV file; one that was read from CSV keeps its delimiter, another takes `delimiter`."""
