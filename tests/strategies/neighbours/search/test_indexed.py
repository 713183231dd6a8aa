from __future__ import annotations

import gc
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
import torch
from torch import Tensor

from latentfill.core.config import Config
from latentfill.core.errors import InputError, UnwritableError
from latentfill.strategies.neighbours.search import index_folder, indexed
from latentfill.strategies.neighbours.search.exact import Exact, recall
from latentfill.strategies.neighbours.search.indexed import Indexed, check_search, uses_index
from latentfill.strategies.neighbours.search.keys_on_disk import KeysOnDisk

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for temporary files."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def keys(n: int = 4000, size: int = 8, *, unit: bool = True) -> Tensor:
    found = torch.randn(n, size, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.normalize(found, dim=1) if unit else found


def index_of(stored: Tensor, metric: str = "cosine", k: int = 5, folder: Path | None = None) -> Indexed:
    pytest.importorskip("faiss")
    return Indexed(KeysOnDisk.of(stored), metric, k, folder)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("rows_of_shard", [700, 10_000])
def test_an_index_finds_nearly_all_exact_neighbours(metric: str, rows_of_shard: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(index_folder, "SHARD_BYTES", 4 * 8 * rows_of_shard)
    stored = keys(unit=metric == "cosine")
    queries = stored[1::40] + 0.01
    index = index_of(stored, metric)
    assert len(index.shards) == -(-4000 // rows_of_shard)
    similarity, row = index.nearest(queries, 5)
    expected, exact = Exact(stored, metric).nearest(queries, 5)
    assert recall(row, exact) > 0.95
    same = row == exact
    torch.testing.assert_close(similarity[same], expected[same], atol=1e-4, rtol=1e-4)


def test_it_searches_no_more_lists_than_the_recall_needs(monkeypatch: pytest.MonkeyPatch):
    # a hundred far groups of forty: a list or two hold the neighbours of a key, other than of scattered keys
    groups = 10 * keys(100).repeat_interleave(40, dim=0) + 0.1 * torch.randn(4000, 8)
    few, many = index_of(groups, "euclidean").probes, index_of(keys(unit=False), "euclidean").probes
    assert few < many
    monkeypatch.setattr(indexed, "ENOUGH", 1.01)  # never reached: all lists
    everything = index_of(groups, "euclidean")
    assert everything.probes >= everything.shards[0].nlist


def test_where_the_nearest_lists_hold_too_few_keys_all_lists_are_searched():
    index = index_of(keys(400))
    index.probes = 1
    similarity, row = index.nearest(keys(400)[:10], 390)
    expected, exact = Exact(keys(400), "cosine").nearest(keys(400)[:10], 390)
    assert recall(row, exact) == 1.0
    torch.testing.assert_close(similarity, expected, atol=1e-4, rtol=1e-4)


def test_more_keys_than_exist_are_all_keys():
    similarity, row = index_of(keys(30)).nearest(keys(30)[:3], 100)
    assert row.sort(dim=1).values.tolist() == [list(range(30))] * 3
    assert (similarity.diff(dim=1) <= 0).all()


def test_temporary_files_go_with_the_search(temporary_folder: Path):
    index = index_of(keys(400))
    assert any(temporary_folder.iterdir())
    del index
    gc.collect()
    assert not any(temporary_folder.iterdir())


def test_each_bank_keeps_an_index_of_its_own_in_the_folder(tmp_path: Path):
    for n in (300, 400, 300):
        index_of(keys(n), folder=tmp_path / "kept")
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["300x8-cosine", "400x8-cosine"]


def test_a_disk_with_too_little_room_is_an_error_with_the_ways_out(monkeypatch: pytest.MonkeyPatch):
    usage = shutil.disk_usage(tempfile.gettempdir())
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(InputError, match=r"room for 0\.0 MB.* in the environment variable TMPDIR, or compare"):
        KeysOnDisk.of(keys(400))


def test_without_a_folder_for_temporary_files_the_message_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(UnwritableError, match=r"gone cannot be written: .*TMPDIR"):
        KeysOnDisk.of(keys(40))


@pytest.mark.parametrize(
    ("search", "n", "device", "installed", "expected"),
    [
        ("exact", 10**7, "cpu", True, False),
        ("faiss", 1, "cpu", True, True),
        ("faiss", 0, "cpu", True, False),
        ("auto", 100_000, "cpu", True, False),
        ("auto", 100_001, "cpu", True, True),
        ("auto", 100_001, "cpu", False, False),
        ("auto", 100_001, "cuda", True, False),
    ],
)
def test_an_index_is_used_for_very_many_keys_on_a_processor(
    search: str, n: int, device: str, installed: bool, expected: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(indexed, "is_installed", lambda _: installed)
    assert uses_index(search, n, torch.device(device)) == expected


def test_without_the_package_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(InputError, match=r"needs faiss: pip install 'latentfill\[faiss\]'"):
        check_search(Config(neighbour_search="faiss").neighbours)
    check_search(Config(neighbour_search="auto").neighbours)


def test_a_file_in_place_of_the_folder_is_refused_before_any_work(tmp_path: Path):
    (tmp_path / "kept").write_text("a letter")
    with pytest.raises(InputError, match=r"kept is not a folder that can be written to"):
        check_search(Config(neighbour_index=str(tmp_path / "kept")).neighbours)
