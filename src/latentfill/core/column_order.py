"""The order in which a model works on columns, which is not that of the table: it follows from their readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.messages import joined
from latentfill.core.series import FloatArray, Series

SORTED_BY = (0.5, 0.9, 0.1)  # quantiles of a column: a reading that is corrected seldom changes their order


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
    if series.columns == columns:
        return series
    order = column_order(columns, series.columns)
    return replace(series, values=series.values[:, order], columns=columns)


def working_order(columns: Sequence[str], parts: Sequence[FloatArray]) -> tuple[str, ...]:
    """The names of columns (T, C), of which there may be several `parts`, in an order that only their readings decide.

    Random numbers are drawn, sums taken and groups formed in the order of the columns. Of columns with the same
    readings the first name comes first.
    """
    keys = [_key(name, [part[:, c] for part in parts]) for c, name in enumerate(columns)]
    return tuple(columns[c] for c in sorted(range(len(columns)), key=keys.__getitem__))


def in_working_order(series: Sequence[Series]) -> list[Series]:
    """Series with the same columns, in an order that only their readings decide, and their columns likewise."""
    columns = working_order(series[0].columns, [each.values for each in series])
    return sorted((in_order(each, columns) for each in series), key=lambda each: (each.n_steps, _digest(each.values)))


def _key(name: str, parts: Sequence[FloatArray]) -> tuple[object, ...]:
    """What a column is sorted by; columns without a reading come last."""
    readings = np.concatenate(parts)
    readings = readings[~np.isnan(readings)]
    quantiles = np.quantile(readings, SORTED_BY).tolist() if readings.size else [np.inf]
    return (*quantiles, sorted(map(_digest, parts)), name)


def _digest(values: FloatArray) -> bytes:
    return blake2b(values.tobytes()).digest()
