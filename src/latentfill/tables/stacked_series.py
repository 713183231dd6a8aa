"""Recognises a table that stacks several series, one below the other, which must not be filled as one."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.series import TimeArray
from latentfill.tables.backends.column import Column


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
        if n_series == int(changes.sum()) + 1 and (changes | ~goes_back).all():
            raise InputError(
                f"The table stacks {n_series} series: time starts again where {column.name!r} changes. Fill each on "
                f"its own: `--by {shlex.quote(column.name)}`; if it is one series, give `--leave "
                f"{shlex.quote(column.name)}`."
            )
