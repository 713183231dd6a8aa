from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from latentfill.core.errors import InputError
from latentfill.engines.open_engine import open_engine
from latentfill.strategies.neighbours.search import index_folder
from latentfill.strategies.neighbours.search.index_folder import RECORD, kept_index, write_index
from latentfill.strategies.neighbours.search.matrix_file import MatrixFile, write_matrix

pytest.importorskip("faiss")
SIZE = 8


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_folder, "SHARD_BYTES", 4 * SIZE * 200)  # 200 rows


def matrix(path: Path, n: int = 500, seed: int = 0) -> MatrixFile:
    return write_matrix(path, [torch.randn(n, SIZE, generator=torch.Generator().manual_seed(seed))])


def state(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Content and inode of each file of a folder."""
    return {path.name: (path.read_bytes(), path.stat().st_ino) for path in folder.iterdir()}


def test_an_index_is_kept_for_the_same_vectors(tmp_path: Path):
    vectors = matrix(tmp_path / "matrix")
    first = kept_index(tmp_path / "index", vectors, "cosine")
    before = state(tmp_path / "index")
    assert sorted(before) == ["centres.faiss", RECORD, *(path.name for path in first)]
    assert [path.name for path in first] == ["shard-0000.faiss", "shard-0001.faiss", "shard-0002.faiss"]
    assert kept_index(tmp_path / "index", matrix(tmp_path / "again"), "cosine") == first
    assert state(tmp_path / "index") == before


def other_vectors(vectors: MatrixFile, folder: Path) -> MatrixFile:
    return matrix(vectors.path.with_name("other"), seed=1)


def changed_shard(vectors: MatrixFile, folder: Path) -> MatrixFile:
    shard = folder / "shard-0001.faiss"
    shard.write_bytes(shard.read_bytes()[:-1] + b"\1")
    return vectors


def missing_shard(vectors: MatrixFile, folder: Path) -> MatrixFile:
    (folder / "shard-0001.faiss").unlink()
    return vectors


def damaged_record(vectors: MatrixFile, folder: Path) -> MatrixFile:
    (folder / RECORD).write_text("[")
    return vectors


def changed_record(vectors: MatrixFile, folder: Path) -> MatrixFile:
    text = (folder / RECORD).read_text()
    (folder / RECORD).write_text(text.replace('"format": 1', '"format": 2'))
    return vectors


@pytest.mark.parametrize("change", [other_vectors, changed_shard, missing_shard, damaged_record, changed_record])
def test_an_index_that_no_longer_fits_is_made_again(change: Callable[[MatrixFile, Path], MatrixFile], tmp_path: Path):
    vectors, folder = matrix(tmp_path / "matrix"), tmp_path / "index"
    kept_index(folder, vectors, "cosine")
    vectors = change(vectors, folder)
    kept_index(folder, vectors, "cosine")
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    write_index(fresh, vectors, "cosine")
    assert {name: data for name, (data, _) in state(folder).items()} == {
        name: data for name, (data, _) in state(fresh).items()
    }


def test_an_index_of_another_distance_is_made_again(tmp_path: Path):
    vectors = matrix(tmp_path / "matrix")
    kept_index(tmp_path / "index", vectors, "cosine")
    before = state(tmp_path / "index")
    kept_index(tmp_path / "index", vectors, "euclidean")
    assert state(tmp_path / "index") != before


@pytest.mark.filterwarnings("ignore")  # of Ray, about itself
@pytest.mark.parametrize("engine", ["local", "ray"])
def test_shards_built_by_an_engine_are_the_same(engine: str, tmp_path: Path):
    if engine == "ray":
        pytest.importorskip("ray")
    vectors = matrix(tmp_path / "matrix")
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    write_index(tmp_path / "one", vectors, "cosine")
    write_index(tmp_path / "other", vectors, "cosine", open_engine(engine))
    one, other = ({name: data for name, (data, _) in state(tmp_path / name).items()} for name in ("one", "other"))
    assert one == other


def test_a_folder_that_holds_something_else_is_not_replaced(tmp_path: Path):
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match="holds something other than an index; name a new folder"):
        kept_index(tmp_path / "index", matrix(tmp_path / "matrix"), "cosine")
    assert (tmp_path / "index" / "letter.txt").read_text() == "dear"


def test_a_disk_with_too_little_room_is_refused_before_the_index_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    vectors = matrix(tmp_path / "matrix")
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(InputError, match=r"has room for 0.0 MB, and at least 0.0 MB will be needed"):
        kept_index(tmp_path / "index", vectors, "cosine")
    assert not (tmp_path / "index").exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from latentfill.strategies.neighbours.search import index_folder
from latentfill.strategies.neighbours.search.matrix_file import MatrixFile

class Killing:
    def map(self, build, trained, parts):
        for number, rows in enumerate(parts):
            if number == 1:
                os.kill(os.getpid(), signal.SIGKILL)
            yield build(trained, rows)

index_folder.SHARD_BYTES = 4 * 8 * 200
folder = Path(sys.argv[1])
index_folder.kept_index(folder / "index", MatrixFile(folder / "matrix", 500, 8), "cosine", Killing())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="leftovers are swept where files can be locked")
def test_a_killed_build_leaves_the_earlier_index_and_is_swept_by_the_next(tmp_path: Path):
    vectors = matrix(tmp_path / "matrix", seed=1)
    kept_index(tmp_path / "index", vectors, "cosine")
    before = state(tmp_path / "index")
    matrix(tmp_path / "matrix", seed=2)
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert state(tmp_path / "index") == before
    assert any(path.name.startswith(".latentfill-") for path in tmp_path.iterdir())
    again = [sys.executable, "-c", KILLED.replace("number == 1", "False"), str(tmp_path)]
    subprocess.run(again, check=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index", "matrix"]
    assert state(tmp_path / "index") != before


def test_vectors_that_begin_inside_a_file_give_the_same_index(tmp_path: Path):
    vectors = matrix(tmp_path / "matrix")
    (tmp_path / "packed").write_bytes(b"a header" + vectors.path.read_bytes())
    kept_index(tmp_path / "index", vectors, "cosine")
    before = state(tmp_path / "index")
    kept_index(tmp_path / "index", replace(vectors, path=tmp_path / "packed", offset=8), "cosine")
    assert state(tmp_path / "index") == before
