"""The doubtful readings of a table, as a list and as counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentfill.core.messages import quoted
from latentfill.core.series import IntArray
from latentfill.imputation.doubt.find import Doubt, Reason
from latentfill.tables.groups import GroupedTable
from latentfill.tables.table import Table

Columns = dict[str, NDArray[Any]]


def doubt_columns(table: Table, doubt: Doubt) -> Columns:
    """A table with a row for each doubtful reading, the most doubtful first.

    `row` counts from 0 after the header; `probability` is that of a wrong reading.
    """
    step, column = np.nonzero((doubt.probability > 0) & (table.series.rows >= 0)[:, None])
    order = np.argsort(-doubt.probability[step, column], kind="stable")
    step, column = step[order], column[order]
    time = table.series.time
    return {
        "row": _rows(table, step, column),
        **({} if time is None else {"time": np.datetime_as_string(time[step], unit="s")}),
        "column": np.array(table.series.columns)[column],
        "value": table.as_read[step, column],
        "probability": np.round(doubt.probability[step, column], 4),
        "reason": np.array([Reason(number).name.lower() for number in doubt.reason[step, column].tolist()]),
    }


def _rows(table: Table, step: IntArray, column: IntArray) -> IntArray:
    """The row of the table as it was read for some cells; a long table has a row for each of its readings."""
    row = table.series.rows[step]
    return row if table.pivot is None else table.pivot.rows[row, np.array(table.positions)[column] - 1]


def stacked_doubt_columns(table: GroupedTable, of_series: Mapping[int, Columns]) -> Columns:
    """The same for a table that stacks several series, from the lists of each, by number of the group.

    The columns that tell the series apart come first; `row` is that of the stacked table.
    """
    names = [table.source.names[position] for position in table.by]
    parts = []
    for number, columns in of_series.items():
        group = table.groups[number]
        n_rows = len(columns["row"])
        keys = {
            f"{name}_" if name in columns else name: np.full(n_rows, label)
            for name, label in zip(names, group.labels, strict=True)
        }
        parts.append({**keys, **columns, "row": group.rows[columns["row"]]})
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.argsort(-joined["probability"], kind="stable")
    return {name: column[order] for name, column in joined.items()}


def count_doubt(table: Table, doubt: Doubt, steps: IntArray) -> dict[str, dict[str, int]]:
    """Number of readings from which nothing is learnt, by column and reason; `steps` (R,) are the rows of the table."""
    reason = np.where(doubt.wrong, doubt.reason, Reason.NONE)[steps]
    counts = {
        name: {each.name.lower(): int(n) for each in Reason if each and (n := (column == each).sum())}
        for name, column in zip(table.series.columns, reason.T, strict=True)
    }
    return {name: of_column for name, of_column in counts.items() if of_column}


def doubt_note(counts: dict[str, dict[str, int]], n_blanked: int) -> str | None:
    """A note on the doubtful readings; None if there are none."""
    if not counts:
        return None
    total = sum(sum(of_column.values()) for of_column in counts.values())
    shown = "; ".join(
        f"{quoted(name)}: {', '.join(f'{n} {reason}' for reason, n in of_column.items())}"
        for name, of_column in list(counts.items())[:5]
    )
    kept = (
        f"{n_blanked} of them are blanked and filled."
        if n_blanked
        else "They are kept, and nothing is learnt from them; --doubt lists them, --blank-doubtful 0.9 replaces them."
    )
    more = " ..." if len(counts) > 5 else ""
    return f"{total} {'reading is' if total == 1 else 'readings are'} probably wrong ({shown}{more}). {kept}"
