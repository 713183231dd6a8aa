"""Large banks of embeddings: exact search and an index on disk, compared by recall, time, memory and disk.

    python benchmarks/banks.py [--data DIR] [made-100000] [made-1000000] [beijing] [packed-1000000]

`made-N`: N vectors of 256 numbers with the structure of embeddings: N / 500 groups with normally distributed centres in
32 dimensions of falling size, members around them (standard deviation 0.35), mixed into 256 numbers with noise
(0.05), of length one; 1000 more are the queries. `beijing`: windows of 96 hours of two columns (PM2.5 and TEMP) of the
twelve stations, at stride 1, embedded by a built-in encoder (2 x 128 numbers) that is trained on one station. Queries
are 1000 windows with a day hidden; windows that overlap a query are no neighbours of it. `packed-N`: the bank of the
strategy `neighbours` from a packed file of the same made vectors. Each stage runs in a process of its own. Memory is
what a process takes beside files that are mapped, above what its libraries take. Files are in the system's file cache.
Results are written to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from common import Row, measured_line, names_of, parser_of, read_results, write_results, write_table
from latentfill.core.config import Config
from latentfill.core.series import Series
from latentfill.embeddings.protocols.record import Embeddings, Provenance
from latentfill.embeddings.stored.lookup import StoredEncoder
from latentfill.embeddings.stored.packed_file import load_packed_file
from latentfill.embeddings.stored.packed_writing import SplitVectors, save_packed_file
from latentfill.imputation.fitting.fit import fit_series
from latentfill.strategies.neighbours.rules import Rules
from latentfill.strategies.neighbours.search.exact import Exact, recall
from latentfill.strategies.neighbours.search.indexed import Indexed
from latentfill.strategies.neighbours.search.keys_on_disk import KeysOnDisk
from latentfill.strategies.neighbours.search.matrix_file import MatrixFile, write_matrix
from latentfill.strategies.neighbours.window_bank import WindowBank
from latentfill.windows.cycles import clock_features, find_cycles
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import ScaledSeries, Windows, window_starts
from real_files import STATIONS, beijing_station

PROTOCOL = "banks"
SIZE, K, QUERIES = 256, 10, 1000
GROUP, DIMENSIONS, SPREAD, NOISE = 500, 32, 0.35, 0.05  # of made vectors
LENGTH, COLUMNS, HIDDEN = 96, ("PM2.5", "TEMP"), slice(36, 60)  # of windows of Beijing
ENCODER_STEPS = 300
BLOCK = 20_000  # vectors that are made at a time
STARTS = "starts.npy"  # of the vectors and of the queries, one file each: "keys.starts.npy"
MB = 1e6


def main() -> None:
    parser = parser_of(__doc__, SETS, seeds=(0,))
    arguments = parser.parse_args()
    for name in names_of(parser, arguments, SETS):
        with tempfile.TemporaryDirectory(dir=tempfile.gettempdir()) as folder:
            record = SETS[name](Path(folder), arguments)
        print(record, flush=True)
        write_results(PROTOCOL, name, record, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


# --- the vectors ----------------------------------------------------------------------------------------------


def made(n: int, seed: int) -> Iterator[Tensor]:
    """Blocks of `n` vectors with the structure of embeddings."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(max(20, n // GROUP), DIMENSIONS)) * np.linspace(1, 0.2, DIMENSIONS)
    mix = rng.normal(size=(DIMENSIONS, SIZE)) / DIMENSIONS**0.5
    for first in range(0, n, BLOCK):
        size = min(BLOCK, n - first)
        members = centres[rng.integers(len(centres), size=size)] + SPREAD * rng.normal(size=(size, DIMENSIONS))
        vectors = members @ mix + NOISE * rng.normal(size=(size, SIZE))
        yield torch.nn.functional.normalize(torch.from_numpy(vectors).float(), dim=1)


def write_made(folder: Path, n: int, seed: int) -> None:
    """Write `n` vectors as `keys`, and `QUERIES` more of the same groups."""
    blocks = made(n + BLOCK, seed)
    (queries,) = (next(blocks)[:QUERIES],)
    np.save(folder / "queries.npy", queries.numpy())
    write_matrix(folder / "keys", blocks)


