"""Describing a table: its layout, shape and time axis, how its cells are read, and the missing ones of each column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from latentfill.core.series import FloatArray, IntArray, Series
from latentfill.kinds.columns import ColumnKinds
from latentfill.tables.table import Table
from latentfill.tables.time.grid import step_text
from latentfill.windows.cycles import cycle_steps
from latentfill.windows.gaps import BUCKET_NAMES, bucket_of, find_gaps


def describe_table(table: Table, kind: str | None = None) -> dict[str, object]:
    """How a table is read, and per value column the range, the missing cells and the gaps by length, as JSON values."""
    return {
        "rows": table.n_rows,
        "layout": dict(table.source.layout),
        "time": _describe_time(table),
        "numbers": describe_style(table),
        "left_alone": dict(table.left_alone),
        "missing_markers": count_markers([table]),
        "suspected_markers": count_suspected([table]),
        "missing_cells": int(np.count_nonzero(~table.series.observed)),
        "columns": describe_columns([table.series], kind),
        "notes": list(table.notes),
    }


def _describe_time(table: Table) -> dict[str, object] | None:
    """Columns, format, first and last stamp, and step of the time axis; None without a time axis."""
    time, step = table.series.time, table.series.step
    if time is None:
        return None
    return {
        **describe_clock(table),
        "first": str(time[0].astype("datetime64[s]")),
        "last": str(time[-1].astype("datetime64[s]")),
        "step": None if step is None else step_text(step),
    }


def describe_clock(table: Table) -> dict[str, object]:
    """The columns of the time axis, and how its stamps are written."""
    assert table.axis is not None
    zones = list(table.axis.zones)
    return {"columns": list(table.time_columns), "format": table.axis.format, "zone": zones or "none"}


def describe_style(table: Table) -> dict[str, object]:
    """How numbers are written as text; empty if no column is text."""
    if all(table.texts(c) is None for c in range(len(table.positions))):
        return {}
    style = table.style
    return {"decimal_mark": style.decimal, "thousands_separator": style.thousands or None, "flags": style.flags or None}


def count_markers(tables: Sequence[Table]) -> dict[str, dict[str, int]]:
    """The texts that are read as missing, by column, each with the number of cells; empty cells are not listed."""
    counts = dict[str, Counter[str]]()
    for table in tables:
        is_missing = np.isnan(table.as_read[table.series.step_of_row])
        columns = table.source.columns() if table.pivot is None else table.pivot.columns()
        for name, position, cells in zip(table.series.columns, table.positions, is_missing.T, strict=True):
            labels = columns[position].labels()
            counts.setdefault(name, Counter()).update(
                labels[row] for row in np.flatnonzero(cells).tolist() if labels[row]
            )
    return _filled(counts)


def count_suspected(tables: Sequence[Table]) -> dict[str, dict[str, int]]:
    """Values that may be markers of missing ones, by column, each with the number of cells."""
    counts = dict[str, Counter[str]]()
    for table in tables:
        for name, values, cells in zip(table.series.columns, table.as_read.T, table.suspected.T, strict=True):
            counts.setdefault(name, Counter()).update(f"{value:g}" for value in values[cells].tolist())
    return _filled(counts)


def _filled(counts: Mapping[str, Counter[str]]) -> dict[str, dict[str, int]]:
    return {name: dict(count.most_common()) for name, count in counts.items() if count}


def describe_columns(series: Sequence[Series], kind: str | None = None) -> dict[str, object]:
    """The description of each value column by name, from the series that have it.

    `kind` is the setting with the kinds that the user gave.
    """
    kinds = _kinds_of(series, kind)
    values, lengths = dict[str, list[FloatArray]](), dict[str, list[IntArray]]()
    for each in series:
        gaps = find_gaps(each.observed)
        for c, name in enumerate(each.columns):
            values.setdefault(name, []).append(each.values[:, c])
            lengths.setdefault(name, []).append(gaps.length[gaps.column == c])
    described = {name: _describe_column(np.concatenate(values[name]), np.concatenate(lengths[name])) for name in values}
    return {name: {"kind": kinds[name], **column} for name, column in described.items()}


def _kinds_of(series: Sequence[Series], kind: str | None) -> dict[str, str]:
    """The kind of each value column by name, from the first of the series that has the column."""
    found: dict[str, str] = {}
    for each in series:
        if not found.keys() >= set(each.columns):
            kinds = ColumnKinds.found(each, kind, cycle_steps(each))
            found = dict(zip(each.columns, kinds.names, strict=True)) | found
    return found


def _describe_column(values: FloatArray, gap_lengths: IntArray) -> dict[str, object]:
    """Describe one value column (T,) and its gaps."""
    known = values[~np.isnan(values)]
    bucket = bucket_of(gap_lengths)
    return {
        "observed": len(known),
        "missing": len(values) - len(known),
        "min": float(known.min()) if len(known) else None,
        "mean": float(known.mean()) if len(known) else None,
        "max": float(known.max()) if len(known) else None,
        "gaps": {name: int(np.count_nonzero(bucket == b)) for b, name in enumerate(BUCKET_NAMES)},
        "longest_gap": int(gap_lengths.max()) if len(gap_lengths) else 0,
    }
