"""A filled table as frames beside the frame that was given, with its index: arrays of cells, and a list of gaps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentfill.core.series import IntArray, Series
from latentfill.imputation.filling.codes import Code
from latentfill.imputation.filling.filled import Filled
from latentfill.tables.backends.frames import frame_like
from latentfill.tables.backends.native import NativeFrame
from latentfill.tables.table import Table, output_rows
from latentfill.windows.gaps import Gaps, find_gaps

LEAST_SHARE = 0.005  # strategies with less than half a percent of the weight are not named


def frame_beside(filled: NativeFrame, columns: Mapping[str, NDArray[Any]]) -> NativeFrame:
    """Columns with a value for each row of the filled frame as a frame like it, with its index if it has one."""
    frame = frame_like(filled, columns)
    if hasattr(filled, "index"):
        frame.index = filled.index
    return frame


def gap_frame(filled: NativeFrame, columns: Mapping[str, NDArray[Any]]) -> NativeFrame:
    """The columns of `gap_columns` as a frame like the filled one, with stamps in the zone of its index."""
    frame = frame_like(filled, columns)
    zone = getattr(getattr(filled, "index", None), "tz", None)
    if zone is not None:
        for name in ("start", "end"):
            frame[name] = frame[name].astype("datetime64[us]").dt.tz_localize("UTC").dt.tz_convert(zone)
    return frame


def gap_columns(table: Table, filled: Filled) -> dict[str, NDArray[Any]]:
    """One entry for each gap that reaches a row of the output, by column and start.

    Start and end are time stamps (in UTC, where stamps have a zone), without them steps counted from 0; the length is
    in steps; the expected error is the mean of the gap; the strategies have their mean weights.
    """
    series, gaps = table.series, gaps_in_output(table)
    stops = gaps.start + gaps.length
    cells = [(slice(*gap), c) for *gap, c in zip(gaps.start, stops, gaps.column, strict=True)]
    return {
        "column": np.array(series.columns, dtype=object)[gaps.column],
        "start": _moments(series, gaps.start),
        "end": _moments(series, stops - 1),
        "length": gaps.length,
        "expected_error": np.array([_mean(filled.expected[cell]) for cell in cells], dtype=float),
        "strategies": np.array([_strategies(filled, *cell) for cell in cells], dtype=object),
    }


def gaps_in_output(table: Table) -> Gaps:
    """The gaps in which at least one missing cell is a cell of the output, and no step between its rows."""
    gaps = find_gaps(~np.isnan(table.as_read))
    is_row = np.zeros(table.series.n_steps + 1, dtype=np.int64)
    is_row[output_rows(table).steps + 1] = 1
    before = np.cumsum(is_row)
    in_output = before[gaps.start + gaps.length] > before[gaps.start]
    return Gaps(gaps.column[in_output], gaps.start[in_output], gaps.length[in_output])


def _moments(series: Series, steps: IntArray) -> NDArray[Any]:
    """The time stamps of steps, to the microsecond; their numbers without time stamps."""
    if series.time is None:
        return steps
    return series.time[steps].astype("datetime64[us]").astype(object)


def _mean(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else np.nan


def _strategies(filled: Filled, steps: slice, column: int) -> str:
    """The strategies that filled a gap with their mean weights; without weights, where its cells come from."""
    codes = filled.codes[steps, column]
    if filled.weights is None or (filled.weights.blend[steps, column] < 0).all():
        return " ".join(dict.fromkeys(Code(code).name.lower() for code in codes))
    return " ".join(_shares(filled, steps, column))


def _shares(filled: Filled, steps: slice, column: int) -> Iterator[str]:
    """Strategy and mean weight in a gap, the largest first."""
    assert filled.weights is not None
    blend = filled.weights.blend[steps, column]
    means = filled.weights.weight[blend[blend >= 0]].mean(axis=0)
    for k in np.argsort(-means, kind="stable"):
        if means[k] >= LEAST_SHARE:
            yield f"{filled.weights.names[k]}={means[k]:.2f}"