def write_beijing(folder: Path, data: Path, seed: int) -> int:
    """Write the embeddings of the stations' windows as `keys`, those of windows with a gap as queries; their number."""
    stations = [_two_columns(path.name.split("_")[2], data) for path in sorted(data.glob(STATIONS))]
    config = Config(strategy="neighbours", length=LENGTH, encoder_steps=ENCODER_STEPS, seed=seed)
    encoder = fit_series(stations[0], config).encoder
    windows = [_windows(station) for station in stations]
    parts = [part.take(slice(i, i + 512)) for part in windows for i in range(0, len(part), 512)]
    with torch.no_grad():
        z = write_matrix(folder / "z", (encoder.encode(part).z.flatten(1) for part in parts))
        centre = torch.from_numpy(z.mean()).float()
        keys = (_unit(torch.from_numpy(block) - centre) for _, block in z.blocks())
        n = write_matrix(folder / "keys", keys).rows
        rng = np.random.default_rng(seed)
        chosen = rng.choice(len(windows[1]), QUERIES, replace=False)  # of the second station
        asked = windows[1].take(np.sort(chosen))
        gap = np.zeros(asked.values.shape, dtype=bool)
        gap[:, HIDDEN] = True
        np.save(folder / "queries.npy", _unit(encoder.encode(asked.without(gap)).z.flatten(1) - centre).numpy())
    steps = 10 * max(station.n_steps for station in stations)  # no window of one station overlaps one of another
    np.save(folder / "keys.starts.npy", np.concatenate([i * steps + part.starts for i, part in enumerate(windows)]))
    np.save(folder / "queries.starts.npy", steps + asked.starts)
    return n


def _two_columns(station: str, data: Path) -> Series:
    series = beijing_station(station, data)
    index = [series.columns.index(name) for name in COLUMNS]
    return Series(series.values[:, index], COLUMNS, series.time, series.rows, series.step)


def _windows(series: Series) -> Windows:
    scaled = ColumnScaler.fit(series.values).apply(series.values)
    clock = clock_features(series, find_cycles(series))
    return ScaledSeries(scaled, clock).cut(window_starts(len(scaled), LENGTH, 1), LENGTH)


def _unit(vectors: Tensor) -> Tensor:
    return torch.nn.functional.normalize(vectors, dim=1)


# --- the stages, each in a process of its own -------------------------------------------------------------------


def compare(folder: Path, n: int) -> Row:
    """Exact search and an index, for the vectors and queries in a folder."""
    stages = {stage.__name__: alone(stage, folder, n) for stage in (exact, index)}
    return {"vectors": n, "size": SIZE, **stages}


def exact(folder: Path, n: int, memory: Peak) -> Row:
    """Search among keys in memory; the neighbours found are written for the other stage."""
    keys = torch.from_numpy(np.fromfile(folder / "keys", np.float32).reshape(n, SIZE))
    search = Exact(keys, "cosine")
    seconds, found = timed(lambda: nearest(search, folder))
    np.save(folder / "exact.npy", found.numpy())
    return {"recall": 1.0, "search_seconds": seconds, "search_memory": memory.read()}


def index(folder: Path, n: int, memory: Peak) -> Row:
    """Build an index of the keys on disk and search it."""
    keys = KeysOnDisk()
    keys.file = MatrixFile(folder / "keys", n, SIZE)
    build_seconds, search = timed(lambda: Indexed(keys, "cosine", asked(folder)))
    build_memory = memory.read()
    disk = sum(path.stat().st_size for path in (keys.folder / "index").iterdir())
    seconds, found = timed(lambda: nearest(search, folder))
    return {
        "build_seconds": build_seconds,
        "search_seconds": seconds,
        "recall": recall(found, torch.from_numpy(np.load(folder / "exact.npy"))),
        "build_memory": build_memory,
        "search_memory": memory.read(),
        "disk": disk,
        "shards": len(search.shards),
        "lists": search.shards[0].nlist,
        "probes": search.probes,
    }


def bank(folder: Path, n: int, memory: Peak) -> Row:
    """The bank of the strategy `neighbours` from a packed file."""
    vectors = load_packed_file(folder / "packed").vectors["all"]
    encoder = StoredEncoder(Embeddings(vectors, np.arange(n), Provenance(encoder="made", source="made")), "cpu")
    series = ScaledSeries(np.random.default_rng(0).normal(size=(n + 7, 1)), np.zeros((n + 7, 0)))
    windows = series.cut(np.arange(n), 8)
    before = memory.read()
    rules = Rules(key_size=None, search="auto", stride=1, cells=8 * n)
    build_seconds, filled = timed(lambda: WindowBank.of(windows, encoder, torch.device("cpu"), rules))
    index_seconds, _ = timed(lambda: filled.search)
    return {
        "keys_seconds": build_seconds,
        "index_seconds": index_seconds,
        "windows_memory": before,
        "memory": memory.read(),
        "file": (folder / "packed").stat().st_size,
    }


def asked(folder: Path) -> int:
    """The number of neighbours to search for, so that `K` are left without those that overlap."""
    return K + (2 * LENGTH - 1 if (folder / f"keys.{STARTS}").exists() else 0)


