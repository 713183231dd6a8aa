"""Ten thousand series of two years: time and memory of the whole command, from a twentieth and a tenth of them.

    python benchmarks/data_sets.py [--quick] [local] [ray]

Each made-up series has 17 520 hours of 3 columns with a gap in every tenth cell, in a Parquet file of its own. The
command `impute FOLDER -o OUT --engine E --model shared` fills 500 and 1000 of them; what it takes beyond the fit, which
does not grow, is that of each further series. Results are written to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from common import Row, measured_line, names_of, parser_of, read_results, write_results, write_table
from latentfill.core.series import FloatArray
from processes import run

PROTOCOL = "data_sets"
PARTS = ("local", "ray")  # engines
ALL, SIZES = 10_000, (500, 1000)  # series
STEPS, COLUMNS, MISSING = 17_520, ("temperature", "dew_point", "load"), 0.1
TRILLION = 1e12  # cells
PHI = 0.9  # of the autoregression


def main() -> None:
    parser = parser_of(__doc__, PARTS, seeds=(0,))
    arguments = parser.parse_args()
    for name in names_of(parser, arguments, PARTS):
        rows = []
        for row in measure(name, arguments):
            print(row, flush=True)
            rows.append(row)
        write_results(PROTOCOL, name, {"rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def measure(engine: str, arguments: argparse.Namespace) -> Iterator[Row]:
    """Time and memory of the command with an engine, for each number of series."""
    sizes = [size // 100 for size in SIZES] if arguments.quick else SIZES
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        source = folder / "in"
        source.mkdir()
        for size in sizes:
            for number in range(len(list(source.iterdir())), size):
                parquet.write_table(made_up_series(number), source / f"s{number:05}.parquet")
            words = ["impute", str(source), "-o", str(folder / f"out-{size}"), "--engine", engine, "-q"]
            measures = run([sys.executable, "-m", "latentfill", *words, "--model", "shared"], folder)
            yield {"engine": engine, "series": size, **measures}


def made_up_series(number: int) -> pa.Table:
    """Related autoregressions with a daily cycle."""
    rng = np.random.default_rng(number)
    noise = rng.normal(size=(STEPS, len(COLUMNS))) @ np.array([[1, 0.8, 0.5], [0, 0.6, 0.3], [0, 0, 0.7]])
    day = np.sin(2 * np.pi * np.arange(STEPS) / 24)[:, None]
    values = rng.normal(20, 5, len(COLUMNS)) + _smoothed(noise) + day * rng.uniform(0.5, 2, len(COLUMNS))
    values[rng.random(values.shape) < MISSING] = np.nan
    time = np.datetime64("2024-01-01", "ns") + np.arange(STEPS) * np.timedelta64(3600, "s")
    cells = {name: pa.array(values[:, c].round(2), from_pandas=True) for c, name in enumerate(COLUMNS)}
    return pa.table({"time": time, **cells})


def _smoothed(noise: FloatArray) -> FloatArray:
    values = noise.copy()
    for step in range(1, len(values)):
        values[step] = PHI * values[step - 1] + 0.4 * noise[step]
    return values


def report(*, quick: bool = False) -> str:
    """The results as Markdown."""
    records = {record["data"]: record for record in read_results(PROTOCOL, PARTS, quick=quick)}
    if not records:
        return measured_line([])
    rows = [row for record in records.values() for row in record["rows"]]
    heads = ("engine", "series", "minutes", "processor minutes", "largest process")
    lines = [" | ".join(heads), "---|---|---|---|---", *map(_line, rows)]
    blocks = ["\n".join(f"| {line} |" for line in lines)]
    blocks += [_extrapolated(engine, record["rows"]) for engine, record in records.items()]
    return "\n\n".join([*blocks, measured_line(records.values())])


def _line(row: Row) -> str:
    own = [f"{row['cpu_seconds'] / 60:.1f}", f"{row['peak_megabytes']:.0f} MB"]  # of the processes of the command
    parts = [row["engine"], row["series"], f"{row['seconds'] / 60:.1f}", *(own if row["engine"] == "local" else "--")]
    return " | ".join(map(str, parts))


def _extrapolated(engine: str, rows: list[Mapping[str, float]]) -> str:
    """What all series would take, and a trillion cells, from the two sizes."""
    small, large = rows[0], rows[-1]
    more = large["series"] - small["series"]
    seconds, own = ((large[name] - small[name]) / more for name in ("seconds", "cpu_seconds"))
    share = seconds * large["series"] / large["seconds"]
    hours = (large["seconds"] + (ALL - large["series"]) * seconds) / 3600
    text = (
        f"{engine}: each further series took {seconds:.2f} s, {share:.2f} x the mean of all {large['series']:.0f}, so "
        f"that {ALL} would take {hours:.1f} hours."
    )
    if engine != "local":  # whose processes are not those of the command
        return text
    of_million = own / (STEPS * len(COLUMNS)) * 1e6
    days = of_million * TRILLION / 1e6 / 86400
    return f"{text} A million cells take {of_million:.1f} processor seconds; a trillion, {days:.0f} processor days."


if __name__ == "__main__":
    main()
