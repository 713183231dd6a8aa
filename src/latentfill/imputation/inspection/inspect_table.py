"""Describing a table: shape, time axis, and the missing cells of each column."""

from __future__ import annotations

import numpy as np

from latentfill.core.series import FloatArray, IntArray, Series
from latentfill.tables.table import Table
from latentfill.tables.time.grid import step_text
from latentfill.windows.gaps import BUCKET_NAMES, bucket_of, find_gaps


def describe_table(table: Table) -> dict[str, object]:
    """Shape, time axis, and per value column the range, the missing cells and the gaps by length, as JSON values."""
    return {
        "rows": table.n_rows,
        "time": _describe_time(table),
        "missing_cells": int(np.count_nonzero(~table.series.observed)),
        "columns": _describe_columns(table.series),
        "notes": list(table.notes),
    }


def _describe_time(table: Table) -> dict[str, object] | None:
    """Columns, first and last stamp, and step of the time axis; None without a time axis."""
    time, step = table.series.time, table.series.step
    if time is None:
        return None
    return {
        "columns": list(table.time_columns),
        "first": str(time[0].astype("datetime64[s]")),
        "last": str(time[-1].astype("datetime64[s]")),
        "step": None if step is None else step_text(step),
    }


def _describe_columns(series: Series) -> dict[str, object]:
    """The description of each value column, by name."""
    gaps = find_gaps(series.observed)
    return {
        name: _describe_column(series.values[:, c], gaps.length[gaps.column == c])
        for c, name in enumerate(series.columns)
    }


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
