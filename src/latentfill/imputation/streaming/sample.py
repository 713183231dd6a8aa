"""The sample of a long file: stretches of rows evenly from all of it, in which its columns and stamps are found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

from latentfill.tables.backends.streams.stream import Piece, RowStream
from latentfill.tables.options import TableOptions
from latentfill.tables.read import ReadColumns, read_columns

STRETCH = 4096  # rows of a stretch: gaps of hundreds of steps can be held out of it
FEWEST_ROWS = 512  # of a stretch of a table of many columns
MOST_STRETCHES = 16  # there are half as many or more, in a file that is long enough
MOST_CELLS = 1 << 22  # of all stretches


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Stretches of rows from all of a file."""

    pieces: Sequence[Any]  # as the stream gives them
    columns: ReadColumns  # the stretches one below the other, with all values taken for what they are

    @classmethod
    def of(cls, stream: RowStream[Any], options: TableOptions) -> Self:
        """The sample of a stream; errors are those of `read_table`."""
        rows = max(FEWEST_ROWS, min(STRETCH, MOST_CELLS // (MOST_STRETCHES * len(stream.names))))
        pieces = list(spread(stream.pieces(rows)))
        return cls(pieces, read_columns(stream.read(pieces), options))


def spread(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Up to `MOST_STRETCHES` of the pieces, evenly spaced, however many there are."""
    kept: list[Piece] = []
    every = 1
    for number, piece in enumerate(pieces):
        if number % every == 0:
            kept.append(piece)
        if len(kept) > MOST_STRETCHES:
            kept, every = kept[::2], 2 * every
    yield from kept
