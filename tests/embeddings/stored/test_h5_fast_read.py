from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from latentfill.core.errors import EmbeddingMismatchError
from latentfill.embeddings.stored.h5_fast_read import SameHeaderFiles
from latentfill.embeddings.stored.h5_windows import read_windows
from latentfill.embeddings.stored.h5_writing import write_split

VECTORS = np.random.default_rng(0).normal(size=(40, 3, 5)).astype(np.float32)


def write(path: Path, values: np.ndarray, **more: object) -> Path:
    with h5py.File(path, "w") as file:
        file.create_dataset("embeddings", data=values, **more)
    return path


def test_files_that_differ_only_in_their_numbers_are_read_without_hdf5(tmp_path: Path):
    alike = SameHeaderFiles.like(write(tmp_path / "0.h5", VECTORS[0]), "embeddings")
    assert alike is not None
    np.testing.assert_array_equal(alike.read(write(tmp_path / "1.h5", VECTORS[1])), VECTORS[1])


@pytest.mark.parametrize(
    "other",
    [
        {"values": VECTORS[1, :2]},
        {"values": VECTORS[1].astype(np.float64)},
        {"values": VECTORS[1].T},
        {"values": VECTORS[1], "compression": "gzip"},
    ],
)
def test_a_file_with_another_header_is_not_read_fast(tmp_path: Path, other: dict[str, object]):
    alike = SameHeaderFiles.like(write(tmp_path / "0.h5", VECTORS[0]), "embeddings")
    assert alike is not None
    assert alike.read(write(tmp_path / "1.h5", **other)) is None  # type: ignore[arg-type]


def test_compressed_and_chunked_datasets_are_not_read_fast(tmp_path: Path):
    assert SameHeaderFiles.like(write(tmp_path / "0.h5", VECTORS[0], chunks=(1, 5)), "embeddings") is None


def test_few_files_of_a_folder_with_equal_headers_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_split(tmp_path, "train", VECTORS)
    opened: list[object] = []
    real = h5py.File
    monkeypatch.setattr(h5py, "File", lambda path, mode: (opened.append(path), real(path, mode))[1])
    np.testing.assert_array_equal(read_windows(tmp_path / "train"), VECTORS)
    assert len(opened) <= 4


def test_files_of_several_kinds_are_all_read(tmp_path: Path):
    for i, vector in enumerate(VECTORS[:12]):
        write(
            tmp_path / f"{i}.h5", vector.astype(np.float64) if i % 3 else vector, **({"chunks": True} if i % 5 else {})
        )
    np.testing.assert_array_equal(read_windows(tmp_path), VECTORS[:12])


def test_a_damaged_file_among_files_with_equal_headers_is_reported(tmp_path: Path):
    write_split(tmp_path, "train", VECTORS)
    path = tmp_path / "train/7.h5"
    path.write_bytes(path.read_bytes()[:-10])
    write(tmp_path / "train/9.h5", np.full((3, 5), np.nan, np.float32))
    with pytest.raises(EmbeddingMismatchError, match=r"(?s)window 7.*not finite: window 9"):
        read_windows(tmp_path / "train")
