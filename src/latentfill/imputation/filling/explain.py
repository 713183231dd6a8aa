"""The neighbours that the strategy `neighbours` fills each missing cell from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentfill.core.series import Series
from latentfill.imputation.fitting.donor_table import donor_offset
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.windows.windows import window_starts


def explain_series(fitted: Fitted, series: Series) -> dict[str, NDArray[np.generic]]:
    """Columns of a table with a row for each neighbour of each missing cell, on the builtin path.

    `row` and `column` of the cell; `neighbour_row` and `source` (`table` or `donor_table`) of the neighbour; the
    `value` that it suggests, in original units; and its `weight`. The weights of a cell sum to one. Rows count from 0
    after the header; a step of the series that is no row of its table has row -1.
    """
    starts = window_starts(series.n_steps, fitted.config.windows.length, fitted.config.windows.stride)
    found = fitted.builtin.candidates.explain(fitted.scaled(series), starts, fitted.encoder)
    offset = donor_offset(fitted.n_steps, fitted.config.windows.length)
    from_donor = found.neighbour >= offset
    rows = series.rows if fitted.n_steps == series.n_steps else np.arange(fitted.n_steps)
    own_row = rows[np.where(from_donor, 0, found.neighbour)]
    return {
        "row": series.rows[found.step],
        "column": np.array(fitted.columns)[found.column],
        "neighbour_row": np.where(from_donor, found.neighbour - offset, own_row),
        "source": np.where(from_donor, "donor_table", "table"),
        "value": found.value * fitted.scaler.scale[found.column] + fitted.scaler.shift[found.column],
        "weight": found.weight,
    }