def nearest(search: Exact | Indexed, folder: Path) -> Tensor:
    """The `K` nearest keys to each query that do not overlap it, 256 queries at a time as in the strategy."""
    queries = torch.from_numpy(np.load(folder / "queries.npy"))
    found = torch.cat([search.nearest(part, asked(folder))[1] for part in queries.split(256)])
    if not (folder / f"keys.{STARTS}").exists():
        return found
    keys, starts = (torch.from_numpy(np.load(folder / f"{name}.{STARTS}")) for name in ("keys", "queries"))
    apart = (keys[found] - starts[:, None]).abs() >= LENGTH
    first = apart.int().argsort(dim=1, descending=True, stable=True)[:, :K]
    return found.gather(1, first)


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """The seconds that a call takes, and its result."""
    began = time.monotonic()
    result = work()
    return time.monotonic() - began, result


class Peak:
    """The most memory of this process beside mapped files, above what it takes at first, since it was last read."""

    def __init__(self) -> None:
        self.first = self.most = self._now()
        threading.Thread(target=self._watch, daemon=True).start()

    def read(self) -> float:
        most, self.most = max(self.most, self._now()), 0.0
        return most - self.first

    def _watch(self) -> None:
        while True:
            self.most = max(self.most, self._now())
            time.sleep(0.01)

    @staticmethod
    def _now() -> float:
        return 1024.0 * int(Path("/proc/self/status").read_text().split("RssAnon:")[1].split()[0])


def alone(stage: Callable[..., Row], folder: Path, n: int) -> Row:
    """What a stage returns that runs in a new process."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_staged, stage.__name__, folder, n).result()


def _staged(name: str, folder: Path, n: int) -> Row:
    import faiss  # its libraries are not to be counted

    torch.randn(64, 64) @ torch.randn(64, 64)
    faiss.IndexFlatIP(SIZE).add(np.zeros((1, SIZE), np.float32))
    return STAGES[name](folder, n, Peak())


STAGES: dict[str, Callable[[Path, int, Peak], Row]] = {"exact": exact, "index": index, "bank": bank}


# --- the sets -------------------------------------------------------------------------------------------------


def made_set(n: int) -> Callable[[Path, argparse.Namespace], Row]:
    def run(folder: Path, arguments: argparse.Namespace) -> Row:
        write_made(folder, n, arguments.seeds[0])
        return compare(folder, n)

    return run


def packed_set(n: int) -> Callable[[Path, argparse.Namespace], Row]:
    def run(folder: Path, arguments: argparse.Namespace) -> Row:
        vectors = (vector[None] for block in made(n, arguments.seeds[0]) for vector in block.numpy())
        splits = {"all": SplitVectors((n, 1, SIZE), vectors, np.arange(n))}
        save_packed_file(folder / "packed", splits, Provenance(encoder="made", source="made"))
        return {"vectors": n, "size": SIZE, "bank": alone(bank, folder, n)}

    return run


def beijing_set(folder: Path, arguments: argparse.Namespace) -> Row:
    return compare(folder, write_beijing(folder, arguments.data, arguments.seeds[0]))


SETS: dict[str, Callable[[Path, argparse.Namespace], Row]] = {
    "made-100000": made_set(100_000),
    "made-1000000": made_set(1_000_000),
    "beijing": beijing_set,
    "packed-1000000": packed_set(1_000_000),
}


def report(*, quick: bool = False) -> str:
    """The results as Markdown."""
    records = read_results(PROTOCOL, SETS, quick=quick)
    lines = [
        "| vectors | search | recall@10 | building | 1000 queries | memory, building | memory, searching | disk |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for record in records:
        if "index" in record:
            lines += _lines(record)
    text = "\n".join(lines)
    for record in filter(lambda record: "bank" in record, records):
        text += "\n\n" + _bank_line(record)
    return f"{text}\n\n{measured_line(records)}"


def _lines(record: Row) -> Iterator[str]:
    what = f"{record['data']}: {record['vectors']} x {record['size']}"
    one, other = record["exact"], record["index"]
    seconds, memory = one["search_seconds"], one["search_memory"] / MB
    yield f"| {what} | exact, in memory | 1 | - | {seconds:.2f} s | - | {memory:.0f} MB | - |"
    yield (
        f"| | index, {other['lists']} lists, of which {other['probes']} are searched, in {other['shards']} shards "
        f"| {other['recall']:.3f} | {other['build_seconds']:.1f} s | {other['search_seconds']:.2f} s "
        f"| {other['build_memory'] / MB:.0f} MB | {other['search_memory'] / MB:.0f} MB | {other['disk'] / MB:.0f} MB |"
    )


def _bank_line(record: Row) -> str:
    bank = record["bank"]
    return (
        f"The bank of the strategy `neighbours` from a packed file of {record['vectors']} x {record['size']} "
        f"({bank['file'] / MB:.0f} MB): keys in {bank['keys_seconds']:.0f} s, index in {bank['index_seconds']:.0f} s, "
        f"{bank['memory'] / MB:.0f} MB of memory, of which the windows take {bank['windows_memory'] / MB:.0f} MB."
    )


if __name__ == "__main__":
    main()
