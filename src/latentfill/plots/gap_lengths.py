"""Histograms of the lengths of the gaps of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import numpy as np

from latentfill.core.messages import counted
from latentfill.core.series import IntArray
from latentfill.imputation.imputation import Imputation
from latentfill.imputation.result_frames import gaps_in_output
from latentfill.plots.packages import check_installed
from latentfill.plots.theme import COLOURS, WIDTH, themed
from latentfill.tables.table import output_rows
from latentfill.windows.gaps import gap_lengths as lengths_of_cells

if TYPE_CHECKING:
    import altair

HEIGHT = 120  # pixels, of each histogram
MOST_LEVEL = 10  # bins whose names fit side by side; those of more are slanted


class LengthBin(TypedDict):
    """The gaps of some lengths."""

    length: str  # such as `3-4`, in steps
    gaps: int
    cells: int  # missing cells in these gaps
    about: str  # on hover


def gap_lengths(result: Imputation) -> altair.TopLevelMixin:
    """Histograms of the gap lengths, in bins that double: how many gaps, and how many missing cells lie in them.

    Parameters
    ----------
    result
        What `latentfill.Imputer.fill` returned.

    Returns
    -------
    An altair chart.
    """
    check_installed()
    import altair as alt

    of_gaps, of_cells = _lengths(result)
    bins = length_bins(of_gaps, of_cells)
    base = alt.Chart(alt.InlineData(list(bins))).mark_bar(color=COLOURS["filled"])
    base = base.encode(description="about:N", tooltip="about:N")
    names = [each["length"] for each in bins]
    angle = 0 if len(bins) <= MOST_LEVEL else -35
    panels = [
        base.encode(
            x=alt.X("length:N", sort=names, title="length of the gap, steps", axis=alt.Axis(labelAngle=angle)),
            y=alt.Y(f"{what}:Q", title=title, axis=alt.Axis(format="d", tickMinStep=1, tickCount=4)),
        ).properties(width=WIDTH, height=HEIGHT)
        for what, title in (("gaps", "gaps"), ("cells", "missing cells"))
    ]
    return themed(alt.vconcat(*panels, title=_title(of_gaps, of_cells)))


def _lengths(result: Imputation) -> tuple[IntArray, IntArray]:
    """The length of each gap (G,), and for each missing cell of the table (M,) the length of its gap, in steps."""
    observed = ~np.isnan(result.table.as_read)
    steps = np.unique(output_rows(result.table).steps)
    return gaps_in_output(result.table).length, lengths_of_cells(observed)[steps][~observed[steps]]


def length_bins(of_gaps: IntArray, of_cells: IntArray) -> list[LengthBin]:
    """Counts of gaps (G,) and cells (M,) by length in the bins 1, 2, 3-4, 5-8 and so on, up to the longest gap."""
    n_bins = 1 + _bin(of_gaps).max() if len(of_gaps) else 0
    gaps, cells = (np.bincount(_bin(lengths), minlength=n_bins).tolist() for lengths in (of_gaps, of_cells))
    names = [_name(b) for b in range(n_bins)]
    return [
        {
            "length": name,
            "gaps": n_gaps,
            "cells": n_cells,
            "about": f"{name} {'step' if name == '1' else 'steps'}: {counted(n_gaps, 'gap')}, "
            f"{counted(n_cells, 'missing cell')}",
        }
        for name, n_gaps, n_cells in zip(names, gaps, cells, strict=True)
    ]


def _bin(lengths: IntArray) -> IntArray:
    """The number of the bin of each length, whose upper end is 2 to the power of that number."""
    return np.ceil(np.log2(lengths)).astype(np.int64)


def _name(number: int) -> str:
    low, high = 2 ** (number - 1) + 1 if number else 1, 2**number
    return str(high) if low >= high else f"{int(low)}-{high}"


def _title(of_gaps: IntArray, of_cells: IntArray) -> str:
    if not len(of_gaps):
        return "No cell is missing"
    longest, median = int(of_gaps.max()), float(np.median(of_gaps))
    return (
        f"{counted(len(of_gaps), 'gap')} with {counted(len(of_cells), 'missing cell')}; median length "
        f"{median:g}, longest {counted(longest, 'step')}"
    )
