"""Many series: the time that a series takes, short panels with few cells, and stations with one model or one each.

    python benchmarks/many_series.py [--quick] [--data DIR] [time] [panels] [stations]

`time`: a CSV file of 2000 made-up stations of 1000 hours and 3 columns is filled on the command line, with one model
for all, and by linear interpolation. `panels`: two days of Beijing's stations (48 hours, 11 columns) of which about
four in five cells are hidden; the errors are over the hidden cells, in variances of the columns. `stations`: the same
stations with 2000 hours each, of which a tenth of the cells is hidden in the pattern of their own gaps. Results are
written to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import latentfill
from common import Row, errors_of, measured_line, names_of, parser_of, read_results, write_results, write_table
from latentfill.core.series import FloatArray
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table
from latentfill.windows.gaps import interpolate
from latentfill.windows.hiding import hide_like_gaps
from processes import run
from real_files import STATIONS

PROTOCOL = "many_series"
SERIES, STEPS, COLUMNS = 2000, 1000, 3  # of the made-up file
PANEL, PANELS, SPACING = 48, 600, 700  # steps of a panel, number of panels, steps from one panel to the next
SHARES = (0.05, 0.4)  # least and largest share of the cells of a column that a panel keeps
STATION_STEPS = 2000
HIDDEN = 0.1  # share of the stations' cells
METHODS: Mapping[str, dict[str, Any]] = {
    "one model for all": {"model": "shared"},
    "one model for all, `--effort quick`": {"model": "shared", "effort": "quick"},
    "a model for each": {"model": "own"},
}
RUNS: Mapping[str, list[str]] = {
    "one model for all": ["--model", "shared"],
    "one model for all, `--effort quick`": ["--model", "shared", "--effort", "quick"],
    "linear interpolation": ["--model", "shared", "--strategy", "linear"],
}


def main() -> None:
    parser = parser_of(__doc__, PARTS, seeds=(0,))
    arguments = parser.parse_args()
    for name in names_of(parser, arguments, PARTS):
        rows = []
        for row in PARTS[name](arguments):
            print(row, flush=True)
            rows.append(row)
        write_results(PROTOCOL, name, {"rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def measure_time(arguments: argparse.Namespace) -> Iterator[Row]:
    """Time and memory of the whole command, from start to written file."""
    n_series = SERIES // 50 if arguments.quick else SERIES
    with tempfile.TemporaryDirectory() as folder:
        small, table = Path(folder) / "few.csv", Path(folder) / "stations.csv"
        made_up_stations(20).to_csv(small, index=False)
        made_up_stations(n_series).to_csv(table, index=False)
        size = table.stat().st_size / 2**20
        fill(small, ["--model", "shared"])  # compiles all modules
        for method, flags in RUNS.items():
            yield {"method": method, "series": n_series, "file_megabytes": size, **fill(table, flags)}


def fill(table: Path, flags: list[str]) -> Row:
    """Fill a stacked table on the command line, and measure it."""
    words = ["impute", str(table), "-o", str(table.with_suffix(".out.csv")), "--by", "station", "--quiet", *flags]
    return run([sys.executable, "-m", "latentfill", *words], table.parent)


def made_up_stations(n_series: int) -> pd.DataFrame:
    """Stations one below the other: related autoregressions with a daily cycle, a level and a size of their own."""
    rng = np.random.default_rng(0)
    hours = pd.date_range("2024-01-01", periods=STEPS, freq="h")
    day = np.sin(2 * np.pi * np.arange(STEPS) / 24)[:, None]
    noise = rng.normal(size=(n_series, STEPS, COLUMNS)) @ np.array([[1, 0.8, 0.5], [0, 0.6, 0.3], [0, 0, 0.7]])
    values = noise.copy()
    for step in range(1, STEPS):
        values[:, step] = 0.9 * values[:, step - 1] + 0.4 * noise[:, step]
    values += day * rng.uniform(0.5, 2, (n_series, 1, COLUMNS))
    values = rng.normal(20, 5, (n_series, 1, COLUMNS)) + rng.uniform(1, 4, (n_series, 1, 1)) * values
    values[rng.random(values.shape) < 0.1] = np.nan
    frame = pd.DataFrame(values.reshape(-1, COLUMNS).round(2), columns=["temperature", "dew_point", "load"])
    frame.insert(0, "time", np.tile(hours, n_series))
    frame.insert(0, "station", np.repeat([f"s{number:04}" for number in range(n_series)], STEPS))
    return frame


def measure_panels(arguments: argparse.Namespace) -> Iterator[Row]:
    """Errors on short panels with few cells."""
    stations = real_stations(arguments)
    starts = range(0, stations.shape[1] - PANEL, SPACING)
    truth = np.stack([station[start : start + PANEL] for station in stations for start in starts])
    rng = np.random.default_rng(0)
    truth = truth[rng.permutation(len(truth))[: 40 if arguments.quick else PANELS]]
    kept = rng.random(truth.shape) < rng.uniform(*SHARES, (len(truth), 1, truth.shape[2]))
    yield from errors_by_method(truth, np.where(kept, truth, np.nan))


def measure_stations(arguments: argparse.Namespace) -> Iterator[Row]:
    """Errors on long series, which have enough cells to learn from."""
    truth = real_stations(arguments)[:, : 500 if arguments.quick else STATION_STEPS]
    rng = np.random.default_rng(0)
    hidden = np.stack([hide_like_gaps(rng, ~np.isnan(values), HIDDEN) for values in truth])
    yield from errors_by_method(truth, np.where(hidden, np.nan, truth))


def real_stations(arguments: argparse.Namespace) -> FloatArray:
    """The values (stations, steps, columns) of Beijing's stations."""
    paths = sorted(arguments.data.glob(STATIONS))
    return np.stack([read_table(path, TableOptions()).series.values for path in paths])


