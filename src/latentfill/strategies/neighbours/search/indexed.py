"""Searches keys with an index on disk, in as many lists as the wanted recall needs."""

from __future__ import annotations

import os
from pathlib import Path

import torch
from torch import Tensor

from latentfill.core.config_settings import IndexEngine, Metric, NeighbourSettings, SearchKind
from latentfill.core.extras import is_installed
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.engines.engine import Engine
from latentfill.engines.open_engine import open_engine
from latentfill.strategies.neighbours.search.exact import Exact, recall
from latentfill.strategies.neighbours.search.index_folder import (
    check_index_folder,
    kept_index,
    shard_paths,
    write_index,
)
from latentfill.strategies.neighbours.search.keys_on_disk import KeysOnDisk, saying_where
from latentfill.strategies.neighbours.search.shards import Nearest, check_faiss, merged, open_shard, search_shard

EXACT_UP_TO = 100_000  # keys; comparing 4000 queries with so many takes some ten seconds (benchmarks/banks.py)
ENOUGH = 0.99  # of the exact neighbours, at least, are found for a sample of the keys
SAMPLE = 256  # keys, at most, in this sample


def check_search(settings: NeighbourSettings) -> None:
    """Raise an `InputError` if an index cannot be made; meant to be called before any work is done."""
    if settings.search == "faiss":
        check_faiss()
    if settings.index is not None and settings.search != "exact":
        check_index_folder(Path(settings.index) / "index")
    engine_of(settings.index_engine)


def engine_of(name: IndexEngine) -> Engine | None:
    """The engine that builds an index, None for this process; a cluster is that at the address `RAY_ADDRESS`."""
    if name == "none":
        return None
    return open_engine(name, os.environ.get("RAY_ADDRESS") if name == "ray" else None)


def uses_index(search: SearchKind, n_keys: int, device: torch.device) -> bool:
    """Whether so many keys are searched with an index; a GPU compares all of them fast enough."""
    if search == "auto":
        return n_keys > EXACT_UP_TO and device.type == "cpu" and is_installed("faiss")
    return search == "faiss" and n_keys > 0


class Indexed:
    """Searches the lists nearest to each query; queries with fewer than `k` keys in them search all lists."""

    def __init__(
        self, keys: KeysOnDisk, metric: Metric, k: int, folder: Path | None = None, engine: Engine | None = None
    ) -> None:
        """`k`: the keys that searches will ask for; `folder` keeps the index for the next run; `engine` builds it."""
        self.keys = keys  # not to be removed before this object
        self.shards = [open_shard(path) for path in _paths(keys, metric, folder, engine)]
        self.probes = self._enough_probes(metric, min(k, keys.file.rows))

    def nearest(self, queries: Tensor, k: int) -> tuple[Tensor, Tensor]:
        vectors, k = queries.cpu().numpy(), min(k, self.keys.file.rows)
        found = self._search(vectors, k, self.probes)
        short = (found.row < 0).any(axis=1)
        if short.any():
            found.similarity[short], found.row[short] = self._search(vectors[short], k, None)
        similarity, row = (torch.from_numpy(part).to(queries.device) for part in found)
        return similarity, row.clamp(min=0)

    def _search(self, queries: VectorArray, k: int, probes: int | None) -> Nearest:
        return merged([search_shard(shard, queries, k, probes) for shard in self.shards], k)

    def _enough_probes(self, metric: Metric, k: int) -> int:
        """The number of lists, a power of two, in which enough of the exact neighbours are found."""
        keys = self.keys.file.tensor()
        sample = keys[:: -(-len(keys) // SAMPLE)]
        _, exact = Exact(keys, metric).nearest(sample, k)
        probes, lists = 1, self.shards[0].nlist
        while probes < lists:
            found = torch.from_numpy(self._search(sample.numpy(), k, probes).row)
            if recall(found, exact) >= ENOUGH:
                break
            probes *= 2
        return probes


def _paths(keys: KeysOnDisk, metric: Metric, folder: Path | None, engine: Engine | None) -> list[Path]:
    """The shards of an index of the keys, in the folder that keeps it or beside the keys."""
    if folder is not None:  # one below it for each bank, such as those of the splits of stored embeddings
        return kept_index(folder / f"{keys.file.rows}x{keys.file.size}-{metric}", keys.file, metric, engine)
    place = keys.folder / "index"
    place.mkdir()
    with saying_where():
        write_index(place, keys.file, metric, engine)
    return shard_paths(place, keys.file)
