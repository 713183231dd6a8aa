"""Ten thousand series of two years: time and memory of the whole command, from a twentieth and a tenth of them.

    python benchmarks/data_sets.py [--quick] [--engines local,ray] [folder]

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

from common import Row, comma_separated, measured_line, names_of, parser_of, read_results, write_results, write_table
from latentfill.core.series import FloatArray
from processes import run

PROTOCOL = "data_sets"
PARTS = ("folder",)
ALL, SIZES = 10_000, (500, 1000)  # series
STEPS, COLUMNS, MISSING = 17_520, ("temperature", "dew_point", "load"), 0.1
PHI = 0.9  # of the autoregression


def main() -> None:
    parser = parser_of(__doc__, PARTS, seeds=(0,))
    parser.add_argument("--engines", type=comma_separated, default=("local",), help="engines to measure")
    arguments = parser.parse_args()
    for name in names_of(parser, arguments, PARTS):
        rows = []
        for row in measure(arguments):
            print(row, flush=True)
            rows.append(row)
        write_results(PROTOCOL, name, {"rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def measure(arguments: argparse.Namespace) -> Iterator[Row]:
    """Time and memory of the command for each engine and each number of series."""
    sizes = [size // 100 for size in SIZES] if arguments.quick else SIZES
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        source = folder / "in"
        source.mkdir()
        for size in sizes:
            for number in range(len(list(source.iterdir())), size):
                parquet.write_table(made_up_series(number), source / f"s{number:05}.parquet")
            for engine in arguments.engines:
                words = ["impute", str(source), "-o", str(folder / f"{engine}-{size}"), "--engine", engine, "-q"]
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
    rows = records["folder"]["rows"]
    heads = ("engine", "series", "minutes", "processor minutes", "largest process")
    lines = [" | ".join(heads), "---|---|---|---|---", *map(_line, rows)]
    engines = dict.fromkeys(row["engine"] for row in rows)
    blocks = ["\n".join(f"| {line} |" for line in lines)]
    blocks += [_extrapolated(engine, [row for row in rows if row["engine"] == engine]) for engine in engines]
    return "\n\n".join([*blocks, measured_line(records.values())])


def _line(row: Row) -> str:
    minutes = " | ".join(f"{row[name] / 60:.1f}" for name in ("seconds", "cpu_seconds"))
    return f"{row['engine']} | {row['series']} | {minutes} | {row['peak_megabytes']:.0f} MB"


def _extrapolated(engine: str, rows: list[Mapping[str, float]]) -> str:
    """What all series would take, from the two sizes."""
    small, large = rows[0], rows[-1]
    each = (large["seconds"] - small["seconds"]) / (large["series"] - small["series"])
    first = large["seconds"] / large["series"]
    cells = STEPS * len(COLUMNS) / 1e6
    return (
        f"{engine}: each further series took {each:.2f} s, {each / first:.2f} x the mean of all {large['series']:.0f}, "
        f"which is {each / cells:.1f} s for a million cells; {ALL} series would take "
        f"{(large['seconds'] + (ALL - large['series']) * each) / 3600:.1f} hours."
    )


if __name__ == "__main__":
    main()
