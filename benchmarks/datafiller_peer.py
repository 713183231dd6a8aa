"""datafiller: ridge regressions of each column on the others, on lags and leads of all, and on the calendar.

    filled = fill_series(series)                        # a whole table
    filled = WindowFiller(train, scaled).fill(window, start)    # one window, from the train rows and the window

    python benchmarks/datafiller_peer.py IN.csv OUT.csv     # a table in a process of its own, to measure it

It has no models to keep: each call fits its regressions to the rows that it is given. Whole tables get lags and leads
of one, two and three steps and of one day. Windows get one step, as in its introduction: with more, few rows are
complete where half of the cells is hidden in the train rows too, and on ETTh1 its error grows (10 % hidden: MAE .131
with one step, .134 with two, .364 with all of these). To install it:

    pip install -c constraints.txt "datafiller>=0.4"
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from latentfill.core.series import FloatArray, Series, TimeArray
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table
from latentfill.windows.cycles import cycle_steps

LAGS_OF_WINDOWS = (1, -1)  # steps back, and steps ahead
NEAR = (1, 2, 3)  # lags and leads of whole tables, beside the shortest cycle


def main() -> None:
    source, target = map(Path, sys.argv[1:])
    series = read_table(source, TableOptions()).series
    frame = _frame(fill_series(series), _regular_time(series, series.n_steps))
    frame.columns = series.columns
    frame.to_csv(target, index_label="time")


def fill_series(series: Series) -> FloatArray:
    """The values (T, C) of a regular series with every gap filled, in its own units."""
    frame = _frame(series.values, _regular_time(series, series.n_steps))
    return _imputer(lags_of(series))(frame).to_numpy()[: series.n_steps]


class WindowFiller:
    """Fills windows that follow a train series, each by itself, with regressions fitted to the train rows too."""

    def __init__(self, train: Series, scaled: FloatArray) -> None:
        """`scaled` (T, C) are the values of `train` in the units of the windows."""
        self.train, self.scaled = train, scaled
        self.imputer = _imputer(LAGS_OF_WINDOWS)

    def fill(self, window: FloatArray, start: int) -> FloatArray:
        """The window (L, C) with its gaps filled; it starts `start` steps after the first train row."""
        rows = np.full((start + len(window), window.shape[1]), np.nan)
        rows[: len(self.scaled)] = self.scaled[: len(rows)]
        rows[start:] = window
        frame = _frame(rows, _regular_time(self.train, len(rows)))
        return self.imputer(frame, rows_to_impute=list(range(start, len(rows)))).to_numpy()[start:]


def lags_of(series: Series) -> tuple[int, ...]:
    """Lags (positive) and leads (negative) of a whole table in steps: the nearest steps and the shortest cycle."""
    cycle = cycle_steps(series)
    near = (*NEAR, cycle) if cycle else NEAR
    return (*near, *(-lag for lag in near))


@cache
def _imputer(lags: tuple[int, ...]) -> Any:
    """An imputer, called once on few cells, because its first call compiles for a minute."""
    from datafiller import TimeSeriesImputer

    values = np.sin(np.arange(400.0))[:, None] * [1.0, 2.0]
    values[50:60, 0] = np.nan
    time = np.datetime64("2024-01-01", "ns") + np.arange(len(values)) * np.timedelta64(1, "h")
    imputer = TimeSeriesImputer(lags=lags)
    imputer(_frame(values, time))
    return imputer


def _frame(values: FloatArray, time: TimeArray) -> Any:
    """A pandas frame with time stamps."""
    import pandas as pd

    return pd.DataFrame(values, index=pd.DatetimeIndex(time), columns=[f"c{i}" for i in range(values.shape[1])])


def _regular_time(series: Series, n_steps: int) -> TimeArray:
    """Evenly spaced time stamps (n_steps,) from the first one of a series; hours where it has none."""
    if series.time is None:
        return np.datetime64("2024-01-01", "ns") + np.arange(n_steps) * np.timedelta64(1, "h")
    step = np.median(np.diff(series.time).astype(np.int64)).astype("timedelta64[ns]")
    return series.time[0].astype("datetime64[ns]") + np.arange(n_steps) * step


if __name__ == "__main__":
    main()
