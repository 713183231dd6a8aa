"""The page about a filled table: a verdict, what was missing, what filled it, how far to trust it, and each gap."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from latentfill.core.messages import counted
from latentfill.imputation.imputation import Imputation
from latentfill.imputation.summary.headlines import n_filled
from latentfill.plots.gap_lengths import gap_lengths
from latentfill.plots.missing_map import missingness
from latentfill.plots.save import to_svg
from latentfill.report.changed_settings import changed_settings
from latentfill.report.explorer import explorer_data, step_label
from latentfill.report.fill_verdict import span_text, verdict
from latentfill.report.gap_list import GapList
from latentfill.report.rendering import check_installed, render
from latentfill.report.series_figure import vega_scripts
from latentfill.report.trust_table import length_rows, trust_rows
from latentfill.windows.gaps import find_gaps

TEMPLATE = "imputation.html.jinja"
MOST_COLUMNS = 60  # rows of a table that are shown at once
DOUBTFUL_SHOWN = 3  # stretches of doubtful readings that are drawn


@dataclass(frozen=True, slots=True)
class Look:
    """A stretch of a column to look at, which the script of the page draws."""

    column: str
    start: int  # step
    length: int
    when: str
    reason: str
    filled_by: str
    gap: int | None  # number of the gap; None for doubtful readings


def imputation_page(imputation: Imputation, made_from: Mapping[str, str] | None = None) -> bytes:
    """The page as bytes of HTML; `made_from` may have `command`, `sha256` (of the table), `output`, `output_sha256`.

    Raises an `InputError` if the packages of the extra `report` are not installed.
    """
    check_installed()
    summary: Mapping[str, Any] = imputation.summary
    about = {"latentfill": summary["latentfill"], "table": imputation.table.name or "the table", **(made_from or {})}
    gaps = GapList.of(imputation)
    data = explorer_data(imputation, gaps)
    lengths, trusted = trust_rows(summary)
    return render(
        TEMPLATE,
        about=about,
        settings=changed_settings(summary),
        summary=summary,
        verdict=verdict(summary, imputation.table.series.step),
        facts=list(_facts(summary, len(gaps))),
        shares=_shares(summary),
        lengths=[(name, _length_text(name, imputation)) for name in lengths],
        trust=trusted,
        tested=[(row, _length_text(row.length, imputation)) for row in length_rows(summary)],
        looks=[*_gaps_to_look_at(imputation, gaps, data), *_doubtful_to_look_at(imputation)],
        columns=list(_columns(summary, imputation)),
        most=MOST_COLUMNS,
        interval=imputation.filled.lower is not None and summary["settings"]["output"]["intervals"],
        filled=True,
        missing_map=to_svg(missingness(imputation), css=True),
        gap_lengths=to_svg(gap_lengths(imputation), css=True),
        data=as_script(data),
        vega=vega_scripts(),
    )


def as_script(data: object) -> str:
    """JSON that may stand inside of a script element, whatever texts it holds."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _facts(summary: Mapping[str, Any], n_gaps: int) -> Iterator[tuple[str, str]]:
    """The figures at the top of the page, each with what it counts."""
    columns = summary["columns"].values()
    missing, filled = sum(each["missing"] for each in columns), sum(n_filled(each) for each in columns)
    cells = sum(each["observed"] + each["missing"] + each["suspected"] for each in columns)
    yield f"{missing}", f"of {cells} cells missing ({missing / max(cells, 1):.1%}), in {counted(n_gaps, 'gap')}"
    yield f"{filled}", "cells filled"
    yield f"{missing - filled}", "cells left empty"
    if suspected := sum(each["suspected"] for each in columns):
        yield f"{suspected}", "cells that may be missing-value markers, kept"
    doubtful = sum(sum(reasons.values()) for reasons in summary.get("doubtful", {}).values())
    yield f"{doubtful}", "doubtful readings"


def _shares(summary: Mapping[str, Any]) -> list[tuple[str, float]]:
    """The mean weight of each strategy in the filled cells, the largest first."""
    shares: Mapping[str, float] = summary["filled_from"]
    return sorted(shares.items(), key=lambda item: -item[1])


def _length_text(length: str, imputation: Imputation) -> str:
    """A gap length in steps, such as `7-24`, as a time; empty if steps are not regular."""
    step = imputation.table.series.step
    if step is None:
        return ""
    last = length.lstrip(">").rpartition("-")[2]
    return f"{'over' if length.startswith('>') else 'up to'} {span_text(int(last), step)}"


def _gaps_to_look_at(imputation: Imputation, gaps: GapList, data: Mapping[str, Any]) -> Iterator[Look]:
    """The gaps to look at that the page has data of."""
    shown = {gap["number"]: gap for gap in data["gaps"]}
    step = imputation.table.series.step
    for number, reasons in gaps.to_look_at().items():
        if gap := shown.get(number):
            yield Look(
                column=data["columns"][gap["column"]]["name"],
                start=gap["start"],
                length=gap["length"],
                when=_when(gap["from"], gap["to"], span_text(gap["length"], step)),
                reason=", ".join(reasons),
                filled_by=gap["filled_by"],
                gap=number,
            )


def _doubtful_to_look_at(imputation: Imputation) -> Iterator[Look]:
    """The longest stretches of doubtful readings."""
    if imputation.doubtful is None:
        return
    doubt = imputation.doubtful.doubt
    stretches = find_gaps(~doubt.wrong)
    step = imputation.table.series.step
    for k in np.argsort(-stretches.length, kind="stable")[:DOUBTFUL_SHOWN].tolist():
        c, start, length = (int(each[k]) for each in (stretches.column, stretches.start, stretches.length))
        first, last = (step_label(imputation, at) for at in (start, start + length - 1))
        probability = float(doubt.probability[start, c])
        yield Look(
            column=imputation.table.series.columns[c],
            start=start,
            length=length,
            when=_when(first, last, span_text(length, step)),
            reason=f"doubtful readings, wrong with a probability of {probability:.2f}",
            filled_by="",
            gap=None,
        )


def _when(start: str | int, stop: str | int, span: str) -> str:
    """Begin, end and length of a stretch."""
    if start == stop:
        return str(start) if isinstance(start, str) else f"step {start}"
    return f"{start} to {stop} ({span})" if isinstance(start, str) else f"steps {start} to {stop}"


def _columns(summary: Mapping[str, Any], imputation: Imputation) -> Iterator[dict[str, object]]:
    """The details of each column."""
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
