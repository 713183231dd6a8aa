"""Time, processor time and memory of `latentfill impute`, beside a pandas script that interpolates the same file.

    python benchmarks/time_to_result.py [--quick] [--data DIR] [DATA ...]

daily: 1000 hours of five columns with a daily cycle, a tenth of the cells missing in runs. small: 3 rows of two
columns. factors: 3000 hours of 200 columns that share eight factors, a tenth missing in runs. ETTh1: a tenth of the
cells hidden, scattered. Each figure is the median of three whole processes; the methods take turns. One more run of
each method, which does not count, compiles the modules, as they are in an installed package. Results are written to
benchmarks/results/.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

import ett
from common import QUICK_STEPS, Row, measured_line, names_of, parser_of, read_results, write_results, write_table
from latentfill.core.series import FloatArray, TimeArray
from latentfill.tables.read import read_table
from latentfill.windows.hiding import hide_like_gaps, hide_points
from made_tables import hourly, persistent, related
from processes import MEASURES, run, write

PROTOCOL = "time_to_result"
RATE = 0.1  # share of the cells that are missing
ROUNDS = 3  # runs of each method on each table
PANDAS = """
import sys
import pandas as pd

frame = pd.read_csv(sys.argv[1], parse_dates=["time"]).set_index("time")
frame.interpolate(method="time").to_csv(sys.argv[2])
"""


class Gappy(NamedTuple):
    """A table with gaps."""

    time: TimeArray  # (T,)
    values: FloatArray  # (T, C), NaN where missing


def main() -> None:
    parser = parser_of(__doc__, TABLES, seeds=(0,))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        print("not counted:")
        measure(small(arguments), 1, folder, arguments)
        for name in names_of(parser, arguments, TABLES):
            print(f"{name}:")
            table = TABLES[name](arguments)
            rows, columns = table.values.shape
            methods = measure(table, 1 if arguments.quick else ROUNDS, folder, arguments)
            write_results(PROTOCOL, name, {"rows": rows, "columns": columns, "methods": methods}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


# --- tables -------------------------------------------------------------------------------------------------


def daily(arguments: argparse.Namespace) -> Gappy:
    """Five columns with a daily cycle of their own size and phase, and noise that persists for hours."""
    rng = np.random.default_rng(arguments.seeds[0])
    hours, columns = np.arange(1000)[:, None], 5
    cycle = rng.uniform(1, 5, columns) * np.sin(2 * np.pi * (hours / 24 + rng.random(columns)))
    return in_runs(rng, 20 + cycle + persistent(rng, len(hours), columns, 0.9))


def small(arguments: argparse.Namespace) -> Gappy:
    """Three rows of two columns, with two gaps."""
    return Gappy(hourly(3), np.array([[1.0, 2.5], [np.nan, 3.5], [4.0, np.nan]]))


def factors(arguments: argparse.Namespace) -> Gappy:
    """Many columns that share eight factors; fewer with --quick."""
    rng = np.random.default_rng(arguments.seeds[0])
    n_steps, columns = (300, 20) if arguments.quick else (3000, 200)
    return in_runs(rng, related(rng, n_steps, columns))


def etth1(arguments: argparse.Namespace) -> Gappy:
    """ETTh1 without a tenth of its cells."""
    series = read_table(arguments.data / ett.FILES["ETTh1"][0]).series
    assert series.time is not None
    hidden = hide_points(np.random.default_rng(arguments.seeds[0]), series.observed[None], RATE)[0]
    return Gappy(series.time, np.where(hidden, np.nan, series.values))


TABLES: Mapping[str, Callable[[argparse.Namespace], Gappy]] = {
    "daily": daily,
    "small": small,
    "factors": factors,
    "ETTh1": etth1,
}


def in_runs(rng: np.random.Generator, values: FloatArray) -> Gappy:
    """An hourly table of these values with four decimals, in which runs in single columns are missing."""
    hidden = hide_like_gaps(rng, np.ones(values.shape, dtype=bool), RATE)
    return Gappy(hourly(len(values)), np.where(hidden, np.nan, np.round(values, 4)))


# --- processes ----------------------------------------------------------------------------------------------


def measure(table: Gappy, rounds: int, folder: Path, arguments: argparse.Namespace) -> list[Row]:
    """The medians of each method's measures on one table, over several rounds of all methods."""
    source, target = folder / "table.csv", folder / "filled.csv"
    write(table.time, table.values, source)
    commands = commands_of(source, target, arguments)
    runs: dict[str, list[Row]] = {method: [] for method in commands}
    for _ in range(rounds):
        for method, command in commands.items():
            runs[method].append(run(command, folder))
            print(method, runs[method][-1], flush=True)
    return [
        {"method": method, **{name: round(float(np.median([row[name] for row in rows])), 3) for name in MEASURES}}
        for method, rows in runs.items()
    ]


def commands_of(source: Path, target: Path, arguments: argparse.Namespace) -> dict[str, Sequence[str]]:
    """The command of each method; --quick and --set change only the default settings."""
    impute = (sys.executable, "-m", "latentfill", "impute", str(source), "-o", str(target))
    quick = [f"{name}={value}" for name, value in QUICK_STEPS.items()] if arguments.quick else []
    settings = [word for item in (*quick, *arguments.set) for word in ("--set", item)]
    return {
        "pandas": (sys.executable, "-c", PANDAS, str(source), str(target)),
        "linear": (*impute, "--strategy", "linear"),
        "default": (*impute, *settings),
    }


# --- report -------------------------------------------------------------------------------------------------


def report(*, quick: bool = False) -> str:
    """The results as Markdown."""
    records = read_results(PROTOCOL, TABLES, quick=quick)
    lines = [
        "| data | rows x columns | method | seconds | as a ratio | CPU seconds | as a ratio | peak MB |",
        "|---" * 8 + "|",
    ]
    for record in records:
        pandas = next(row for row in record["methods"] if row["method"] == "pandas")
        lines += [
            f"| {record['data']} | {record['rows']} x {record['columns']} | {row['method']} "
            f"| {row['seconds']:.2f} | {row['seconds'] / pandas['seconds']:.2f} "
            f"| {row['cpu_seconds']:.2f} | {row['cpu_seconds'] / pandas['cpu_seconds']:.2f} "
            f"| {row['peak_megabytes']:.0f} |"
            for row in record["methods"]
        ]
    return "\n".join([*lines, "", measured_line(records)])


if __name__ == "__main__":
    main()
