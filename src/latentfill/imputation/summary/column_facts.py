"""What the summary tells of a column before it was filled: its kind, the spread of its readings and its longest gap."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from latentfill.core.series import Series
from latentfill.kinds.kind import Kind
from latentfill.tables.time.grid import stamp_text
from latentfill.windows.gaps import find_gaps


def column_facts(series: Series, kinds: Mapping[str, Kind]) -> dict[str, dict[str, object]]:
    """Kind, spread (see `Kind.spread`) and longest gap of each column, as JSON values."""
    longest = _longest_gaps(series)
    return {
        name: {
            "kind": kinds[name].name,
            "spread": float(f"{kinds[name].spread(column):.4g}"),
            "longest_gap": longest.get(name),
        }
        for name, column in zip(series.columns, series.values.T, strict=True)
    }


def _longest_gaps(series: Series) -> dict[str, dict[str, object]]:
    """Steps and beginning of the longest gap of each column that has one."""
    gaps = find_gaps(series.observed)
    shortest_first = np.argsort(gaps.length, kind="stable")
    longest = {int(gaps.column[gap]): gap for gap in shortest_first}  # the last one of a column stays
    return {
        series.columns[c]: {"steps": int(gaps.length[gap]), "from": step_name(series, int(gaps.start[gap]))}
        for c, gap in longest.items()
    }


def step_name(series: Series, step: int) -> str:
    """The time stamp of a step; without stamps its number, from 1."""
    return f"step {step + 1}" if series.time is None else stamp_text(series.time[step])
