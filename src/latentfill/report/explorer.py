"""The data of the gap explorer: what a page needs to show any gap with its surroundings, its fill and the candidates.

A page holds at most `ROOM` characters of data. A table with more is shown around its gaps only, and with too many gaps
those are left out that are neither long, nor uncertain, nor far from linear interpolation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from latentfill.core.series import FloatArray, IntArray
from latentfill.imputation.doubt.find import Reason
from latentfill.imputation.filling.codes import Code
from latentfill.imputation.imputation import Imputation
from latentfill.imputation.result_frames import strategies_text
from latentfill.report.encoded import decimals_of, encode, encode_roughly
from latentfill.report.gap_list import GapList
from latentfill.report.series_figure import SeriesFigures
from latentfill.tables.time.grid import stamp_text

ROOM = 8_000_000  # characters of data, half of them for gaps and half for readings
MOST_GAPS = 4000
OF_GAP = 200  # characters that a gap takes beside its cells
OF_NUMBER = 10.7  # characters that a number takes at most
NUMBERS = 4  # of a cell beside the candidates: estimate, both bounds and expected error
CONTEXT = 96  # steps on both sides of a gap that are shown if there is no room for all
MOST_DOUBTFUL = 1000  # doubtful readings of a column that are marked


def explorer_data(imputation: Imputation, gaps: GapList) -> dict[str, Any]:
    """The data as JSON values, see the script of the page for how they are read."""
    chosen = _chosen(imputation, gaps)
    series, columns = imputation.table.series, np.unique(gaps.gaps.column[chosen])
    columns = np.union1d(columns, _doubtful_columns(imputation))
    numbers = {int(c): number for number, c in enumerate(columns)}
    decimals = {c: decimals_of(series.values[:, c]) for c in numbers}
    cells = np.concatenate([np.arange(len(gaps.step))[gaps.cells(gap)] for gap in chosen] or [np.empty(0, dtype=int)])
    figures = SeriesFigures.of(imputation, numbers)
    whole = series.n_steps * len(columns) * OF_NUMBER <= ROOM / 2
    return {
        "table": imputation.table.name or "table",
        "steps": series.n_steps,
        "figures": figures.figures,
        "time": _time(imputation),
        "columns": [
            {
                "figure": figures.of_column[c],
                **_column(imputation, c, decimals[c], None if whole else _windows(imputation, gaps, chosen, c)),
            }
            for c in numbers
        ],
        "gaps": list(_gaps(imputation, gaps, chosen, numbers)),
        "left_out": len(gaps) - len(chosen),
        "cells": _cells(imputation, gaps.step[cells], gaps.column[cells], max(decimals.values(), default=0)),
    }


def _chosen(imputation: Imputation, gaps: GapList) -> IntArray:
    """The gaps that the page has room for, in the order of columns and time."""
    order = gaps.by_interest[:MOST_GAPS]
    numbers = NUMBERS + len(imputation.filled.candidates or ())
    size = np.cumsum(OF_GAP + gaps.gaps.length[order] * numbers * OF_NUMBER)
    return np.sort(order[size <= ROOM / 2])


def _doubtful_columns(imputation: Imputation) -> IntArray:
    """The columns with readings from which nothing is learnt."""
    if imputation.doubtful is None:
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero(imputation.doubtful.doubt.wrong.any(axis=0))


def _time(imputation: Imputation) -> dict[str, object] | None:
    """Milliseconds since 1970 of the steps, as the first and the spacing where they are even; None without stamps."""
    time = imputation.table.series.time
    if time is None:
        return None
    stamps = time.astype("datetime64[us]").astype(np.int64) / 1000
    spacing = np.diff(stamps)
    if len(spacing) and (spacing == spacing[0]).all():
        return {"first": float(stamps[0]), "spacing": float(spacing[0])}
    return {"stamps": encode(stamps, 3)}


def _column(imputation: Imputation, c: int, decimals: int, windows: list[slice] | None) -> dict[str, object]:
    """Name, kind and readings of a column; `windows` are the steps to show, None for all."""
    series, facts = imputation.table.series, imputation.summary["columns"]
    name = series.columns[c]
    kind: str = facts[name]["kind"]  # type: ignore[index]
    return {
        "name": name,
        "kind": kind,
        "decimals": decimals,
        "labels": list(series.labels[name]) if name in series.labels else None,
        "stretches": [
            {"start": steps.start, **encode(series.values[steps, c], decimals)}
            for steps in windows or [slice(0, series.n_steps)]
        ],
        "doubtful": list(_doubtful(imputation, c)),
    }


def _windows(imputation: Imputation, gaps: GapList, chosen: IntArray, c: int) -> list[slice]:
    """The steps around the chosen gaps of a column, and around its doubtful readings; those that touch are joined."""
    mine = chosen[gaps.gaps.column[chosen] == c]
    ends = [(int(gaps.gaps.start[gap]), int(gaps.gaps.start[gap] + gaps.gaps.length[gap])) for gap in mine]
    ends += [(reading["step"], reading["step"] + 1) for reading in _doubtful(imputation, c)]
    joined: list[slice] = []
    for start, stop in sorted((max(0, start - CONTEXT), stop + CONTEXT) for start, stop in ends):
        if joined and start <= joined[-1].stop:
            joined[-1] = slice(joined[-1].start, max(stop, joined[-1].stop))
        else:
            joined.append(slice(start, stop))
    return joined


def _doubtful(imputation: Imputation, c: int) -> Iterator[dict[str, Any]]:
    """The doubtful readings of a column, the most doubtful ones if there are too many."""
    if imputation.doubtful is None:
        return
    doubt, values = imputation.doubtful.doubt, imputation.doubtful.table.as_read
    step = np.flatnonzero(doubt.wrong[:, c])
    most = step[np.argsort(-doubt.probability[step, c], kind="stable")][:MOST_DOUBTFUL]
    for k in np.sort(most).tolist():
        yield {
            "step": k,
            "value": float(values[k, c]),
            "probability": round(float(doubt.probability[k, c]), 3),
            "reason": Reason(int(doubt.reason[k, c])).name.lower(),
        }


def _gaps(
    imputation: Imputation, gaps: GapList, chosen: IntArray, numbers: dict[int, int]
) -> Iterator[dict[str, object]]:
    """The gaps with where they are, how certain they are, and what filled them."""
    for gap in chosen.tolist():
        c, start, length = (int(each[gap]) for each in (gaps.gaps.column, gaps.gaps.start, gaps.gaps.length))
        yield {
            "number": gap,
            "column": numbers[c],
            "start": start,
            "length": length,
            "from": step_label(imputation, start),
            "to": step_label(imputation, start + length - 1),
            "expected": _rounded(gaps.expected[gap]),
            "share": _rounded(gaps.share[gap]),
            "departure": _rounded(gaps.departure[gap]),
            "filled_by": _filled_by(imputation, slice(start, start + length), c),
        }


def _filled_by(imputation: Imputation, steps: slice, c: int) -> str:
    """The strategies that filled a gap with their weights; empty if it was left empty."""
    is_empty = (imputation.filled.codes[steps, c] == Code.EMPTY).all()
    return "" if is_empty else strategies_text(imputation.filled, steps, c)


def step_label(imputation: Imputation, step: int) -> str | int:
    """The time stamp of a step; without stamps its number, counted from 0."""
    time = imputation.table.series.time
    return step if time is None else stamp_text(time[step])


def _cells(imputation: Imputation, step: IntArray, column: IntArray, decimals: int) -> dict[str, object]:
    """Estimates, bounds, expected errors and candidates of M cells."""
    filled = imputation.filled
    of_cells = (step, column)
    values: dict[str, FloatArray | None] = {"value": filled.values, "lower": filled.lower, "upper": filled.upper}
    return {
        **{name: None if array is None else encode(array[of_cells], decimals) for name, array in values.items()},
        "expected": encode_roughly(filled.expected[of_cells]),
        "candidates": {name: encode_roughly(array[of_cells]) for name, array in (filled.candidates or {}).items()},
    }


def _rounded(value: float) -> float | None:
    """Four significant digits; None for NaN."""
    return None if np.isnan(value) else float(f"{value:.4g}")
