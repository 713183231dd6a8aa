"""The figures of a table at the top of a page, and the details of its columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from latentfill.core.messages import counted
from latentfill.imputation.imputation import Imputation
from latentfill.imputation.summary.headlines import n_filled
from latentfill.report.spans import span_text


def facts(summary: Mapping[str, Any], n_gaps: int, *, filled: bool) -> Iterator[tuple[str, str]]:
    """The figures at the top of the page, each with what it counts."""
    columns = summary["columns"].values()
    missing = sum(each["missing"] for each in columns)
    cells = sum(each["observed"] + each["missing"] + each["suspected"] for each in columns)
    yield f"{missing}", f"of {cells} cells missing ({missing / max(cells, 1):.1%}), in {counted(n_gaps, 'gap')}"
    if filled:
        n_cells = sum(map(n_filled, columns))
        yield f"{n_cells}", "cells filled"
        yield f"{missing - n_cells}", "cells left empty"
    if suspected := sum(each["suspected"] for each in columns):
        yield f"{suspected}", "cells that may be missing-value markers, kept"
    doubtful = sum(sum(reasons.values()) for reasons in summary.get("doubtful", {}).values())
    yield f"{doubtful}", "doubtful readings"


def column_rows(imputation: Imputation) -> Iterator[dict[str, object]]:
    """The details of each column."""
    summary: Mapping[str, Any] = imputation.summary
    doubtful = summary.get("doubtful", {})
    step = imputation.table.series.step
    for name, counts in summary["columns"].items():
        longest = counts.get("longest_gap")
        rows = counts["observed"] + counts["missing"] + counts["suspected"]
        yield {
            "name": name,
            "kind": counts["kind"],
            "observed": counts["observed"],
            "missing": counts["missing"],
            "share": counts["missing"] / max(rows, 1),
            "filled": n_filled(counts),
            "left_empty": counts["left_empty"],
            "longest": f"{span_text(longest['steps'], step)}, {longest['from']}" if longest else "",
            "spread": counts.get("spread"),
            "doubtful": sum(doubtful.get(name, {}).values()),
            "codes": ", ".join(f"{code} {n}" for code, n in counts["by_code"].items()),
        }
