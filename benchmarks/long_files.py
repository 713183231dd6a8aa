"""Long files: time and memory by their length, a saved model's speed, and what filling in blocks changes.

    python benchmarks/long_files.py [--quick] [--rows N,...] [--keep] [rows] [speed] [blocks]

A made-up table of 8 columns has a reading every ten minutes, of which a tenth is missing, in runs of 20 on average. A
model is fitted to the first 100 000 rows. `rows`: `latentfill apply` fills CSV files of so many rows, always block by
block; with `--keep`, lengths that were measured before are kept. `speed`: a Parquet file is filled by the default
model, by that of `--effort quick` and by linear interpolation; beside it stands the time of a plain matrix product.
`blocks`: the same model fills a file as a whole and block by block, and one fitted to stretches of it block by block.
The largest files take hours on a small machine: `--rows 10000000,20000000 --keep rows` measures them alone.
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
import pyarrow as pa
from pyarrow import csv, parquet
from scipy.signal import lfilter

from common import Row, measured_line, names_of, parser_of, read_results, write_results, write_table
from latentfill.core.series import FloatArray
from processes import run

PROTOCOL = "long_files"
COLUMNS, MISSING, RUN = 8, 0.1, 20  # share of the cells, and mean length of a gap in steps
ROWS = (100_000, 1_000_000)
MODEL_ROWS, QUICK_ROWS = 100_000, 40_000
PART = 1 << 17  # rows that are made at a time
STREAMED = ("--max-memory", "0.1")  # GB, too little for any of the files as a whole
MODELS: Mapping[str, tuple[str, ...]] = {
    "default": (),
    "`--effort quick`": ("--effort", "quick"),
    "linear interpolation": ("--strategy", "linear"),
}


def main() -> None:
    parser = parser_of(__doc__, PARTS, seeds=(0,))
    parser.add_argument("--rows", type=_numbers, default=ROWS, metavar="N,...", help="lengths of the files to fill")
    parser.add_argument("--keep", action="store_true", help="keep earlier results of other lengths")
    arguments = parser.parse_args()
    for name in names_of(parser, arguments, PARTS):
        with tempfile.TemporaryDirectory() as folder:
            rows = []
            for row in PARTS[name](arguments, Path(folder)):
                print(row, flush=True)
                rows.append(row)
        if name == "rows" and arguments.keep:
            rows = _with_earlier(rows, quick=arguments.quick)
        write_results(PROTOCOL, name, {"rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))


def _with_earlier(rows: list[Row], *, quick: bool) -> list[Row]:
    """The rows, and those of lengths that were measured before."""
    measured = {row["rows"] for row in rows}
    earlier = [row for record in read_results(PROTOCOL, ["rows"], quick=quick) for row in record["rows"]]
    return sorted([*rows, *(row for row in earlier if row["rows"] not in measured)], key=lambda row: row["rows"])


def measure_rows(arguments: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """Time and memory of `apply` on files of different lengths."""
    model = fitted(folder, arguments, ())
    for n_rows in (QUICK_ROWS, 2 * QUICK_ROWS) if arguments.quick else arguments.rows:
        path, filled = folder / "long.csv", folder / "filled.csv"
        write_file(path, n_rows)
        measures = run([*LATENTFILL, "apply", str(path), "--model", str(model), "-o", str(filled), *STREAMED], folder)
        yield {"rows": n_rows, "file_megabytes": path.stat().st_size / 1e6, **measures}
        path.unlink()
        filled.unlink()


def measure_speed(arguments: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """Cells that a saved model fills a second, with reading and writing, and the multiply-adds of a matrix product."""
    sizes = {"short": QUICK_ROWS, "long": 2 * QUICK_ROWS if arguments.quick else 3 * MODEL_ROWS}
    for size, n_rows in sizes.items():
        write_file(folder / f"{size}.parquet", n_rows)
    cells = COLUMNS * (sizes["long"] - sizes["short"])
    for name, flags in MODELS.items():
        model = fitted(folder, arguments, flags)
        words = ["--model", str(model), "-o", str(folder / "filled.parquet"), *STREAMED]
        short, long = (run([*LATENTFILL, "apply", str(folder / f"{size}.parquet"), *words], folder) for size in sizes)
        seconds, cpu = (long[measure] - short[measure] for measure in ("seconds", "cpu_seconds"))
        yield {"model": name, "cells_per_second": cells / seconds, "cells_per_cpu_second": cells / cpu, **long}
    yield {"model": "matrix product", "multiply_adds_per_cpu_second": multiply_adds()}


def multiply_adds() -> float:
    """Multiply-adds a processor second of products of matrices in single precision, which most of kriging is."""
    size, rounds = 1024, 20
    matrix = np.random.default_rng(0).normal(size=(size, size)).astype(np.float32)
    began = time.process_time()
    for _ in range(rounds):
        matrix @ matrix
    return rounds * size**3 / (time.process_time() - began)


def measure_blocks(arguments: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """What differs between a table as a whole and the same in blocks, in standard deviations of the columns."""
    n_rows = QUICK_ROWS if arguments.quick else MODEL_ROWS
    truth, visible = made_up(n_rows, 0)
    spread, hidden = truth.std(axis=0), np.isnan(visible)
    path = folder / "table.csv"
    write_file(path, n_rows)
    whole, stretches = (
        fitted(folder, arguments, (), n_rows=n_rows, flags=flags, name=name)
        for name, flags in (("of all rows", ()), ("of stretches", STREAMED))
    )
    runs = {
        "as a whole, a model of all rows": (whole, ()),
        "in blocks, a model of all rows": (whole, STREAMED),
        "in blocks, a model of stretches": (stretches, STREAMED),
    }
    first: FloatArray | None = None
    for name, (model, flags) in runs.items():
        filled = folder / "filled.csv"
        run([*LATENTFILL, "apply", str(path), "--model", str(model), "-o", str(filled), *flags], folder)
        values = read_file(filled)
        first = values if first is None else first
        error, change = ((values - other) / spread for other in (truth, first))
        yield {
            "run": name,
            "mse": float(np.mean(error[hidden] ** 2)),
            "rms_change": float(np.sqrt(np.mean(change[hidden] ** 2))),
            "largest_change": float(np.abs(change[hidden]).max()),
        }


# --- the made-up table ------------------------------------------------------------------------------------------

LATENTFILL = (sys.executable, "-m", "latentfill")


def fitted(
    folder: Path,
    arguments: argparse.Namespace,
    method: tuple[str, ...],
    *,
    n_rows: int | None = None,
    flags: tuple[str, ...] = (),
    name: str = "",
) -> Path:
    """A saved model of the first rows of the table."""
    path, model = folder / "first.csv", folder / f"model {name or ' '.join(method)}".strip()
    write_file(path, n_rows or (QUICK_ROWS if arguments.quick else MODEL_ROWS))
    run([*LATENTFILL, "fit", str(path), "--model", str(model), *method, *flags], folder)
    return model


def made_up(n_rows: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Related autoregressions with a daily cycle (T, C), and the same with gaps."""
    mixes = np.random.default_rng(0).normal(size=(2, COLUMNS))  # as the columns are related in all parts
    rng = np.random.default_rng([1, seed])
    common, own = (lfilter([1], [1, -a], rng.normal(size=(n_rows, n)), axis=0) for a, n in ((0.99, 2), (0.9, COLUMNS)))
    day = 5 * np.sin(2 * np.pi * np.arange(n_rows) / 144)[:, None] * np.linspace(0.5, 1.5, COLUMNS)
    truth = np.round(20 + day + 0.3 * common @ mixes + 0.5 * own, 2)
    hidden = np.zeros(truth.shape, dtype=bool)
    for c in range(COLUMNS):
        n_gaps = int(n_rows * MISSING / RUN)
        for start, length in zip(rng.integers(0, n_rows, n_gaps), rng.geometric(1 / RUN, n_gaps), strict=True):
            hidden[start : start + length, c] = True
    return truth, np.where(hidden, np.nan, truth)


