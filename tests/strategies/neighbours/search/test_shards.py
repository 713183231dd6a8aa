from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from latentfill.core.errors import InputError
from latentfill.strategies.neighbours.search.exact import Exact
from latentfill.strategies.neighbours.search.matrix_file import MatrixFile, write_matrix
from latentfill.strategies.neighbours.search.shards import ShardRows, build_shard, merged, search_shard, train

pytest.importorskip("faiss")


def matrix(folder: Path, n: int = 900, size: int = 8) -> MatrixFile:
    rows = torch.randn(n, size, generator=torch.Generator().manual_seed(0))
    return write_matrix(folder / "matrix", [torch.nn.functional.normalize(rows, dim=1)])


def shards_of(vectors: MatrixFile, metric: str, folder: Path, n_shards: int = 3) -> list[Path]:
    train(vectors, metric, folder / "trained")
    edges = np.linspace(0, vectors.rows, n_shards + 1).astype(int).tolist()
    paths = [folder / f"shard{number}" for number in range(n_shards)]
    for first, last, path in zip(edges, edges[1:], paths, strict=False):
        build_shard(folder / "trained", ShardRows(vectors, first, last, path))
    return paths


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_shards_searched_in_all_lists_find_together_what_exact_search_finds(metric: str, tmp_path: Path):
    vectors = matrix(tmp_path)
    keys = vectors.tensor()
    found = [search_shard(path, keys[:50].numpy(), 6) for path in shards_of(vectors, metric, tmp_path)]
    expected, exact = Exact(keys, metric).nearest(keys[:50], 6)
    best = merged(found, 6)
    np.testing.assert_array_equal(best.row, exact.numpy())
    np.testing.assert_allclose(best.similarity, expected.numpy(), atol=1e-5)


def test_a_shard_finds_only_its_own_rows(tmp_path: Path):
    vectors = matrix(tmp_path)
    second = shards_of(vectors, "cosine", tmp_path)[1]
    found = search_shard(second, vectors.tensor()[:20].numpy(), 300)
    assert (np.sort(found.row, axis=1) == np.arange(300, 600)).all()


def test_where_the_lists_hold_too_few_rows_the_rest_has_no_similarity(tmp_path: Path):
    vectors = matrix(tmp_path)
    found = search_shard(shards_of(vectors, "cosine", tmp_path)[0], vectors.tensor()[:5].numpy(), 300, probes=1)
    assert ((found.row < 0) == np.isneginf(found.similarity)).all()
    assert (found.row < 0).any(axis=1).all()


def test_queries_of_another_size_are_refused(tmp_path: Path):
    path = shards_of(matrix(tmp_path), "cosine", tmp_path)[0]
    with pytest.raises(InputError, match=r"vectors of 8 numbers, and the queries have 5\. Make an index of embeddings"):
        search_shard(path, np.zeros((2, 5), np.float32), 1)


def test_a_damaged_shard_is_refused(tmp_path: Path):
    path = shards_of(matrix(tmp_path), "cosine", tmp_path)[0]
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(InputError, match=r"shard0 cannot be read as an index: .*Remove it; it is made again\."):
        search_shard(path, np.zeros((2, 8), np.float32), 1)


def test_the_same_rows_give_the_same_bytes(tmp_path: Path):
    vectors, (one, other) = matrix(tmp_path), (tmp_path / "one", tmp_path / "other")
    one.mkdir()
    other.mkdir()
    for first, second in zip(shards_of(vectors, "cosine", one), shards_of(vectors, "cosine", other), strict=True):
        assert first.read_bytes() == second.read_bytes()


BUILD_AND_SEARCH = """
import resource, sys
from pathlib import Path
import faiss, numpy as np
from latentfill.strategies.neighbours.search import index_folder
from latentfill.strategies.neighbours.search.matrix_file import MatrixFile
from latentfill.strategies.neighbours.search.shards import search_shard


def build_and_search(name, rows):
    vectors = MatrixFile(folder / "matrix", rows, size)
    (folder / name).mkdir()
    index_folder.write_index(folder / name, vectors, "cosine")
    _, queries = next(vectors.blocks(0, 10))
    return [len(search_shard(path, queries, 3).row) for path in index_folder.shard_paths(folder / name, vectors)]


faiss.omp_set_num_threads(1)
index_folder.SHARD_BYTES = 1 << 22
folder, rows, size, room = Path(sys.argv[1]), *map(int, sys.argv[2:5])
build_and_search("first", 5000)  # takes the buffers of the linear algebra
used = int(Path("/proc/self/status").read_text().split("VmData:")[1].split()[0]) * 1024
resource.setrlimit(resource.RLIMIT_DATA, (used + room, used + room))
print(*build_and_search("second", rows))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the memory of a process is limited on Linux")
def test_an_index_is_built_and_searched_in_less_memory_than_its_vectors_take(tmp_path: Path):
    rows, size = 120_000, 256  # 123 MB
    block = torch.nn.functional.normalize(torch.randn(rows // 10, size), dim=1)
    write_matrix(tmp_path / "matrix", (block.roll(each, 1) for each in range(10)))
    room = 60 << 20  # bytes
    assert 2 * room < 1.05 * 4 * rows * size
    command = [sys.executable, "-c", BUILD_AND_SEARCH, str(tmp_path), str(rows), str(size), str(room)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.split() == 30 * ["10"], done.stderr
