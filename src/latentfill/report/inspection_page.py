"""The page about a table as it is read: what is missing, and where, which readings are doubtful, and each gap."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from latentfill.core.messages import counted, quoted
from latentfill.imputation.imputation import Imputation
from latentfill.imputation.inspection.unfilled import unfilled
from latentfill.report.gap_parts import gap_parts
from latentfill.report.rendering import check_installed, render
from latentfill.report.spans import span_text
from latentfill.tables.table import Table
from latentfill.tables.time.grid import stamp_text, step_text


def inspection_page(table: Table, kind: str | None = None, made_from: Mapping[str, str] | None = None) -> bytes:
    """The page as bytes of HTML; `kind` is the setting with the kinds that the user gave.

    `made_from` may have `command` and `sha256` (of the table). Raises an `InputError` if the packages of the extra
    `report` are not installed.
    """
    check_installed()
    imputation = unfilled(table, kind)
    return render(
        "inspection.html.jinja",
        **gap_parts(imputation, filled=False),
        about={
            "latentfill": imputation.summary["latentfill"],
            "table": table.name or "the table",
            **(made_from or {}),
        },
        sentences=list(_sentences(imputation)),
    )


def _sentences(imputation: Imputation) -> Iterator[str]:
    """What to know first."""
    table, summary = imputation.table, imputation.summary
    columns: Mapping[str, Any] = summary["columns"]  # type: ignore[assignment]
    yield f"{counted(table.n_rows, 'row')} of {counted(len(columns), 'value column')}{_clock(table)}."
    missing = {name: counts["missing"] for name, counts in columns.items() if counts["missing"]}
    if not missing:
        yield "Nothing is missing."
    else:
        most = max(missing, key=lambda name: missing[name])
        longest = {name: counts["longest_gap"]["steps"] for name, counts in columns.items() if counts["longest_gap"]}
        name = max(longest, key=lambda name: longest[name])
        yield f"{counted(len(missing), 'column')} with gaps; most is missing in {quoted(most)} ({missing[most]} cells)."
        yield f"The longest gap, {span_text(longest[name], table.series.step)}, is in {quoted(name)}."


def _clock(table: Table) -> str:
    """First and last stamp of a table, and its step."""
    time, step = table.series.time, table.series.step
    if time is None:
        return ", without time stamps"
    every = "" if step is None else f", every {step_text(step)}"
    return f", {stamp_text(time[0])} to {stamp_text(time[-1])}{every}"
