"""Speed of exact neighbour search, of latent optimisation, and of reading stored embeddings.

    python benchmarks/speed.py [--data DIR]

Neighbours: exact search for the ten nearest windows of each of 8449 windows with embeddings of 5376 numbers (7 x 768,
like TimeKD's on ETTh1). Latents: latent optimisation of all windows of ETTh1 at once, compared with one at a time.
Embeddings: reading 8449 windows of (7, 768) in random order from a packed file, compared with reading the per-window
.h5 files that it was packed from; and packing, compared with copying the files. All files are in the system's file
cache by then. Results are written to benchmarks/results/.
"""

from __future__ import annotations

import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import torch

import ett
from common import measured_line, parser_of, read_results, write_results, write_table
from latentfill.core.column_order import in_order
from latentfill.core.config import Config
from latentfill.core.series import Series
from latentfill.embeddings.packing import pack
from latentfill.embeddings.stored.h5_writing import write_split
from latentfill.embeddings.stored.opening import open_embeddings
from latentfill.embeddings.stored.packed_file import load_packed_file
from latentfill.imputation.fitting.fit import fit_series
from latentfill.strategies.latent.strategy import LatentStrategy
from latentfill.strategies.neighbours.search.exact import Exact
from latentfill.windows.cycles import clock_features, find_cycles
from latentfill.windows.windows import ScaledSeries, Windows, window_starts

PROTOCOL = "speed"
WINDOWS, SIZE, NEIGHBOURS = 8449, 5376, 10
ALONE = 20  # windows that are optimised one at a time
STEPS = 300  # training steps, enough for a decoder that latents can be optimised through


def main() -> None:
    parser = parser_of(__doc__, ("ETTh1",), seeds=(0,))
    arguments = parser.parse_args()
    record = {"neighbours": neighbours()}
    print(record, flush=True)
    record["latent"] = latents(arguments.data)
    print(record, flush=True)
    record["stored"] = stored()
    print(record, flush=True)
    write_results(PROTOCOL, "ETTh1", record, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def neighbours() -> dict[str, float]:
    """Time and memory of exact search."""
    keys = torch.nn.functional.normalize(torch.randn(WINDOWS, SIZE, generator=torch.Generator().manual_seed(0)), dim=1)
    began = time.monotonic()
    Exact(keys, "cosine").nearest(keys, NEIGHBOURS)
    seconds = time.monotonic() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"windows": WINDOWS, "size": SIZE, "seconds": round(seconds, 2), "peak_megabytes": round(peak)}


def latents(data: Path) -> dict[str, float]:
    """Windows per second of latent optimisation, all windows at once and one at a time."""
    train, _ = ett.load("ETTh1", data)
    rng = np.random.default_rng(0)
    gappy = replace(train, values=np.where(rng.random(train.values.shape) < 0.1, np.nan, train.values))
    config = Config(strategy="latent", encoder_steps=STEPS, decoder_steps=STEPS)
    fitted = fit_series(gappy, config)
    strategy = fitted.builtin.candidates.by_name["latent"]
    assert isinstance(strategy, LatentStrategy)
    gappy = in_order(gappy, fitted.columns)
    windows = windows_of(gappy, fitted.scaler.apply(gappy.values), config)
    began = time.monotonic()
    strategy.estimate(windows, fitted.encoder)
    together = len(windows) / (time.monotonic() - began)
    converged = 1 - strategy.not_converged / strategy.windows
    began = time.monotonic()
    for i in range(ALONE):
        strategy.estimate(windows.take(slice(37 * i, 37 * i + 1)), fitted.encoder)
    alone = ALONE / (time.monotonic() - began)
    return {"windows": len(windows), "together": together, "alone": alone, "converged": converged}


def stored() -> dict[str, float]:
    """Seconds for reading all stored embeddings in random order, for packing them, and for copying the files."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as name:
        folder, packed_file = Path(name) / "96", Path(name) / "packed"
        write_split(folder, "train", rng.normal(size=(WINDOWS, 7, SIZE // 7)).astype(np.float32))
        order = rng.permutation(WINDOWS)
        copied = _seconds(lambda: shutil.copytree(folder, Path(name) / "copy"))
        packed = _seconds(lambda: pack(open_embeddings(folder), packed_file))
        files = _seconds(lambda: [_one_window(folder / "train" / f"{i}.h5").sum() for i in order])
        vectors = load_packed_file(packed_file).read("train")
        mapped = _seconds(lambda: [vectors[i].sum() for i in order])
    return {"windows": WINDOWS, "files": files, "bank": mapped, "pack": packed, "copy": copied}


def _one_window(path: Path) -> np.ndarray:
    """The embeddings in one .h5 file."""
    with h5py.File(path, "r") as file:
        return file["embeddings"][()]


def _seconds(work: Callable[[], object]) -> float:
    """Duration of one call."""
    began = time.monotonic()
    work()
    return round(time.monotonic() - began, 3)


def windows_of(series: Series, values: np.ndarray, config: Config) -> Windows:
    """All windows of a series with scaled `values`, at stride 1."""
    starts = window_starts(len(values), config.windows.length, 1)
    return ScaledSeries(values, clock_features(series, find_cycles(series))).cut(starts, config.windows.length)


def report(*, quick: bool = False) -> str:
    """The results as Markdown."""
    records = read_results(PROTOCOL, ["ETTh1"], quick=quick)
    lines = ["| what | figure |", "|---|---|"]
    for record in records:
        near, latent = record["neighbours"], record["latent"]
        lines += [
            f"| ten nearest of {near['windows']} x {near['size']}, exact, for all of them | {near['seconds']:.1f} s |",
            f"| memory of the whole process | {near['peak_megabytes']} MB |",
            f"| latents of {latent['windows']} windows at once | {latent['together']:.0f} windows/s |",
            f"| one at a time | {latent['alone']:.1f} windows/s |",
            f"| times as fast | {latent['together'] / latent['alone']:.0f} |",
            f"| share that converged | {latent['converged']:.2f} |",
        ]
        if kept := record.get("stored"):
            lines += [
                f"| shuffled pass over {kept['windows']} per-window files of (7, 768) | {kept['files']:.2f} s |",
                f"| from a packed file | {kept['bank']:.3f} s |",
                f"| times as fast | {kept['files'] / kept['bank']:.0f} |",
                f"| packing them | {kept['pack']:.2f} s |",
                f"| copying the files | {kept['copy']:.2f} s |",
            ]
    return "\n".join([*lines, "", measured_line(records)])


if __name__ == "__main__":
    main()
