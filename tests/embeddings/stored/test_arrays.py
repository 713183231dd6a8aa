"""Embeddings as arrays: in memory and in files of other formats, of windows and of single steps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pytest
import torch
from pyarrow import parquet
from safetensors.numpy import save_file

from latentfill.core.config_settings import StoredSettings
from latentfill.core.errors import EmbeddingMismatchError, InputError
from latentfill.core.series import Series
from latentfill.embeddings.pairing import pair_stored
from latentfill.embeddings.protocols.record import StoredEmbeddings
from latentfill.embeddings.stored.arrays import arrays_of
from latentfill.embeddings.stored.opening import open_embeddings

ROWS, SEQ, N = 60, 12, 49
VECTORS = np.random.default_rng(0).normal(size=(N, 3, 5)).astype(np.float32)


def table(rows: int = ROWS) -> Series:
    return Series(np.random.default_rng(1).normal(size=(rows, 3)), ("a", "b", "c"), None, np.arange(rows))


def paired(stored: StoredEmbeddings, **settings: Any) -> dict[str, Any]:
    return dict(pair_stored(stored, table(), StoredSettings(**{"seq_len": SEQ, **settings})).splits)


def write_h5(path: Path, array: np.ndarray) -> None:
    with h5py.File(path, "w") as file:
        file["embeddings"] = array


WRITERS: dict[str, Callable[[Path, np.ndarray], object]] = {
    "a.npy": np.save,
    "a.npz": lambda path, array: np.savez(path, array),
    "b.npz": lambda path, array: np.savez(path, embeddings=array, other=np.zeros((2, 2))),
    "a.pt": lambda path, array: torch.save(torch.tensor(array), path),
    "b.pt": lambda path, array: torch.save({"embeddings": torch.tensor(array, dtype=torch.bfloat16), "n": 3}, path),
    "a.safetensors": lambda path, array: save_file({"z": array}, path),
    "a.h5": write_h5,
}


@pytest.mark.parametrize("name", WRITERS)
def test_windows_in_files_of_any_format_are_paired(tmp_path: Path, name: str):
    WRITERS[name](tmp_path / name, VECTORS)
    embeddings = paired(open_embeddings(tmp_path / name))["all"]
    np.testing.assert_allclose(embeddings.vectors, VECTORS, rtol=1e-2 if name == "b.pt" else 0)
    assert embeddings.starts.tolist() == list(range(N))


def test_the_columns_of_a_parquet_file_are_the_parts_of_a_vector(tmp_path: Path):
    flat = VECTORS[:20, 0]
    starts = np.arange(20)[::-1] * 2
    columns = {"start": starts, **{f"z{d}": flat[:, d] for d in range(5)}}
    parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
    parquet.write_table(pa.table({"start": starts, "z": list(flat)}), tmp_path / "b.parquet")
    for name in ("a.parquet", "b.parquet"):
        embeddings = paired(open_embeddings(tmp_path / name))["all"]
        np.testing.assert_array_equal(embeddings.vectors[:, 0], flat[::-1])
        assert embeddings.starts.tolist() == (np.arange(20) * 2).tolist()


def test_one_array_for_each_split_is_paired_with_its_windows(tmp_path: Path):
    # custom split of 60 rows: train 0-41, val 30-47 (12 of them overlap), of windows of 12 and 2 more rows
    np.savez(tmp_path / "a.npz", train=VECTORS[:29], val=VECTORS[:5])
    found = paired(open_embeddings(tmp_path / "a.npz"), split="custom", target="c")
    assert {split: each.starts.tolist()[0] for split, each in found.items()} == {"train": 0, "val": 30}


@pytest.mark.parametrize("name", ["a.npy", "a.pt", "a.safetensors", "a.npz", "a.parquet"])
def test_damaged_files_are_refused(tmp_path: Path, name: str):
    (tmp_path / name).write_bytes(b"PK\x03\x04 nothing of the kind")
    with pytest.raises(InputError, match="cannot be read as embeddings"):
        open_embeddings(tmp_path / name)


def test_nothing_in_a_file_is_run(tmp_path: Path):
    class Harmful:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "harm",))

    torch.save(Harmful(), tmp_path / "a.pt")
    np.save(tmp_path / "a.npy", np.array([Harmful()], dtype=object), allow_pickle=True)
    for name in ("a.pt", "a.npy"):
        with pytest.raises(InputError, match="cannot be read as embeddings"):
            open_embeddings(tmp_path / name)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("shape", [(ROWS, 5), (1, ROWS, 5), (3, ROWS, 5)])
@pytest.mark.parametrize("pooling", ["mean", "max", "last"])
def test_embeddings_of_steps_are_pooled_over_windows(shape: tuple[int, ...], pooling: str):
    steps = np.random.default_rng(2).normal(size=shape).astype(np.float32)
    embeddings = paired(arrays_of(steps), pooling=pooling)["all"]
    pool = {"mean": np.mean, "max": np.max, "last": lambda steps, axis: steps[:, -1]}[pooling]
    windows = [steps.reshape(-1, ROWS, 5)[:, start : start + SEQ] for start in range(N)]
    expected = np.stack([pool(window, axis=1) for window in windows])
    np.testing.assert_allclose(embeddings.vectors, expected, rtol=1e-4, atol=1e-6)


def test_steps_in_an_h5_file_are_pooled_with_a_stride(tmp_path: Path):
    steps = np.random.default_rng(2).normal(size=(ROWS, 5))
    write_h5(tmp_path / "a.h5", steps)
    embeddings = paired(open_embeddings(tmp_path / "a.h5"), stride=10)["all"]
    assert embeddings.starts.tolist() == [0, 10, 20, 30, 40, 48]
    np.testing.assert_allclose(embeddings.vectors[1, 0], steps[10:22].mean(axis=0), rtol=1e-5)


@pytest.mark.parametrize("make", [list, np.asarray, lambda starts: torch.tensor(starts)])
def test_starts_can_be_given_in_any_order(make: Callable[[list[int]], object]):
    starts = [30, 0, 12]
    embeddings = pair_stored(arrays_of(VECTORS[:3], make(starts)), table(), StoredSettings(seq_len=SEQ)).splits["all"]  # type: ignore[arg-type]
    assert embeddings.starts.tolist() == [0, 12, 30]
    np.testing.assert_array_equal(embeddings.vectors, VECTORS[[1, 2, 0]])


@pytest.mark.parametrize(
    ("given", "starts", "words"),
    [
        (VECTORS[:3], [0, 1], "3 different whole numbers"),
        (VECTORS[:3], [0, 1, 1], "3 different whole numbers"),
        (VECTORS[:3], [0.5, 1, 2], "3 different whole numbers"),
        ({"train": VECTORS}, [0], "single array"),
        ({"first": VECTORS}, None, "one array, or one for each of train, val, test"),
        ([["a", "b"]], None, "embeddings are numbers"),
        (np.zeros(5), None, "embeddings are numbers"),
    ],
)
def test_what_is_no_array_of_embeddings_is_refused(given: object, starts: list[int] | None, words: str):
    with pytest.raises(InputError, match=words):
        arrays_of(given, starts)


def test_a_window_beyond_the_table_is_refused():
    with pytest.raises(
        EmbeddingMismatchError, match="3 windows from position 0 to 49, which does not fit a table of 60 rows"
    ):
        pair_stored(arrays_of(VECTORS[:3], [0, 5, 49]), table(), StoredSettings(seq_len=SEQ))


@pytest.mark.parametrize(
    "tensor",
    [
        torch.zeros(4, 3).to_sparse(),
        torch.zeros(4, 3, device="meta"),
        torch.nested.nested_tensor([torch.zeros(2), torch.zeros(3)], layout=torch.jagged),
    ],
    ids=["sparse", "meta", "nested"],
)
def test_tensors_that_are_no_arrays_are_refused_in_words(tensor: torch.Tensor, tmp_path: Path):
    with pytest.raises(InputError, match=r"a tensor cannot be read as an array: .* Give a dense tensor of numbers\."):
        arrays_of(tensor)
    torch.save(tensor, tmp_path / "t.pt")
    with pytest.raises(InputError):
        open_embeddings(tmp_path / "t.pt")
