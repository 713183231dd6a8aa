"""Describing a table that stacks several series: how many there are, their lengths and steps, and what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from latentfill.imputation.inspection.inspect_table import (
    count_markers,
    count_suspected,
    describe_clock,
    describe_columns,
    describe_style,
)
from latentfill.tables.groups import GroupedTable
from latentfill.tables.table import Table
from latentfill.tables.time.grid import step_text


def describe_groups(grouped: GroupedTable, kind: str | None = None) -> dict[str, object]:
    """How a stacked table is read, what its series are like, and its value columns over all series, as JSON values.

    `kind` is the setting with the kinds that the user gave.
    """
    tables = [group.table for group in grouped.groups if group.table is not None]
    return {
        "rows": grouped.source.n_rows,
        "layout": dict(grouped.source.layout),
        "time": describe_clock(tables[0]) if tables[0].axis is not None else None,
        "numbers": describe_style(tables[0]),
        "series": {
            "number": len(grouped.groups),
            "by": [grouped.source.names[position] for position in grouped.by],
            "rows": _range_of([len(group.rows) for group in grouped.groups], ("shortest", "median", "longest")),
            "steps": dict(Counter(map(_step_of, tables)).most_common()),
            "missing_share": _range_of(list(map(_missing_share, tables)), ("lowest", "median", "highest")),
            "cannot_be_filled": {group.name: group.problem for group in grouped.groups if group.table is None},
        },
        "left_alone": dict(grouped.left_alone),
        "missing_markers": count_markers(tables),
        "suspected_markers": count_suspected(tables),
        "missing_cells": sum(int(np.count_nonzero(~table.series.observed)) for table in tables),
        "columns": describe_columns([table.series for table in tables], kind),
        "notes": list(grouped.notes),
    }


def _range_of(values: Sequence[float], names: tuple[str, str, str]) -> dict[str, float]:
    """The smallest value, the median and the largest, under these names."""
    numbers = (min(values), float(np.median(values)), max(values))
    return dict(zip(names, (round(number, 4) for number in numbers), strict=True))


def _step_of(table: Table) -> str:
    step = table.series.step
    return "no regular step" if step is None else step_text(step)


def _missing_share(table: Table) -> float:
    return float(1 - table.series.observed.mean())
