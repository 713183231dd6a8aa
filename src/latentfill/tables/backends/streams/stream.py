"""`RowStream`: the protocol of a file that is read a piece at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from latentfill.tables.backends.source import Source

Piece = TypeVar("Piece")  # consecutive rows as they are in the file


class UnstreamableError(Exception):
    """The file cannot be read a piece at a time; the message says why, to follow `as`."""


class RowStream(Protocol[Piece]):
    """A file of rows, a piece of which is a table of its own. No piece is empty."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def n_cells(self) -> float:
        """Number of cells, about where it is known only after reading."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns."""

    @property
    def file_bytes(self) -> float:
        """Bytes of the text of the whole file; 0 if its cells are not texts."""

    def pieces(self, n_rows: int) -> Iterator[Piece]:
        """All rows, about `n_rows` at a time."""

    def read(self, pieces: Sequence[Piece]) -> Source:
        """The rows of some pieces as one table."""
