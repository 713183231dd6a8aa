"""One shard of an index: an inverted file of consecutive rows of a matrix, which is built, or searched, by itself.

What is passed here are paths and numbers, so shards can be built and searched in other processes. Needs the extra
`faiss`: Johnson, Douze and Jegou, "Billion-scale similarity search with GPUs" (2019).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from latentfill.core.config_settings import Metric
from latentfill.core.errors import InputError
from latentfill.core.extras import check_extra
from latentfill.core.seeds import SeedStream
from latentfill.core.series import IntArray
from latentfill.core.unwritable import refusing_unwritable
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.strategies.neighbours.search.matrix_file import MatrixFile

LISTS = 1.0  # lists of the inverted file, as a multiple of the square root of the number of rows; benchmarks/banks.py
LEAST_IN_LIST = 40  # rows on average, at least: with fewer, the centres of the lists are noise
TRAINED_ON = 64  # rows for each list, at most, that the centres of the lists are learnt from
ROUNDS = 10  # of k-means
SEED = 0  # of the choice of these rows


@dataclass(frozen=True, slots=True)
class ShardRows:
    """The rows that a shard holds, and its path."""

    vectors: MatrixFile
    first: int
    last: int  # the row after the last one
    path: Path


class Nearest(NamedTuple):
    """The k rows nearest to each of B queries."""

    similarity: VectorArray  # (B, k) largest first; minus infinity where fewer than k were found
    row: IntArray  # (B, k) in the matrix, -1 where none was found


def check_faiss() -> None:
    """Raise an `InputError` that says what to install if faiss is missing."""
    check_extra("an index of the nearest windows (neighbour_search=faiss)", ("faiss",), "faiss")


def train(vectors: MatrixFile, metric: Metric, path: Path) -> None:
    """Learn the centres of the lists from a sample of the rows, and write them as an index without rows."""
    faiss = _faiss()
    n = vectors.rows
    lists = max(1, min(n // LEAST_IN_LIST, int(LISTS * n**0.5)))
    kind = faiss.METRIC_INNER_PRODUCT if metric == "cosine" else faiss.METRIC_L2
    quantizer = faiss.IndexFlatIP(vectors.size) if metric == "cosine" else faiss.IndexFlatL2(vectors.size)
    index = faiss.IndexIVFFlat(quantizer, vectors.size, lists, kind)
    index.cp.niter = ROUNDS
    index.train(_sample(vectors, TRAINED_ON * lists))
    _write(index, path)


def build_shard(trained: Path, rows: ShardRows) -> None:
    """Write the inverted file of some rows, which are read block by block.

    `trained` is the file with the centres of the lists, which all shards share.
    """
    index = _faiss().read_index(str(trained))
    for first, block in rows.vectors.blocks(rows.first, rows.last):
        index.add_with_ids(block, np.arange(first, first + len(block)))
    _write(index, rows.path)


def open_shard(path: Path) -> Any:
    """The index of a shard, whose lists are memory-mapped."""
    faiss = _faiss()
    flags = 0 if sys.platform == "win32" else faiss.IO_FLAG_MMAP  # faiss cannot map files there
    try:
        return faiss.read_index(str(path), flags)
    except RuntimeError as error:
        raise InputError(f"{path} cannot be read as an index: {error}. Remove it; it is made again.") from error


def search_shard(shard: Path | Any, queries: VectorArray, k: int, probes: int | None = None) -> Nearest:
    """The `k` rows of a shard, at a path or opened, nearest to queries (B, D), in the `probes` nearest lists or all."""
    index = open_shard(shard) if isinstance(shard, Path) else shard
    if queries.shape[1] != index.d:
        raise InputError(
            f"the index holds vectors of {index.d} numbers, and the queries have {queries.shape[1]}. Make an index of "
            "embeddings of the same encoder."
        )
    index.nprobe = index.nlist if probes is None else min(probes, index.nlist)
    scores, found = index.search(np.ascontiguousarray(queries, np.float32), k)
    scores = scores if index.metric_type == _faiss().METRIC_INNER_PRODUCT else -scores
    return Nearest(np.where(found < 0, -np.inf, scores).astype(np.float32), found)


def merged(parts: Sequence[Nearest], k: int) -> Nearest:
    """The `k` nearest of those that the shards found."""
    similarity = np.concatenate([part.similarity for part in parts], axis=1)
    row = np.concatenate([part.row for part in parts], axis=1)
    best = np.argsort(-similarity, axis=1, kind="stable")[:, :k]
    return Nearest(np.take_along_axis(similarity, best, 1), np.take_along_axis(row, best, 1))


def _sample(vectors: MatrixFile, most: int) -> VectorArray:
    """Rows drawn at random, at most so many; evenly spaced ones could all be of one hour of the day."""
    n = min(most, vectors.rows)
    rows = np.sort(SeedStream.INDEX.generator(SEED).choice(vectors.rows, n, replace=False))
    return vectors.mapped()[rows]


def _write(index: Any, path: Path) -> None:
    faiss = _faiss()
    with refusing_unwritable(path):
        try:
            faiss.write_index(index, str(path))
        except RuntimeError as error:  # of a full disk
            raise OSError(f"the index could not be written completely ({error})") from error


def _faiss() -> ModuleType:
    check_faiss()
    import faiss

    return faiss
