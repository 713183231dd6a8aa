"""The stretches of a table to look at: gaps that are long, uncertain or far from a line, and doubtful readings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from latentfill.imputation.imputation import Imputation
from latentfill.report.explorer import step_label
from latentfill.report.gap_list import GapList
from latentfill.report.spans import span_text
from latentfill.windows.gaps import find_gaps

DOUBTFUL_SHOWN = 3  # stretches of doubtful readings


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


def gaps_to_look_at(imputation: Imputation, gaps: GapList, data: Mapping[str, Any]) -> Iterator[Look]:
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


def doubtful_to_look_at(imputation: Imputation) -> Iterator[Look]:
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
