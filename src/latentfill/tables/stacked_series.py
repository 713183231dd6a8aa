"""Recognises a table that stacks several series, one below the other, which must not be filled as one."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence

import numpy as np

from latentfill.core.errors import InputError, RepeatedTimeError
from latentfill.core.messages import counted, quoted
from latentfill.core.series import IntArray, TimeArray
from latentfill.tables.backends.column import Column
from latentfill.tables.long_tables import by_flag, find_long_table
from latentfill.tables.time.grid import stamp_text


def refuse_stacked(columns: Sequence[Column], time: TimeArray, known: Collection[str]) -> None:
    """Raise an `InputError` if time goes back only where the words in some column change.

    `time` (rows,) are the time stamps; columns whose names are `known` are not looked at.
    """
    goes_back = time[1:] <= time[:-1]
    if not goes_back.any() or goes_back.all():
        return
    for column in columns:
        if column.name in known or column.kind not in ("text", "category") or column.is_blank:
            continue
        labels = np.array(column.labels(), dtype=object)
        if column.numbers is not None and column.numbers.n_numbers > len(labels) / 2:
            continue
        changes = labels[1:] != labels[:-1]
        n_series = len(set(labels.tolist()))
        has_rows = 2 * n_series <= len(labels)
        if has_rows and n_series == int(changes.sum()) + 1 and (changes | ~goes_back).all():
            raise InputError(
                f"The table stacks {n_series} series: time starts again where {quoted(column.name)} changes. Fill each "
                "on "
                f"its own: `--by {shlex.quote(column.name)}`; if it is one series, give `--leave "
                f"{shlex.quote(column.name)}`."
            )


def refuse_repeated_time(columns: Sequence[Column], time: TimeArray, known: Collection[str]) -> None:
    """Raise a `RepeatedTimeError` if a time stamp occurs twice; it names a column that tells such rows apart."""
    unique, first, counts = np.unique(time, return_index=True, return_counts=True)
    if len(unique) == len(time):
        return
    repeated = np.flatnonzero(counts > 1)
    shown = "; ".join(
        f"{stamp_text(unique[position])} in {columns[0].rows.listed(np.flatnonzero(time == unique[position]))}"
        for position in repeated[np.argsort(first[repeated])][:3]
    )
    went_back = (
        " If clocks went back in that hour, give the time zone, such as `--timezone Europe/Berlin`."
        if counts.max() == 2 and 100 * len(repeated) < len(time)
        else ""
    )
    problem = f"{counted(len(repeated), 'time stamp')} in more than one row: {shown}."
    raise RepeatedTimeError(f"{problem} {_way_out(columns, time, known)}{went_back}")


def _way_out(columns: Sequence[Column], time: TimeArray, known: Collection[str]) -> str:
    """What to do about time stamps that are repeated."""
    long = find_long_table(columns, time, known)
    if long is not None and long.is_clear:
        return (
            f"The table is long, with one reading in each row: {quoted(long.parameter)} says what {quoted(long.value)} "
            "is. "
            f"Give {long.flags}; if rows are repeated, remove them."
        )
    apart = f": `{by_flag((*long.by, long.parameter))}`" if long is not None and long.by else None
    apart = apart or suggest_by(columns, time.astype(np.int64), known)
    pivot = f"; if {quoted(long.parameter)} says what {quoted(long.value)} measures, give {long.flags}" if long else ""
    return (
        "Every row needs a time stamp of its own. If the rows are of several series, name the column that tells them "
        f"apart{apart}{pivot}; if rows are repeated, remove them; or count rows instead with `--time none`."
    )


def suggest_by(columns: Sequence[Column], keys: IntArray, known: Collection[str]) -> str:
    """A flag with a column in which rows with the same key (rows,), such as their time, differ; else its form.

    Columns whose names are `known` are not looked at.
    """
    for column in columns:
        if column.name and column.name not in known and column.kind != "other":
            labels = column.labels()
            pairs = set(zip(labels, keys.tolist(), strict=True))
            if len(pairs) == len(keys) and 2 * len(set(labels)) <= len(labels):
                return f": `--by {shlex.quote(column.name)}`"
    return " (`--by COLUMN`)"
