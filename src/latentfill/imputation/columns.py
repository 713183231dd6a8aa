"""Putting the columns of a table into the order in which the model was fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from latentfill.core.errors import InputError
from latentfill.core.messages import joined
from latentfill.core.series import Series


def column_order(fitted: Sequence[str], columns: Sequence[str]) -> list[int]:
    """Index in `columns` of each column that the model was fitted on; raises an `InputError` if the names differ."""
    known = frozenset(fitted)
    position = {name: index for index, name in enumerate(columns)}
    missing = [name for name in fitted if name not in position]
    surplus = [name for name in position if name not in known]
    differences = []
    if missing:
        differences.append(f"it lacks {joined(missing)}")
    if surplus:
        differences.append(f"it also has {joined(surplus)}")
    if differences:
        raise InputError(
            f"the table does not have the value columns that the model was fitted on: {' and '.join(differences)}. "
            "Name the columns to fill, or fit a model on tables with these columns."
        )
    return [position[name] for name in fitted]


def in_order(series: Series, columns: tuple[str, ...]) -> Series:
    """The series with its columns in the order of `columns`; raises an `InputError` if the names differ."""
    order = column_order(columns, series.columns)
    return replace(series, values=series.values[:, order], columns=columns)
