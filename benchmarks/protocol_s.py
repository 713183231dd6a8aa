"""Protocol S (TSI-Bench): points, blocks and long gaps, which are hidden in the train rows too.

    python benchmarks/protocol_s.py [--quick] [--strategies kriging,...] [--peers SAITS,...] [--patterns ...] [DATA ...]

Windows do not overlap. The same pattern is hidden in the train and in the test rows: independent points; blocks of
steps x columns; or in some columns one long run. Scaler, encoder, decoder and early stopping see only the observed
cells of the train rows; the validation rows are not used. Errors are over the hidden test cells, in standard
deviations of the train rows; real gaps stay gaps and are not scored. ItalyAir is as published; ItalyAir_gaps has no
published errors. Results are written to benchmarks/results/.

| data | window | train / validation / test | block | run |
|---|---|---|---|---|
| ETTh1 | 48 x 7 | 14 / 5 / 5 calendar months | 6 x 6 | 36 |
| BeijingAir, twelve stations side by side | 24 x 132 | 28 / 10 / 10 calendar months | 6 x 6 | 18 |
| ItalyAir, AirQualityUCI with -200 left in as a value | 12 x 13 | 60 / 20 / 20 % of the rows | 4 x 4 | 8 |
| ItalyAir_gaps, the same with -200 as missing | 12 x 13 | 60 / 20 / 20 % of the rows | 4 x 4 | 8 |
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from common import config_of, names_of, parser_of, read_results, with_earlier_rows, write_results, write_table
from ett import first_rows
from latentfill.core.series import BoolArray, Series
from latentfill.windows.cycles import clock_features, find_cycles
from latentfill.windows.hiding import hide_points
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import ScaledSeries, Windows
from published import PROTOCOL_S
from real_files import beijing_stations, read
from windowed import add_arguments, compare, table

PROTOCOL = "protocol_s"
PART = "ETTh1_part"  # older results of published models on one pattern, on cells hidden for that run
SENTINEL = -200.0  # of AirQualityUCI
QUICK_EVERY, QUICK_ROWS, QUICK_COLUMNS = 8, 960, 11  # with --quick: every n-th window, first train rows and columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A data set of TSI-Bench: its windows, split and patterns."""

    read: Callable[[Path], Series]
    length: int  # steps per window
    split: tuple[float, float, float]  # calendar months, or shares of the rows, for training, validation and test
    block: tuple[int, int]  # steps, columns
    run: int  # steps

    def rows(self, series: Series) -> tuple[int, int, int]:
        """The number of train rows, the first test row, and the row after the last test row."""
        if sum(self.split) <= 1:
            part = round(series.n_steps * self.split[-1])
            return series.n_steps - 2 * part, series.n_steps - part, series.n_steps
        assert series.time is not None
        month = series.time.astype("datetime64[M]")
        age = (month - month[0]).astype(int)
        train, test, end = (int((age < months).sum()) for months in np.cumsum(self.split))
        return train, test, end


def sentinels_as_values(data: Path) -> Series:
    """AirQualityUCI with its markers of missing cells as values."""
    series = read("airquality_uci", data).series
    return dataclasses.replace(series, values=np.where(series.observed, series.values, SENTINEL))


ITALY = Benchmark(read=sentinels_as_values, length=12, split=(0.6, 0.2, 0.2), block=(4, 4), run=8)
BENCHMARKS = {
    "ETTh1": Benchmark(read=lambda data: read("ETTh1", data).series, length=48, split=(14, 5, 5), block=(6, 6), run=36),
    "BeijingAir": Benchmark(read=beijing_stations, length=24, split=(28, 10, 10), block=(6, 6), run=18),
    "ItalyAir": ITALY,
    "ItalyAir_gaps": dataclasses.replace(ITALY, read=lambda data: read("airquality_uci", data).series),
}