def errors_by_method(truth: FloatArray, visible: FloatArray) -> Iterator[Row]:
    """Errors of all methods on the cells of `truth` (N, L, C) that are not visible, in variances of the columns."""
    spread, mean = np.nanstd(truth, axis=(0, 1)), np.nanmean(visible, axis=(0, 1))
    hidden = np.isnan(visible) & ~np.isnan(truth)
    lines = interpolate(visible)
    simple = {
        "linear interpolation": np.where(np.isnan(lines), mean, lines),
        "median of each column": np.broadcast_to(np.nanmedian(visible, axis=(0, 1)), truth.shape),
    }
    for method, filled in simple.items():
        yield {"method": method, **errors_of(filled / spread, truth / spread, hidden), "seconds": 0.0}
    for method, settings in METHODS.items():
        began = time.monotonic()
        filled = latentfill.impute(visible, seed=0, **settings)
        seconds = time.monotonic() - began
        filled = np.where(np.isnan(filled), mean, filled)
        yield {"method": method, **errors_of(filled / spread, truth / spread, hidden), "seconds": seconds}


PARTS: Mapping[str, Callable[[argparse.Namespace], Iterator[Row]]] = {
    "time": measure_time,
    "panels": measure_panels,
    "stations": measure_stations,
}


def report(*, quick: bool = False) -> str:
    """The results as Markdown."""
    records = {record["data"]: record for record in read_results(PROTOCOL, PARTS, quick=quick)}
    blocks = []
    if "time" in records:
        heads = f"{SERIES} series of {STEPS} rows, {COLUMNS} columns | ms a series | processor ms | peak memory"
        blocks.append(_table([heads, "---|---|---|---", *map(_time_line, records["time"]["rows"])]))
    for name, title in (("panels", "48 hours, 4 in 5 cells missing"), ("stations", "2000 hours, 1 in 10")):
        if name in records:
            lines = [f"{title} | MSE | MAE | seconds", "---|---|---|---", *map(_error_line, records[name]["rows"])]
            blocks.append(_table(lines))
    return "\n\n".join([*blocks, measured_line(records.values())])


def _table(lines: list[str]) -> str:
    return "\n".join(f"| {line} |" for line in lines)


def _time_line(row: Row) -> str:
    each = [1000 * row[name] / row["series"] for name in ("seconds", "cpu_seconds")]
    return f"{row['method']} | {each[0]:.1f} | {each[1]:.1f} | {row['peak_megabytes']:.0f} MB"


def _error_line(row: Row) -> str:
    return f"{row['method']} | {row['mse']:.3f} | {row['mae']:.3f} | {row['seconds']:.0f}"


if __name__ == "__main__":
    main()
