"""Reads all usable columns of another table as numbers: measurements, flags, and words as indicators of 0 and 1."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.messages import name_columns
from latentfill.core.series import BoolArray, FloatArray, TimeArray
from latentfill.tables.backends.column import Column, read_values
from latentfill.tables.backends.numbers import MARKERS, NumberStyle
from latentfill.tables.backends.source import Source
from latentfill.tables.missing_markers import find_suspected
from latentfill.tables.number_style import find_number_style
from latentfill.tables.options import TableOptions
from latentfill.tables.read import TimedSource, read_time
from latentfill.tables.stacked_series import refuse_repeated_time
from latentfill.tables.time.grid import find_grid
from latentfill.tables.to_series import MAX_STEPS_PER_ROW
from latentfill.tables.value_columns import LARGEST, without_words

MOST_WORDS = 12  # different words in a column that becomes indicators
_DAY = 86_400 * 10**9  # nanoseconds


@dataclass(frozen=True, slots=True, eq=False)
class CovariateColumns:
    """K columns of numbers in R rows, in time order."""

    time: TimeArray | None  # (R,) None if rows are counted
    names: tuple[str, ...]
    values: FloatArray  # (R, K), NaN where missing
    indicators: BoolArray  # (K,) True for columns that say with 0 and 1 where a word stands
    notes: tuple[str, ...] = ()  # about columns and values that are not used

    @property
    def held(self) -> BoolArray:
        """Columns (K,) of 0 and 1 alone, which keep a value until the next and have none in between."""
        return np.asarray((np.isnan(self.values) | np.isin(self.values, (0, 1))).all(axis=0))


def read_columns(
    source: Source, timezone: str | None, full_names: Mapping[str, str], wanted: Collection[str] = ()
) -> CovariateColumns:
    """The columns of a table other than its time columns, under their `full_names`; indicators are called NAME=WORD.

    Stamps without a zone are local time of `timezone`. `wanted` are the names that a model was fitted with: a column
    gets the indicators among them, whatever words it has. Raises an `InputError` if the table cannot be read.
    """
    timed = _read_time(source, timezone)
    style = find_number_style(timed.columns, timed.axis, TableOptions()).style
    numbers: dict[str, FloatArray] = {}
    indicators: dict[str, FloatArray] = {}
    left_out: list[str] = []
    for column in _other_than_time(timed):
        name = full_names[column.name]
        words = _fitted_words(name, wanted)
        values = None if words else _numbers(column, style)
        if values is not None:
            numbers[name] = values
        elif words := words or _words(column):
            indicators |= _indicators(column, name, words)
        else:
            left_out.append(name)
    values, marked = _without_markers(numbers, timed.source.n_rows)
    indicated = np.column_stack([np.empty((len(values), 0)), *indicators.values()])
    columns = CovariateColumns(
        time=None if timed.axis is None else timed.axis.time,
        names=(*numbers, *indicators),
        values=np.column_stack([values, indicated]),
        indicators=np.arange(len(numbers) + len(indicators)) >= len(numbers),
        notes=tuple(_notes(left_out, marked)),
    )
    return columns if columns.time is None else _every_day(_in_time_order(columns))


def _read_time(source: Source, timezone: str | None) -> TimedSource:
    """The columns and the time axis; a `timezone` is not used if the stamps have zones of their own."""
    try:
        timed = read_time(source, TableOptions(timezone=timezone))
    except InputError:
        timed = read_time(source, TableOptions())
        if timed.axis is None or not timed.axis.zones:
            raise
    if timed.axis is not None:
        refuse_repeated_time(timed.columns, timed.axis.time, ())
    return timed


def _other_than_time(timed: TimedSource) -> Iterator[Column]:
    time = () if timed.axis is None else timed.axis.columns
    return (column for position, column in enumerate(timed.columns) if column.name and position not in time)


def _numbers(column: Column, style: NumberStyle) -> FloatArray | None:
    """The finite numbers of a column (R,), NaN where missing; None if it holds other texts, or no text at all."""
    numbers = read_values(column, (), style)
    if numbers is not None and numbers.n_numbers and numbers.bad.any():
        numbers = without_words(column, numbers)
    if numbers is None or numbers.bad.any():
        return None
    return np.where(np.abs(numbers.values) <= LARGEST, numbers.values, np.nan)


def _words(column: Column) -> tuple[str, ...]:
    """The different words of a column of text, sorted; none if there are more than `MOST_WORDS`."""
    if column.texts is None:
        return ()
    words = sorted({word for word in column.labels() if word.lower() not in MARKERS})
    return tuple(words) if len(words) <= MOST_WORDS else ()


def _fitted_words(name: str, wanted: Collection[str]) -> tuple[str, ...]:
    """The words of the column `name` that have an indicator among `wanted`."""
    return tuple(each.removeprefix(f"{name}=") for each in wanted if each.startswith(f"{name}="))


def _indicators(column: Column, name: str, words: Collection[str]) -> dict[str, FloatArray]:
    """For each word a column of 1 where it stands and 0 elsewhere, (R,)."""
    labels = np.array(column.labels())
    return {f"{name}={word}": (labels == word).astype(float) for word in words}


def _without_markers(numbers: Mapping[str, FloatArray], n_rows: int) -> tuple[FloatArray, list[str]]:
    """The numbers (R, K) without values that look like markers of missing ones, and the names of their columns."""
    values = np.column_stack([np.empty((n_rows, 0)), *numbers.values()])
    far = find_suspected(tuple(numbers), values).far if numbers else np.zeros_like(values, dtype=bool)
    return np.where(far, np.nan, values), [name for column, name in enumerate(numbers) if far[:, column].any()]


def _notes(left_out: Sequence[str], marked: Sequence[str]) -> Iterator[str]:
    if left_out:
        yield (
            f"not used are {name_columns(left_out)}, which hold neither numbers nor at most {MOST_WORDS} "
            "different words."
        )
    if marked:
        yield f"values far from all others, which may stand for missing ones, are not used in {name_columns(marked)}."


def _in_time_order(columns: CovariateColumns) -> CovariateColumns:
    assert columns.time is not None
    order = np.argsort(columns.time, kind="stable")
    return replace(columns, time=columns.time[order], values=columns.values[order])


def _every_day(columns: CovariateColumns) -> CovariateColumns:
    """A list of a few days, such as holidays, as a calendar of all days from its first to its last.

    No word stands at a day that is not listed. Any other table is returned as it is.
    """
    time = columns.time
    if time is None or not columns.indicators.any() or not _lists_days(time):
        return columns
    every = np.arange(time[0], time[-1] + 1, np.timedelta64(_DAY, "ns"))
    values = np.where(columns.indicators, 0.0, np.full((len(every), len(columns.names)), np.nan))
    values[np.searchsorted(every, time)] = columns.values
    return replace(columns, time=every, values=values)


def _lists_days(time: TimeArray) -> bool:
    """Whether stamps are whole days apart, and most days between the first and the last have none."""
    grid, apart = find_grid(time), np.diff(time).astype(np.int64)
    is_sparse = grid is None or len(grid.time) > MAX_STEPS_PER_ROW * len(time)
    return is_sparse and not (apart % _DAY).any()
