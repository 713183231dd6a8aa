"""The order of columns when a table has them in another order than the one that was fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from latentfill.core.errors import InputError
from latentfill.core.series import Series


def column_order(fitted: Sequence[str], columns: Sequence[str]) -> list[int]:
    """Position of each fitted column among `columns`; raises an `InputError` if the two do not have the same names."""
    missing = [name for name in fitted if name not in columns]
    surplus = [name for name in columns if name not in fitted]
    differences = []
    if missing:
        differences.append(f"it lacks {', '.join(missing)}")
    if surplus:
        differences.append(f"it also has {', '.join(surplus)}")
    if differences:
        raise InputError(
            f"the table's value columns are not those the model was fitted on: {' and '.join(differences)}. "
            "Name the columns to fill, or fit a model on tables with these columns."
        )
    return [columns.index(name) for name in fitted]


def in_order(series: Series, columns: tuple[str, ...]) -> Series:
    """The series with its columns in the order of `columns`; raises an `InputError` if it has others."""
    order = column_order(columns, series.columns)
    return replace(series, values=series.values[:, order], columns=columns)
