"""`Column`: one column of a table as it was read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from latentfill.core.errors import InputError
from latentfill.core.messages import listed
from latentfill.core.series import BoolArray, FloatArray, IntArray, TimeArray
from latentfill.tables.backends.arrow import take_rows
from latentfill.tables.backends.native import TextArray
from latentfill.tables.backends.numbers import PLAIN, Numbers, NumberStyle, parse_numbers, without_markers
from latentfill.tables.backends.row_names import COUNTED, RowNames


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column as it was read; its kind decides which arrays are set."""

    name: str
    kind: Literal["text", "number", "time", "category", "boolean", "other"]
    texts: TextArray | None = None  # set for text, category and boolean; null for empty cells of a frame
    numbers: Numbers | None = None  # set for number, and for text (read with a decimal point)
    times: TimeArray | None = None  # (rows,) set for time, in UTC; NaT for empty cells of a frame
    whole: NDArray[Any] | None = None  # (rows,) set for integers: the numbers as stored, where there are any
    single: bool = False  # whether the numbers were stored as float32
    rows: RowNames = COUNTED  # what its rows are called in messages

    @classmethod
    def of_texts(cls, name: str, texts: TextArray) -> Column:
        """A column of text, which may spell numbers."""
        return cls(name, "text", texts=texts, numbers=parse_numbers(texts))

    @classmethod
    def of_numbers(cls, name: str, values: FloatArray, *, single: bool = False) -> Column:
        """A column of numbers, NaN for empty cells."""
        return cls(name, "number", numbers=Numbers(values, np.zeros(len(values), dtype=bool)), single=single)

    @classmethod
    def of_integers(cls, name: str, whole: NDArray[Any], missing: BoolArray) -> Column:
        """A column of whole numbers (rows,) of any type."""
        column = cls.of_numbers(name, np.where(missing, np.nan, whole.astype(np.float64)))
        return replace(column, whole=whole) if whole.dtype.kind in "iu" else column

    @classmethod
    def of_times(cls, name: str, times: TimeArray) -> Column:
        """A column of times in UTC, NaT for empty cells."""
        return cls(name, "time", times=times)

    def take(self, rows: IntArray) -> Column:
        """The column with only these rows, in this order."""
        return replace(
            self,
            texts=None if self.texts is None else take_rows(self.texts, rows),
            numbers=None if self.numbers is None else self.numbers.take(rows),
            times=None if self.times is None else self.times[rows],
            whole=None if self.whole is None else self.whole[rows],
            rows=self.rows.take(rows),
        )

    def labels(self) -> list[str]:
        """Every cell as text, "" for empty cells; whole numbers without decimals."""
        if self.texts is not None:
            return [(text or "").strip() for text in self.texts.to_pylist()]
        if self.times is not None:
            return [str(text) for text in np.datetime_as_string(self.times).tolist()]
        values = [] if self.numbers is None else self.numbers.values.tolist()
        if self.whole is not None:
            pairs = zip(self.whole.tolist(), values, strict=True)
            return ["" if value != value else str(whole) for whole, value in pairs]
        return ["" if value != value else f"{value:.0f}" if value % 1 == 0 else repr(value) for value in values]

    @property
    def is_blank(self) -> bool:
        """Whether every cell is empty or a common marker of a missing value, such as `NA`."""
        return self.numbers is not None and not self.numbers.bad.any() and not self.numbers.n_numbers


def read_values(column: Column, missing: Sequence[str], style: NumberStyle) -> Numbers | None:
    """The numbers of a column, NaN for missing cells and for markers in `missing`; None if it has no numbers or texts.

    `style` is how numbers are written as text.
    """
    numbers = column.numbers
    if column.texts is not None and numbers is not None and style != PLAIN:
        numbers = parse_numbers(column.texts, style)
    if numbers is None or not missing:
        return numbers
    return without_markers(numbers, column.texts, missing, single=column.single)


def refuse_repeated(names: Iterable[str]) -> None:
    """Raise an `InputError` if two columns have the same name, because options name columns."""
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise InputError(f"Several columns have the same name: {listed(repeated)}. Rename them in the table.")
