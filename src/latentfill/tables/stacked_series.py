"""Recognises a table that stacks several series, one below the other, which must not be filled as one."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence

import numpy as np

from latentfill.core.errors import InputError, RepeatedTimeError
from latentfill.core.messages import counted
from latentfill.core.series import TimeArray
from latentfill.tables.backends.column import Column
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
                f"The table stacks {n_series} series: time starts again where {column.name!r} changes. Fill each on "
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
    raise RepeatedTimeError(
        f"{counted(len(repeated), 'time stamp')} in more than one row: {shown}. Every row needs a time stamp of its "
        "own. If the table stacks several series, name the column that tells them "
        f"apart{_suggestion(columns, time, known)}; if rows are repeated, remove them; or count rows instead "
        f"with `--time none`.{went_back}"
    )


def _suggestion(columns: Sequence[Column], time: TimeArray, known: Collection[str]) -> str:
    """A flag with a column in which rows of the same time differ."""
    for column in columns:
        if column.name and column.name not in known and column.kind != "other":
            labels = column.labels()
            pairs = set(zip(labels, time.tolist(), strict=True))
            if len(pairs) == len(time) and 2 * len(set(labels)) <= len(labels):
                return f": `--by {shlex.quote(column.name)}`"
    return ", such as `--by station`"
