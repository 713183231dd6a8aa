"""Checks that a table is the one that embeddings were made from, though it may have gaps where that one had none."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from latentfill.core.errors import EmbeddingMismatchError
from latentfill.core.messages import counted, listed, quoted
from latentfill.core.series import BoolArray, FloatArray, Series
from latentfill.embeddings.protocols.record import RecordedTable

SHOWN = 3  # cells in a message
MOST_DECIMALS = 9
RELATIVE = 1e-6  # rounding to single precision
OTHER_TABLE = "Use the table that the embeddings were made from, or make embeddings of this table."


def check_same_table(recorded: RecordedTable, series: Series, path: Path) -> int:
    """The number of cells that both tables have, all of which agree.

    Raises `EmbeddingMismatchError` if the columns or time stamps differ, or a value by more than rounding. `path` is
    that of the embeddings.
    """
    _check_columns(recorded, series, path)
    _check_rows(recorded, series, path)
    order = [series.columns.index(name) for name in recorded.columns]
    values = series.values[:, order]
    both = ~np.isnan(values) & ~np.isnan(recorded.values)
    with np.errstate(invalid="ignore"):
        differs = both & (np.abs(values - recorded.values) > _tolerance(values, recorded.values))
    if differs.any():
        n_both, n_differ = int(both.sum()), int(differs.sum())
        raise EmbeddingMismatchError(
            f"{path} was made for another table: {n_differ} of the {n_both} cells that both have differ, first "
            f"{_cells(differs, values, recorded, series)}. {OTHER_TABLE} Cells that are empty in one of "
            "them may differ."
        )
    return int(both.sum())


def _check_columns(recorded: RecordedTable, series: Series, path: Path) -> None:
    if set(recorded.columns) == set(series.columns):
        return
    lacking = [name for name in recorded.columns if name not in series.columns]
    further = [name for name in series.columns if name not in recorded.columns]
    parts = [f"lacks {listed(lacking)}"] if lacking else []
    parts += [f"has {listed(further)} in addition"] if further else []
    raise EmbeddingMismatchError(
        f"{path} was made for another table: this one {' and '.join(parts)}. Name the columns that the embeddings were "
        f"made from (--columns, --leave). {OTHER_TABLE}"
    )


def _check_rows(recorded: RecordedTable, series: Series, path: Path) -> None:
    """Raise an error unless rows and time stamps agree; a table without stamps must have as many rows."""
    n_recorded, n_rows = len(recorded.values), series.n_steps
    if recorded.time is None or series.time is None:
        if n_recorded != n_rows:
            raise EmbeddingMismatchError(
                f"{path} was made for a table of {counted(n_recorded, 'row')}, and this one has {n_rows}. {OTHER_TABLE}"
            )
        return
    time = series.time.astype("datetime64[ns]")
    if np.array_equal(time, recorded.time):
        return
    lacking, further = np.setdiff1d(recorded.time, time), np.setdiff1d(time, recorded.time)
    parts = [f"lacks {counted(len(lacking), 'time stamp')}, first {_stamp(lacking[0])}"] if len(lacking) else []
    parts += [f"has {counted(len(further), 'further stamp')}, first {_stamp(further[0])}"] if len(further) else []
    row = int(np.flatnonzero(time[:n_recorded] != recorded.time[:n_rows])[:1].sum())
    parts = parts or [f"has {_stamp(time[row])} in row {row + 1}, where {_stamp(recorded.time[row])} was"]
    raise EmbeddingMismatchError(
        f"{path} was made for another table: this one {' and '.join(parts)}. Rows that are missing must be there, with "
        f"empty cells, as embeddings count rows. {OTHER_TABLE}"
    )


def _tolerance(values: FloatArray, recorded: FloatArray) -> FloatArray:
    """How far two values may be apart if one is the other rounded: half a step of the column with fewer decimals."""
    steps = np.maximum(_step(values), _step(recorded))
    tolerance: FloatArray = np.maximum(0.501 * steps, RELATIVE * np.fmax(np.abs(values), np.abs(recorded)))
    return tolerance


def _step(values: FloatArray) -> FloatArray:
    """The smallest power of ten of which all values of a column are multiples, (C,)."""
    steps = np.full(values.shape[1], 10.0**-MOST_DECIMALS)
    for decimals in range(MOST_DECIMALS - 1, -1, -1):
        scaled = values * 10.0**decimals
        with np.errstate(invalid="ignore"):
            whole = np.isnan(scaled) | (np.abs(scaled - np.round(scaled)) < 1e-9 * np.maximum(1.0, np.abs(scaled)))
        steps[whole.all(axis=0)] = 10.0**-decimals
    return steps


def _cells(differs: BoolArray, values: FloatArray, recorded: RecordedTable, series: Series) -> str:
    """The first cells that differ, with both values."""
    rows, columns = np.nonzero(differs)
    return "; ".join(
        f"{quoted(recorded.columns[c])} {_at(series, row)}: {values[row, c]:g} here, {recorded.values[row, c]:g} there"
        for row, c in zip(rows[:SHOWN], columns[:SHOWN], strict=True)
    )


def _at(series: Series, row: int) -> str:
    return f"in row {row + 1}" if series.time is None else f"at {_stamp(series.time[row])}"


def _stamp(time: np.datetime64) -> str:
    return str(time.astype("datetime64[s]")).replace("T", " ")
