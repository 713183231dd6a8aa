"""`Pivot`: a long table, with one reading in each row, as a wide one with a column for each parameter."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from latentfill.core.errors import InputError, RepeatedTimeError, UnknownColumnError, did_you_mean
from latentfill.core.messages import SHOWN, counted, name_columns, quoted
from latentfill.core.series import IntArray, TimeArray
from latentfill.tables.backends.arrow import mask_array
from latentfill.tables.backends.cell_kinds import kind_of
from latentfill.tables.backends.column import Column
from latentfill.tables.backends.numbers import Numbers
from latentfill.tables.options import ANY, AUTO, NONE, TableOptions
from latentfill.tables.stacked_series import suggest_by
from latentfill.tables.time.axis import TimeAxis, moments_axis
from latentfill.tables.time.grid import stamp_text

MOST_PARAMETERS = 500  # with more, the column of parameters is probably another one


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    """What the n rows of a long table are readings of."""

    position: int  # of the column with the names of the parameters
    value_position: int  # of the column with the values
    names: tuple[str, ...]  # (P,) sorted, so that they do not depend on the order of the rows
    of_row: IntArray  # (n,) number of the parameter of each row


@dataclass(frozen=True, slots=True, eq=False)
class Pivot:
    """A long table of n rows as a wide one of W rows, with a column of time stamps and one for each of P parameters."""

    parameters: Parameters
    values: Column  # the column of values as it was read
    time: TimeArray  # (W,) stamps, all forward or all back, as most of the long table goes
    wide_row: IntArray  # (n,) row of the wide table for each row of the long one
    rows: IntArray  # (W, P) row of the long table for each reading, -1 where there is none

    @property
    def axis(self) -> TimeAxis:
        """The time axis of the wide table."""
        return moments_axis(self.column(0), 0)

    @property
    def last_rows(self) -> IntArray:
        """The last row of the long table with each stamp, shape (W,)."""
        return np.asarray(self.rows.max(axis=1))

    def column(self, position: int) -> Column:
        """One column of the wide table; the first one, at position 0, has the time stamps."""
        if position == 0:
            return Column.of_times("", self.time)
        return _gathered(self.values, self.rows[:, position - 1], self.parameters.names[position - 1])

    def columns(self) -> tuple[Column, ...]:
        """The columns of the wide table."""
        return tuple(map(self.column, range(1 + len(self.parameters.names))))

    def sparse_notes(self, filled: Collection[str]) -> Iterator[str]:
        """A note about columns that are filled and mostly empty, which may be measured less often than others."""
        shares = (self.rows >= 0).mean(axis=0).tolist()
        sparse = [name for name, share in zip(self.parameters.names, shares, strict=True) if 2 * share < 1]
        if names := [name for name in sparse if name in filled]:
            yield (
                f"{name_columns(names)}: fewer than half of the time stamps have a reading, and rows are added for the "
                "others. If these are measured less often, give them to `--leave`, or limit gaps with `--max-gap`."
            )


def _gathered(column: Column, rows: IntArray, name: str) -> Column:
    """The cells of these rows as a column, with empty cells where the number of a row is negative."""
    import pyarrow as pa
    import pyarrow.compute as pc

    known = rows >= 0
    taken = column.take(np.maximum(rows, 0))
    texts, numbers = taken.texts, taken.numbers
    if texts is not None:
        empty = pa.nulls(len(texts), texts.type)  # before version 24, a scalar breaks the texts of a slice
        texts = pc.if_else(mask_array(known), texts, empty)
    if numbers is not None:
        numbers = Numbers(np.where(known, numbers.values, np.nan), numbers.bad & known)
    return replace(taken, name=name, texts=texts, numbers=numbers)


def find_parameters(columns: Sequence[Column], names: Sequence[str]) -> Parameters:
    """The parameters of a long table; `names` are the column of their names and the column of values.

    Raises an `InputError` if a column is unknown, or if the columns cannot be what they are said to be.
    """
    position, value_position = _positions(columns, names)
    if columns[position].kind in ("other", "boolean"):
        raise InputError(
            f"pivot: the values of column {quoted(names[0])} are neither texts, numbers nor times. Turn them into "
            "texts."
        )
    labels = np.array(columns[position].labels(), dtype=object)
    empty = np.flatnonzero(labels == "")
    if len(empty):
        where = f"{counted(len(empty), 'row')} ({columns[position].rows.listed(empty)})"
        raise InputError(
            f"pivot: column {quoted(names[0])} is empty in {where}, so it is unknown what these are readings of. Fill "
            "these "
            "cells in, or remove the rows."
        )
    known, of_row = np.unique(labels, return_inverse=True)
    if len(known) > MOST_PARAMETERS:
        raise InputError(
            f"pivot: column {quoted(names[0])} has {len(known)} different names, such as "
            f"{name_columns(known[:SHOWN].tolist())}, and there can be {MOST_PARAMETERS}. {_swapped(names)}"
        )
    if not _holds_numbers(columns[value_position]):
        raise InputError(
            f"pivot: column {quoted(names[1])} holds no numbers, so there is nothing to fill. {_swapped(names)}"
        )
    return Parameters(position, value_position, tuple(known.tolist()), of_row)


def _positions(columns: Sequence[Column], names: Sequence[str]) -> tuple[int, ...]:
    known = {column.name: position for position, column in enumerate(columns)}
    unknown = [did_you_mean("column", name, filter(None, known)) for name in names if name not in known]
    if unknown:
        raise UnknownColumnError(f"pivot: {'; '.join(unknown)}.")
    return tuple(known[name] for name in names)


def _swapped(names: Sequence[str]) -> str:
    return f"The column of names comes first: if the two are swapped, give `--pivot {names[1]}={names[0]}`."


def _holds_numbers(column: Column) -> bool:
    """Whether some cell is a number, written in any style."""
    if column.numbers is not None and column.numbers.n_numbers:
        return True
    texts = column.texts.unique().to_pylist() if column.texts is not None else []
    return any(kind_of(text or "") == "number" for text in texts)


def make_pivot(columns: Sequence[Column], axis: TimeAxis | None, parameters: Parameters) -> Pivot:
    """The wide table in the columns of a long one, whose time axis is `axis`.

    Raises an `InputError` if there are no time stamps or only one, and a `RepeatedTimeError` if a parameter has two
    readings at one stamp.
    """
    if axis is None:
        raise InputError(
            "pivot: no time column was found, and time stamps show which readings belong together. Name it: "
            "`--time COLUMN`."
        )
    time, wide_row = np.unique(axis.time, return_inverse=True)
    if len(time) < 2:
        raise InputError("All readings have the same time stamp. A time series needs at least two.")
    _refuse_repeated(columns, axis, parameters, wide_row * len(parameters.names) + parameters.of_row)
    ahead = np.diff(wide_row)
    if np.count_nonzero(ahead < 0) > np.count_nonzero(ahead > 0):
        time, wide_row = time[::-1], len(time) - 1 - wide_row
    rows = np.full((len(time), len(parameters.names)), -1)
    rows[wide_row, parameters.of_row] = np.arange(len(wide_row))
    return Pivot(parameters, columns[parameters.value_position], time, wide_row, rows)


def _refuse_repeated(columns: Sequence[Column], axis: TimeAxis, parameters: Parameters, keys: IntArray) -> None:
    """Raise a `RepeatedTimeError` if two rows have the same key (n,), which stands for a stamp and a parameter."""
    unique, first, counts = np.unique(keys, return_index=True, return_counts=True)
    if len(unique) == len(keys):
        return
    repeated = np.sort(first[counts > 1])
    shown = "; ".join(
        f"{quoted(parameters.names[parameters.of_row[row]])} at {stamp_text(axis.time[row])} in "
        f"{columns[0].rows.listed(np.flatnonzero(keys == keys[row]))}"
        for row in repeated[:3]
    )
    chosen = (parameters.position, parameters.value_position, *axis.columns)
    known = frozenset(columns[position].name for position in chosen)
    raise RepeatedTimeError(
        f"{counted(len(repeated), 'reading')} in more than one row: {shown}. In a series, each parameter has one "
        "reading at a time stamp. If the table stacks several series, name the column that tells them "
        f"apart{suggest_by(columns, keys, known)}; if readings are repeated, remove them."
    )


def of_series(options: TableOptions, columns: Sequence[Column]) -> TableOptions:
    """The options for one series of a stacked long table, without what they say about parameters that it lacks.

    Raises an `InputError` if it lacks all that should be filled.
    """
    names = find_parameters(columns, options.pivot).names
    known = frozenset((*names, *(column.name for column in columns)))
    wanted = options.columns
    if wanted is not None and not (wanted := tuple(name for name in wanted if name in names)):
        raise InputError(f"It has no readings of {name_columns(options.columns or ())}.")
    markers = [item for item in options.missing if item in (AUTO, NONE)]
    markers += [f"{name}={marker}" for name, marker in options.markers_by_name() if name in (*names, ANY)]
    leave = tuple(name for name in options.leave if name in known)
    return replace(options, columns=wanted, leave=leave, missing=tuple(markers))