def main() -> None:
    parser = parser_of(__doc__, BENCHMARKS, seeds=(0, 1, 2, 3, 4))
    add_arguments(parser)
    parser.add_argument("--patterns", nargs="+", choices=PATTERNS, default=list(PATTERNS))
    arguments = parser.parse_args()
    for name in names_of(parser, arguments, BENCHMARKS):
        benchmark = BENCHMARKS[name]
        train, windows = load(benchmark, arguments.data, quick=arguments.quick)
        rows = []
        for seed in arguments.seeds:
            settings = {"length": benchmark.length, "stride": benchmark.length // 4, "alone": True}
            config = config_of(arguments, seed=seed, **settings)
            for pattern in arguments.patterns:
                gappy, mask = hide(benchmark, train, windows, pattern, seed)
                rows += compare(gappy, config, windows, {pattern: mask}, arguments, {"data": name})
        rows = with_earlier_rows(PROTOCOL, name, rows, arguments)
        write_results(PROTOCOL, name, {"settings": config.to_dict(), "rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def report(*, quick: bool = False) -> str:
    """The results as Markdown."""
    return table(read_results(PROTOCOL, [*BENCHMARKS, PART], quick=quick), PROTOCOL_S)


def load(benchmark: Benchmark, data: Path, *, quick: bool = False) -> tuple[Series, Windows]:
    """The train rows in original units; the windows of the test rows in standard deviations of the train rows."""
    series, length = benchmark.read(data), benchmark.length
    columns = slice(QUICK_COLUMNS if quick else None)
    series = dataclasses.replace(series, values=series.values[:, columns], columns=series.columns[columns])
    n_train, first, last = benchmark.rows(series)
    train = first_rows(series, n_train - n_train % length)
    values = ColumnScaler.fit(train.values).apply(series.values)
    clock = clock_features(series, find_cycles(train))
    windows = ScaledSeries(values, clock).cut(np.arange(first, last - length + 1, length), length)
    return (first_rows(train, QUICK_ROWS), windows.take(slice(None, None, QUICK_EVERY))) if quick else (train, windows)


def hide(benchmark: Benchmark, train: Series, windows: Windows, pattern: str, seed: int) -> tuple[Series, BoolArray]:
    """The train rows without hidden cells, and the mask (N, L, C) of the cells to hide in the test windows."""
    rng = np.random.default_rng([seed, list(PATTERNS).index(pattern)])
    in_windows = train.observed.reshape(-1, benchmark.length, train.values.shape[1])
    hidden = PATTERNS[pattern](rng, in_windows, benchmark).reshape(train.values.shape)
    gappy = dataclasses.replace(train, values=np.where(hidden, np.nan, train.values))
    return gappy, PATTERNS[pattern](rng, windows.observed, benchmark)


def blocks(rate: float, rng: np.random.Generator, observed: BoolArray, block: tuple[int, int]) -> BoolArray:
    """Hide blocks at random places of each window, possibly overlapping, until the share `rate` is hidden."""
    n, length, columns = observed.shape
    steps, width = block
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


def runs(rate: float, rng: np.random.Generator, observed: BoolArray, steps: int) -> BoolArray:
    """Hide one run of steps in random columns of each window, so that the share `rate` is hidden on average."""
    n, length, columns = observed.shape
    start = rng.integers(length - steps + 1, size=(n, 1, columns))
    step = np.arange(length)[None, :, None]
    chosen = rng.random((n, 1, columns)) < rate * length / steps
    return observed & chosen & (step >= start) & (step < start + steps)


# The place of a pattern seeds its masks: add new ones at the end.
PATTERNS: dict[str, Callable[[np.random.Generator, BoolArray, Benchmark], BoolArray]] = {
    "point 10 %": lambda rng, observed, _: hide_points(rng, observed, 0.1),
    "point 50 %": lambda rng, observed, _: hide_points(rng, observed, 0.5),
    "block 50 %": lambda rng, observed, benchmark: blocks(0.5, rng, observed, benchmark.block),
    "subseq 50 %": lambda rng, observed, benchmark: runs(0.5, rng, observed, benchmark.run),
    "point 90 %": lambda rng, observed, _: hide_points(rng, observed, 0.9),
}


if __name__ == "__main__":
    main()
