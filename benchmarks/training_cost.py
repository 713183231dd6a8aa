"""What training on stored embeddings costs, beside a plain program that opens a file for every window (`naive.py`).

    python benchmarks/training_cost.py [--quick] [--data DIR]

The train rows of ETTh1, a tenth of whose cells is hidden, have a file with an embedding (7 x 768) for each window of 96
steps. Both programs train the same decoder, with the same loss, for ten epochs, and fill the hidden cells: the plain
program in batches of 32, latentfill also in batches of 256, which are fewer steps of as many windows. Each run is a
process of its own, from its start and imports to the written table; the programs take turns, and medians are given.
Embeddings are a random projection of the windows, filled by linear interpolation: they have what the observed cells
say, so that the errors can be compared. Files are in the system's file cache. The parts are those of one more run of
each, under a profiler that counts processor time. Results are written to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import pstats
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import ett
import naive
from common import HERE, Row, measured_line, parser_of, read_results, write_results, write_table
from latentfill.core.series import BoolArray, FloatArray
from latentfill.embeddings.stored.h5_names import WHOLE
from latentfill.embeddings.stored.h5_writing import write_split
from processes import MEASURES, run

PROTOCOL, DATA = "training_cost", "ETTh1"
HIDDEN, SIZE, RUNS, BATCH = 0.1, 768, 3, 256
SETTINGS = {
    "strategy": "denoise",
    "context": "none",
    "head": "mlp",
    "loss": "mse",
    "decoder_neighbours": 0,
    "elsewhere": "linear",
    "split": "none",
    "seq_len": naive.LENGTH,
    "pred_len": 0,
    "skip_alignment_check": "true",
    "patience": 10**6,
}
NAIVE, PRELOADED, SMALL, FILES, PACKED = (
    "plain program, a file for every window",
    "plain program, all embeddings in memory",
    f"latentfill, from the same files, batches of {naive.BATCH}",
    f"latentfill, from the same files, batches of {BATCH}",
    f"latentfill, from a packed file, batches of {BATCH}",
)
IMPORTS = [("importlib._bootstrap>", "_find_and_load")]
BACKWARD = [("_tensor.py", "backward")]
PARTS: Mapping[str, Mapping[str, list[tuple[str, str]]]] = {  # ends of file names, and functions
    NAIVE: {
        "imports": IMPORTS,
        "reading the files": [("naive.py", "read")],
        "decoder, forwards": [("naive.py", "forward")],
        "backwards": BACKWARD,
        "optimiser": [("optimizer.py", "wrapper")],
    },
    FILES: {
        "imports": IMPORTS,
        "reading the files": [("h5_windows.py", "read_windows")],
        "drawing batches": [("denoise/strategy.py", "prepare")],
        "decoder, forwards": [("denoise/strategy.py", "_loss")],
        "backwards": BACKWARD,
        "optimiser": [("nn/optimiser.py", "step"), ("nn/optimiser.py", "clip_norm"), ("weight_average.py", "update")],
        "errors on held-out cells": [("strategy_fitter.py", "_validate")],
        "filling": [("filling/fill.py", "fill_series")],
    },
}
PROFILER = """
import cProfile, runpy, sys, time
out, *sys.argv = sys.argv[1:]
profile, start = cProfile.Profile(time.process_time), runpy.run_path if ".py" in sys.argv[0] else runpy.run_module
try:
    profile.runcall(start, sys.argv[0], run_name="__main__")
except SystemExit:
    pass