def write_file(path: Path, n_rows: int) -> None:
    """The table as a file, a part at a time."""
    make = csv.CSVWriter if path.suffix == ".csv" else parquet.ParquetWriter
    schema = pa.schema([("time", pa.timestamp("s")), *((f"c{c}", pa.float64()) for c in range(COLUMNS))])
    with make(path, schema) as writer:
        for number, first in enumerate(range(0, n_rows, PART)):
            _, values = made_up(min(PART, n_rows - first), number)
            stamps = np.datetime64("2000-01-01T00:00", "s") + 600 * np.arange(first, first + len(values))
            columns = [pa.array(stamps), *(pa.array(column, from_pandas=True) for column in values.T)]
            writer.write_table(pa.table(columns, schema=schema))


def read_file(path: Path) -> FloatArray:
    """The values (T, C) of a filled CSV file."""
    table = csv.read_csv(path)
    return np.column_stack([table.column(f"c{c}").to_numpy() for c in range(COLUMNS)])


# --- report -----------------------------------------------------------------------------------------------------

PARTS: Mapping[str, Callable[[argparse.Namespace, Path], Iterator[Row]]] = {
    "rows": measure_rows,
    "speed": measure_speed,
    "blocks": measure_blocks,
}


def report(*, quick: bool = False) -> str:
    """The results as Markdown."""
    records = {record["data"]: record for record in read_results(PROTOCOL, PARTS, quick=quick)}
    blocks = []
    if "rows" in records:
        heads = "rows of 8 columns | seconds | processor seconds | µs a row | peak memory"
        blocks.append(_table([heads, "---|---|---|---|---", *_row_lines(records["rows"]["rows"])]))
    if "speed" in records:
        *models, product = records["speed"]["rows"]
        heads = "Apply with a saved model | cells a second | cells a processor second | peak memory"
        blocks.append(_table([heads, "---|---|---|---", *map(_speed_line, models)]))
        rate = product["multiply_adds_per_cpu_second"]
        of_cell = rate / models[0]["cells_per_cpu_second"]
        blocks.append(
            f"A processor does {rate / 1e9:.0f} thousand million multiply-adds a second in a plain matrix product: "
            f"{of_cell / 1000:.0f} thousand in the time of a cell of the default model."
        )
    if "blocks" in records:
        heads = "100 000 rows | MSE | change from the whole (root mean square) | largest change"
        blocks.append(_table([heads, "---|---|---|---", *map(_block_line, records["blocks"]["rows"])]))
    return "\n\n".join([*blocks, measured_line(records.values())])


def _table(lines: list[str]) -> str:
    return "\n".join(f"| {line} |" for line in lines)


def _row_lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    """A line for each length; the time of a row is that of the rows beyond the next shorter file."""
    previous = None
    for row in rows:
        each = ""
        if previous is not None:
            more = row["rows"] - previous["rows"]
            each = f"{1e6 * (row['cpu_seconds'] - previous['cpu_seconds']) / more:.1f}"
        numbers = f"{row['seconds']:.0f} | {row['cpu_seconds']:.0f} | {each} | {row['peak_megabytes']:.0f} MB"
        yield f"{row['rows']:,} | {numbers}".replace(",", " ")
        previous = row


def _speed_line(row: Row) -> str:
    numbers = f"{row['cells_per_second']:,.0f} | {row['cells_per_cpu_second']:,.0f}".replace(",", " ")
    return f"{row['model']} | {numbers} | {row['peak_megabytes']:.0f} MB"


def _block_line(row: Row) -> str:
    return f"{row['run']} | {row['mse']:.4f} | {row['rms_change']:.5f} | {row['largest_change']:.4f}"


if __name__ == "__main__":
    main()
