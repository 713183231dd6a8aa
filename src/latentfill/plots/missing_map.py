"""Map of the missing cells of a table: when, and in which columns."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from latentfill.core.messages import counted
from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.imputation.imputation import Imputation
from latentfill.plots.packages import check_installed
from latentfill.plots.theme import COLOURS, WIDTH, name_axis, themed
from latentfill.plots.time_of_steps import TimeOfSteps, time_axis

if TYPE_CHECKING:
    import altair

MOST_BINS = 200  # of time; more are narrower than 3 pixels
MOST_COLUMNS = 60  # more do not fit on a page
ROW = 16  # pixels, height of a column
FAINTEST = 0.15  # opacity of a bin with a single missing cell, which must be seen


class MapCell(TypedDict):
    """The cells of one column in one bin of time, some of which are missing."""

    column: str
    start: float
    stop: float
    opacity: float
    about: str  # on hover


def missingness(result: Imputation) -> altair.TopLevelMixin:
    """Map of the missing cells over time and columns; the darker, the more of the cells are missing.

    Parameters
    ----------
    result
        What `latentfill.Imputer.fill` returned.

    Returns
    -------
    An altair chart. Time is cut into at most 200 bins, and of many columns the 60 with the most missing cells are
    shown. Times without a row in the table are grey. Time stamps with a zone are shown in UTC.
    """
    check_installed()
    import altair as alt

    time, columns = TimeOfSteps.of(result.table), result.table.series.columns
    missing = np.isnan(result.table.as_read)[time.in_table]
    shown = most_missing(missing)
    edges, number = time_bins(time)
    x = time_axis("start", time.title, is_stamped=time.is_stamped, ends=(edges[0], edges[-1]))
    y = alt.Y("column:N", title=None, scale=alt.Scale(domain=[columns[c] for c in shown]), axis=name_axis())
    tiles = alt.Chart(alt.InlineData(_cells(missing, shown, columns, edges, number, time)))
    tiles = tiles.mark_rect(color=COLOURS["filled"]).encode(
        x=x, x2="stop:Q", y=y, opacity=alt.Opacity("opacity:Q", scale=None), description="about:N", tooltip="about:N"
    )
    empty = alt.Chart(alt.InlineData(_empty_bins(edges, number))).mark_rect(color=COLOURS["grid"], aria=False)
    title = alt.Title(_title(missing), subtitle=_subtitle(missing, shown))
    return themed(
        alt.layer(empty.encode(x=x, x2="stop:Q"), tiles).properties(
            width=WIDTH, height=ROW * max(1, len(shown)), title=title
        )
    )


def most_missing(missing: BoolArray, most: int = MOST_COLUMNS) -> list[int]:
    """The columns of `missing` (R, C) to show, in their order: all, or the `most` with the most missing cells."""
    order = np.argsort(-missing.sum(axis=0), kind="stable")
    return sorted(order[:most].tolist())


def time_bins(time: TimeOfSteps, most: int = MOST_BINS) -> tuple[FloatArray, IntArray]:
    """The edges (B + 1,) of at most `most` equal bins of time, and the bin (R,) of each row of the table."""
    at = time.at[time.in_table]
    first, last = at[0], at[-1] + time.spacing
    n_bins = int(np.clip(round((last - first) / time.spacing), 1, most))
    edges = np.linspace(first, last, n_bins + 1)
    nudged = at + 1e-6 * (edges[1] - edges[0])  # a row at an edge belongs to the bin that begins there
    return edges, np.clip(np.searchsorted(edges, nudged, side="right") - 1, 0, n_bins - 1)


def _cells(
    missing: BoolArray,
    shown: list[int],
    columns: tuple[str, ...],
    edges: FloatArray,
    number: IntArray,
    time: TimeOfSteps,
) -> list[MapCell]:
    """The bins of the shown columns with missing cells; neighbouring bins with the same share are one."""
    n_bins = len(edges) - 1
    rows = np.bincount(number, minlength=n_bins)
    cells: list[MapCell] = []
    for c in shown:
        counts = np.bincount(number[missing[:, c]], minlength=n_bins)
        for first, after in _equal_runs(counts, rows):
            n, total = counts[first:after].sum(), rows[first:after].sum()
            cells.append(
                {
                    "column": columns[c],
                    "start": edges[first],
                    "stop": edges[after],
                    "opacity": round(FAINTEST + (1 - FAINTEST) * n / total, 3),
                    "about": f"{columns[c]}, {time.text(edges[first])} to {time.text(edges[after])}: {n} of {total} "
                    "missing",
                }
            )
    return cells


def _equal_runs(counts: IntArray, rows: IntArray) -> list[tuple[int, int]]:
    """The first bin, and the one after the last, of each run of bins (B,) with the same share of missing cells."""
    share = counts / np.maximum(rows, 1)
    edges = np.flatnonzero(np.diff(share, prepend=np.nan, append=np.nan) != 0).tolist()
    return [(first, after) for first, after in pairwise(edges) if counts[first]]


def _empty_bins(edges: FloatArray, number: IntArray) -> list[dict[str, float]]:
    """The bins without a row."""
    empty = np.flatnonzero(np.bincount(number, minlength=len(edges) - 1) == 0)
    return [{"start": edges[b], "stop": edges[b + 1]} for b in empty.tolist()]


def _title(missing: BoolArray) -> str:
    n, total = int(missing.sum()), missing.size
    share = f" ({100 * n / total:.1f} %)" if total else ""
    return f"{n} of {counted(total, 'cell')} missing{share}"


def _subtitle(missing: BoolArray, shown: list[int]) -> str:
    left_out = missing.shape[1] - len(shown)
    if not left_out:
        return f"in {int(missing.any(axis=0).sum())} of {counted(missing.shape[1], 'column')}"
    return f"the {len(shown)} columns with the most missing cells; {counted(left_out, 'column')} left out"
