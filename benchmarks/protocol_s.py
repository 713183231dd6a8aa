"""Protocol S (TSI-Bench, ETT_h1): points, blocks and long gaps, which are hidden in the train months too.

    python benchmarks/protocol_s.py [--quick] [--ablation] [--peers SAITS ...] [--data DIR] [--seeds 0 1 2 3 4]

Windows have 48 steps and do not overlap. The first 14 calendar months are for training and the last 5 for testing; the
5 months between are not used. The same pattern is hidden in both: independent points; blocks of 6 steps x 6 columns;
or in some columns one run of 36 steps. Scaler, encoder, decoder and early stopping see only the observed cells of the
train months. Errors are over the hidden test cells, in standard deviations of the train rows. Results are written to
benchmarks/results/.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from common import config_of, parser_of, read_results, write_results, write_table
from latentfill.core.series import BoolArray, Series
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table
from latentfill.windows.cycles import clock_features, find_cycles
from latentfill.windows.hiding import hide_points
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import ScaledSeries, Windows
from published import PROTOCOL_S
from windowed import add_arguments, compare, table, with_earlier_rows

PROTOCOL, NAME = "protocol_s", "ETTh1"
PART = "ETTh1_part"  # name of the result file of a run with some of the patterns
FILE = "ETT/ETTh1.csv"
LENGTH = 48
TRAIN_MONTHS, VAL_MONTHS, TEST_MONTHS = 14, 5, 5
BLOCK = (6, 6)  # steps, columns
RUN = 36  # steps


def main() -> None:
    parser = parser_of(__doc__, (NAME,), seeds=(0, 1, 2, 3, 4))
    add_arguments(parser)
    parser.add_argument("--patterns", nargs="+", choices=PATTERNS, default=list(PATTERNS))
    arguments = parser.parse_args()
    train, windows = load(arguments.data)
    file_name, data = (NAME, NAME) if set(arguments.patterns) == set(PATTERNS) else (PART, f"{NAME}, some patterns")
    rows = []
    for seed in arguments.seeds:
        for pattern in arguments.patterns:
            rng = np.random.default_rng([seed, list(PATTERNS).index(pattern)])
            hidden = onto_series(PATTERNS[pattern](rng, into_windows(train)), train)
            gappy = dataclasses.replace(train, values=np.where(hidden, np.nan, train.values))
            mask = PATTERNS[pattern](rng, windows.observed)
            config = config_of(arguments, seed=seed, length=LENGTH, stride=LENGTH // 4)
            rows += compare(gappy, config, windows, {pattern: mask}, arguments, {"data": data})
    settings = config_of(arguments, length=LENGTH, stride=LENGTH // 4).to_dict()
    rows = with_earlier_rows(PROTOCOL, file_name, rows, arguments)
    write_results(PROTOCOL, file_name, {"settings": settings, "rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def report(*, quick: bool = False) -> str:
    """The results as Markdown."""
    return table(read_results(PROTOCOL, [NAME, PART], quick=quick), PROTOCOL_S)


def load(data: Path) -> tuple[Series, Windows]:
    """The train months in original units; the windows of the test months in standard deviations of the train rows."""
    series = read_table(data / FILE, TableOptions()).series
    assert series.time is not None
    month = series.time.astype("datetime64[M]")
    age = (month - month[0]).astype(int)
    n_train = int((age < TRAIN_MONTHS).sum())
    n_train -= n_train % LENGTH
    train = dataclasses.replace(
        series, values=series.values[:n_train], time=series.time[:n_train], rows=series.rows[:n_train]
    )
    values = ColumnScaler.fit(train.values).apply(series.values)
    first = int((age < TRAIN_MONTHS + VAL_MONTHS).sum())
    last = int((age < TRAIN_MONTHS + VAL_MONTHS + TEST_MONTHS).sum())
    clock = clock_features(series, find_cycles(train))
    return train, ScaledSeries(values, clock).cut(np.arange(first, last - LENGTH + 1, LENGTH), LENGTH)


def into_windows(series: Series) -> BoolArray:
    """The mask (N, L, C) of observed cells in windows that do not overlap."""
    return series.observed.reshape(-1, LENGTH, series.values.shape[1])


def onto_series(hidden: BoolArray, series: Series) -> BoolArray:
    """The mask (T, C) of hidden cells from their mask (N, L, C) in windows."""
    return hidden.reshape(series.values.shape)


def points(rate: float, rng: np.random.Generator, observed: BoolArray) -> BoolArray:
    """Hide independent cells."""
    return hide_points(rng, observed, rate)


def blocks(rate: float, rng: np.random.Generator, observed: BoolArray) -> BoolArray:
    """Hide blocks at random places of each window, possibly overlapping, until the share `rate` is hidden."""
    n, length, columns = observed.shape
    steps, width = BLOCK
    width = min(width, columns)
    hidden = np.zeros_like(observed)
    open_windows = np.arange(n)
    while len(open_windows):
        start = rng.integers(length - steps + 1, size=len(open_windows))
        left = rng.integers(columns - width + 1, size=len(open_windows))
        step, column = np.arange(length)[None, :, None], np.arange(columns)[None, None, :]
        in_time = (step >= start[:, None, None]) & (step < start[:, None, None] + steps)
        hidden[open_windows] |= in_time & (column >= left[:, None, None]) & (column < left[:, None, None] + width)
        open_windows = open_windows[hidden[open_windows].mean(axis=(1, 2)) < rate]
    return hidden & observed


def runs(rate: float, rng: np.random.Generator, observed: BoolArray) -> BoolArray:
    """Hide one run of steps in random columns of each window, so that the share `rate` is hidden on average."""
    n, length, columns = observed.shape
    start = rng.integers(length - RUN + 1, size=(n, 1, columns))
    step = np.arange(length)[None, :, None]
    chosen = rng.random((n, 1, columns)) < rate * length / RUN
    return observed & chosen & (step >= start) & (step < start + RUN)


PATTERNS = {
    "point 10 %": lambda rng, observed: points(0.1, rng, observed),
    "point 50 %": lambda rng, observed: points(0.5, rng, observed),
    "block 50 %": lambda rng, observed: blocks(0.5, rng, observed),
    "subseq 50 %": lambda rng, observed: runs(0.5, rng, observed),
}


if __name__ == "__main__":
    main()
