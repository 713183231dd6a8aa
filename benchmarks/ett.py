"""The ETT files for protocols T, L and H: rows split 8640 / 2880 / 2880 (x 4 for 15-minute data)."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from latentfill.core.series import Series
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table
from latentfill.windows.cycles import clock_features, find_cycles
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import ScaledSeries, Windows

LENGTH = 96
FILES = {"ETTh1": ("ETT/ETTh1.csv", 1), "ETTh2": ("ETT/ETTh2.csv", 1), "ETTm1": ("ETT/ETTm1.csv.gz", 4)}
TRAIN, VAL, TEST = 8640, 2880, 2880  # rows of hourly data


def load(name: str, data: Path, length: int = LENGTH, rows: str = "test") -> tuple[Series, Windows]:
    """The train rows in original units, and all windows of the test rows in standard deviations of the train rows.

    The first window starts `length` rows before the test rows, as in the published protocols. With `rows` of
    "validation", the windows lie in the validation rows instead, and end where the first test window starts.
    """
    path, per_hour = FILES[name]
    series = read_table(data / path, TableOptions()).series
    train = first_rows(series, TRAIN * per_hour)
    values = ColumnScaler.fit(train.values).apply(series.values)
    clock = clock_features(series, find_cycles(train))
    first_test = (TRAIN + VAL) * per_hour - length
    borders = {"validation": (TRAIN * per_hour, first_test), "test": (first_test, (TRAIN + VAL + TEST) * per_hour)}
    first, end = borders[rows]
    return train, ScaledSeries(values, clock).cut(np.arange(first, end - length + 1), length)


def first_rows(series: Series, rows: int) -> Series:
    """The first rows of a series with time stamps."""
    assert series.time is not None
    return dataclasses.replace(series, values=series.values[:rows], time=series.time[:rows], rows=series.rows[:rows])