profile.dump_stats(out)
"""


def main() -> None:
    parser = parser_of(__doc__, (DATA,), seeds=(0,))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        values, hidden, windows = prepare(folder, arguments)
        epochs = 1 if arguments.quick else naive.EPOCHS
        programs = commands(folder, windows, epochs)
        pack = run(
            [sys.executable, "-m", "latentfill", "pack", str(folder / "z"), "-o", str(folder / "packed")], folder
        )
        rows: list[Row] = []
        for _ in range(1 if arguments.quick else RUNS):
            for title, command in programs.items():
                measured = run([sys.executable, *command], folder)
                rows.append({"what": title, **measured, "mse": error(folder / "filled.csv", values, hidden)})
                print(rows[-1], flush=True)
        parts = {title: profiled(programs[title], folder, PARTS[title]) for title in PARTS}
        record = {"windows": windows, "rows": rows, "pack": pack, "parts": parts}
    write_results(PROTOCOL, DATA, record, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def prepare(folder: Path, arguments: argparse.Namespace) -> tuple[FloatArray, BoolArray, int]:
    """Write the table and the embeddings of its windows: the values, which are hidden in the table, the windows."""
    series, _ = ett.load(DATA, arguments.data)
    rng = np.random.default_rng(arguments.seeds[0])
    hidden = rng.random(series.values.shape) < HIDDEN
    table = pd.DataFrame(np.where(hidden, np.nan, series.values), series.time, list(series.columns))
    table.to_csv(folder / "table.csv", index_label="date")
    filled = table.interpolate(limit_direction="both")
    scaled = ((filled - filled.mean()) / filled.std()).to_numpy()
    windows = np.lib.stride_tricks.sliding_window_view(scaled, naive.LENGTH, axis=0)  # (N, C, L)
    projection = rng.normal(size=(naive.LENGTH, SIZE)) / naive.LENGTH**0.5
    write_split(folder / "z", WHOLE, np.tanh(windows @ projection).astype(np.float32))
    return series.values, hidden, len(windows)


def commands(folder: Path, windows: int, epochs: int) -> dict[str, list[str]]:
    """The arguments of Python for each program."""
    table, out, files = str(folder / "table.csv"), str(folder / "filled.csv"), folder / "z"
    plain = [str(HERE / "naive.py"), table, str(files), out, f"--epochs={epochs}"]

    def ours(embeddings: Path, batch: int) -> list[str]:
        settings = {**SETTINGS, "decoder_batch": batch, "decoder_steps": windows * epochs // batch}
        given = [f"--set={name}={value}" for name, value in {**settings, "embeddings": embeddings}.items()]
        return ["-m", "latentfill", "impute", table, "-o", out, *given, "-q"]

    return {
        NAIVE: plain,
        PRELOADED: [*plain, "--preload"],
        SMALL: ours(files, naive.BATCH),
        FILES: ours(files, BATCH),
        PACKED: ours(folder / "packed", BATCH),
    }


def error(filled: Path, values: FloatArray, hidden: BoolArray) -> float:
    """Mean squared error of the hidden cells, in standard deviations of their columns."""
    estimates = pd.read_csv(filled, index_col=0).to_numpy()
    return float(np.mean((((estimates - values) / values.std(axis=0))[hidden]) ** 2))


def profiled(command: Sequence[str], folder: Path, parts: Mapping[str, list[tuple[str, str]]]) -> dict[str, float]:
    """Processor seconds in each of the `parts` of a program."""
    out = folder / "profile"
    arguments = command[1:] if command[0] == "-m" else command
    run([sys.executable, "-c", PROFILER, str(out), *arguments], folder)
    stats: Any = pstats.Stats(str(out))

    def seconds(end: str, function: str) -> float:
        calls = stats.stats.items()
        return sum(each[3] for (file, _, name), each in calls if file.endswith(end) and name == function)

    found = {part: sum(seconds(*each) for each in functions) for part, functions in parts.items()}
    return {**found, "all else": stats.total_tt - sum(found.values())}


def report(*, quick: bool = False) -> str:
    """The results as Markdown."""
    records = read_results(PROTOCOL, [DATA], quick=quick)
    lines = ["| program | seconds | processor seconds | peak MB | MSE |", "|---" * 5 + "|"]
    parts = ["", "| part | plain program, s | latentfill, s |", "|---" * 3 + "|"]
    for record in records:
        for title in dict.fromkeys(row["what"] for row in record["rows"]):
            runs = [row for row in record["rows"] if row["what"] == title]
            seconds, cpu, peak = (statistics.median(row[name] for row in runs) for name in MEASURES)
            mse = statistics.median(row["mse"] for row in runs)
            lines.append(f"| {title} | {seconds:.1f} | {cpu:.1f} | {peak:.0f} | {mse:.3f} |")
        pack = record["pack"]
        lines.append(
            f"| (packing the files, once) | {pack['seconds']:.1f} | {pack['cpu_seconds']:.1f} | "
            f"{pack['peak_megabytes']:.0f} | |"
        )
        plain, ours = (record["parts"][title] for title in PARTS)
        for part in dict.fromkeys((*plain, *ours)):
            cells = (f"{each[part]:.1f}" if part in each else "-" for each in (plain, ours))
            parts.append(f"| {part} | {' | '.join(cells)} |")
    return "\n".join([*lines, *parts, "", measured_line(records)])


if __name__ == "__main__":
    main()
