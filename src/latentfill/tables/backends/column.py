"""One column of a table: its cells as they were read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.series import FloatArray, TimeArray
from latentfill.tables.backends.native import TextArray
from latentfill.tables.backends.numbers import Numbers, parse_numbers, without_markers


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column as it was read; its kind says which arrays are set."""

    name: str
    kind: Literal["text", "number", "time", "category", "other"]
    texts: TextArray | None = None  # of text and category; null where a frame holds nothing
    numbers: Numbers | None = None  # of number, and of text read with a decimal point
    times: TimeArray | None = None  # (rows,) of time, in UTC; NaT where a frame holds nothing
    single: bool = False  # the numbers were stored as float32

    @classmethod
    def of_texts(cls, name: str, texts: TextArray) -> Column:
        """A column of text, which may spell numbers."""
        return cls(name, "text", texts=texts, numbers=parse_numbers(texts))

    @classmethod
    def of_numbers(cls, name: str, values: FloatArray, *, single: bool = False) -> Column:
        """A column of numbers, NaN where a cell holds nothing."""
        return cls(name, "number", numbers=Numbers(values, np.zeros(len(values), dtype=bool)), single=single)

    @classmethod
    def of_times(cls, name: str, times: TimeArray) -> Column:
        """A column of moments in UTC, NaT where a cell holds nothing."""
        return cls(name, "time", times=times)

    @property
    def is_blank(self) -> bool:
        """Whether every cell is empty or a usual marker for a missing value."""
        return self.numbers is not None and not self.numbers.bad.any() and not self.numbers.n_numbers


def read_values(column: Column, missing: Sequence[str], decimal: str) -> Numbers | None:
    """The numbers of a column, NaN also where a cell equals a marker in `missing`.

    `decimal` is the decimal mark of texts. None for columns that are neither text nor numbers.
    """
    numbers = column.numbers
    if column.texts is not None and numbers is not None and decimal != ".":
        numbers = parse_numbers(column.texts, decimal)
    if numbers is None or not missing:
        return numbers
    return without_markers(numbers, column.texts, missing, single=column.single)


def refuse_repeated(names: Iterable[str]) -> None:
    """Refuse names that several columns share: an option could not say which of them it means."""
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise InputError(
            f"Several columns have the same name: {', '.join(map(repr, repeated))}. Rename them in the table."
        )
