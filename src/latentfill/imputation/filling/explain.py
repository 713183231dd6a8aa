"""The neighbours that the strategy `neighbours` fills each missing cell from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentfill.core.errors import InputError
from latentfill.core.series import Series
from latentfill.imputation.fitting.donor_table import donor_offset
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.windows.windows import window_starts


def explain_series(fitted: Fitted, series: Series) -> dict[str, NDArray[np.generic]]:
    """A table, as columns by name, with one row for each neighbour of each missing cell (builtin path only).

    `row` and `column` locate the cell, `neighbour_row` and `source` (`table` or `donor_table`) the neighbour. `value`
    is the estimate from this neighbour, in original units, and `weight` its weight; the weights of a cell sum to one.
    Rows count from 0 after the header; a step of the series without a row in the table has row -1.
    """
    if reason := fitted.builtin.skipped.get("neighbours"):
        raise InputError(
            f"the strategy neighbours was left out ({reason}), so it cannot explain estimates. Give it more time "
            "(--time-budget), or leave out --explain."
        )
    starts = window_starts(series.n_steps, fitted.config.windows.length, fitted.config.windows.stride)
    votes = fitted.builtin.candidates.explain(fitted.scaled(series), starts, fitted.encoder)
    offset = donor_offset(fitted.n_steps, fitted.config.windows.length)
    from_donor = votes.neighbour >= offset
    rows = series.rows if fitted.n_steps == series.n_steps else np.arange(fitted.n_steps)
    table_row = rows[np.where(from_donor, 0, votes.neighbour)]
    columns = {
        "row": series.rows[votes.step],
        "column": np.array(fitted.all_columns)[votes.column],
        "neighbour_row": np.where(from_donor, votes.neighbour - offset, table_row),
        "source": np.where(from_donor, "donor_table", "table"),
        "value": votes.value * fitted.scaler.scale[votes.column] + fitted.scaler.shift[votes.column],
        "weight": votes.weight,
    }
    return {name: column[fitted.targets[votes.column]] for name, column in columns.items()}
