"""HDF5 files that name other files, or declare more than memory holds: no reader of this package takes them in."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

import latentfill
from latentfill.core.errors import InputError
from latentfill.core.hdf5 import opened_hdf5, read_hdf5
from latentfill.core.memory_limit import VARIABLE
from latentfill.embeddings.packing import pack
from latentfill.embeddings.stored.h5_writing import write_split
from latentfill.embeddings.stored.opening import open_embeddings

SHAPE = (6, 4, 5)


def external_storage(file: h5py.File, name: str, shape: tuple[int, ...], other: Path) -> None:
    file.create_dataset(name, shape, "u1", external=[(str(other), 0, h5py.h5f.UNLIMITED)])


def external_link(file: h5py.File, name: str, shape: tuple[int, ...], other: Path) -> None:
    file[name] = h5py.ExternalLink(str(other), "secret")


def soft_link_through_an_external_one(file: h5py.File, name: str, shape: tuple[int, ...], other: Path) -> None:
    file["away"] = h5py.ExternalLink(str(other), "/")
    file[name] = h5py.SoftLink("/away/secret")


def virtual_dataset(file: h5py.File, name: str, shape: tuple[int, ...], other: Path) -> None:
    layout = h5py.VirtualLayout(shape, "f4")
    layout[:] = h5py.VirtualSource(str(other), "secret", shape)
    file.create_virtual_dataset(name, layout)


WAYS_OUT = (external_storage, external_link, soft_link_through_an_external_one, virtual_dataset)
WAYS_IN: dict[str, Callable[[Path], object]] = {
    "a file of all windows": lambda folder: open_embeddings(folder / "all.h5").read("all"),
    "a folder of windows": lambda folder: open_embeddings(folder / "windows").read("all"),
    "packing a file": lambda folder: pack(open_embeddings(folder / "all.h5"), folder / "new.packed"),
    "packing a folder": lambda folder: pack(open_embeddings(folder / "windows"), folder / "new.packed"),
    "a set of PyPOTS": lambda folder: latentfill.impute(folder / "set.h5"),
}


def write(path: Path, name: str, shape: tuple[int, ...], fill: Callable[..., None], other: Path) -> None:
    with h5py.File(path, "w") as file:
        fill(file, name, shape, other)


def folder_of(way_out: Callable[..., None], tmp_path: Path) -> Path:
    """A file of all windows, a folder of windows and a set of PyPOTS, which all take their data from another file."""
    other = tmp_path / "elsewhere.h5"
    with h5py.File(other, "w") as file:
        file["secret"] = np.ones(SHAPE, np.float32)
    folder = tmp_path / "given"
    (folder / "windows").mkdir(parents=True)
    write(folder / "all.h5", "embeddings", SHAPE, way_out, other)
    write(folder / "set.h5", "X", SHAPE, way_out, other)
    for number in range(3):
        write(folder / "windows" / f"{number}.h5", "embeddings", SHAPE[1:], way_out, other)
    return folder


@pytest.mark.parametrize("way_in", WAYS_IN)
@pytest.mark.parametrize("way_out", WAYS_OUT)
def test_data_of_other_files_are_not_read(way_out: Callable[..., None], way_in: str, tmp_path: Path):
    folder = folder_of(way_out, tmp_path)
    with pytest.raises(InputError, match="takes data from other files") as refused:
        WAYS_IN[way_in](folder)
    assert "elsewhere.h5" in str(refused.value)
    assert not (folder / "new.packed").exists()


@pytest.mark.parametrize("way_out", WAYS_OUT)
def test_inspection_reads_no_other_file_and_tells_the_reason(way_out: Callable[..., None], tmp_path: Path):
    folder = folder_of(way_out, tmp_path)
    with pytest.raises(InputError, match="takes data from other files"):
        latentfill.inspect(folder / "all.h5")
    assert "takes data from other files" in str(latentfill.inspect(folder / "windows"))


def test_a_window_with_an_external_link_among_others_that_are_read_fast(tmp_path: Path):
    folder = write_split(tmp_path / "e", "train", np.ones((5, 2, 3), np.float32))
    with h5py.File(folder / "3.h5", "a") as file:
        del file["embeddings"]
        file["embeddings"] = h5py.ExternalLink(str(folder / "0.h5"), "embeddings")
    with pytest.raises(InputError, match=r"window 3; first: .*takes data from other files"):
        open_embeddings(tmp_path / "e").read("train")


def test_links_inside_a_file_and_circles_of_groups_are_read(tmp_path: Path):
    panel = np.arange(60.0).reshape(3, 10, 2)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["data"] = panel
        file["X"] = h5py.SoftLink("/data")
        file.create_group("around")["again"] = file["/"]
    with opened_hdf5(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(read_hdf5(file["X"]), panel)


def test_a_set_of_pypots_with_a_circle_of_groups_is_filled(tmp_path: Path):
    panel = np.random.default_rng(0).normal(size=(3, 10, 2))
    panel[0, 4, 1] = np.nan
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["train/X"] = panel
        file["train/round"] = file["train"]
    filled = latentfill.impute(tmp_path / "a.h5", strategy="linear")
    assert np.isfinite(filled["train"]["X"]).all()


@pytest.mark.parametrize("chunks", [(1, 30, 1000), (4000, 30, 1000), None], ids=["chunks", "one chunk", "contiguous"])
@pytest.mark.parametrize("way_in", ["a file of all windows", "packing a file"])
def test_a_file_that_declares_more_than_the_limit_is_refused(
    chunks: tuple[int, ...] | None, way_in: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(VARIABLE, "0.1")
    with h5py.File(tmp_path / "all.h5", "w") as file:
        file.create_dataset("embeddings", (4000, 30, 1000), "f4", chunks=chunks, compression="gzip" if chunks else None)
    assert (tmp_path / "all.h5").stat().st_size < 20_000
    with pytest.raises(InputError, match=r"needs about 0.48 GB .* limit of 0.1 GB.*--max-memory 1"):
        WAYS_IN[way_in](tmp_path)


def test_a_set_of_pypots_that_declares_more_than_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(VARIABLE, "0.1")
    with h5py.File(tmp_path / "set.h5", "w") as file:
        for name in ("train/X", "val/X", "test/X"):  # each less than the limit
            file.create_dataset(name, (1000, 50, 100), "f8", chunks=(1, 50, 100), compression="gzip")
    with pytest.raises(InputError, match=r"and the files read with it 0.08 GB more, above the limit of 0.1 GB"):
        latentfill.impute(tmp_path / "set.h5")


def test_many_small_windows_that_need_more_than_the_limit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(VARIABLE, "0.01")
    for number in range(5):
        with h5py.File(tmp_path / f"{number}.h5", "w") as file:
            file.create_dataset("embeddings", (1000, 1000), "f4", chunks=(1000, 1000), compression="gzip")
    with pytest.raises(InputError, match=r"needs about 0.02 GB .* above the limit of 0.01 GB"):
        open_embeddings(tmp_path).read("all")


def test_links_that_leave_the_folder_are_not_read_and_a_link_to_the_folder_is(tmp_path: Path):
    folder = write_split(tmp_path / "e", "train", np.ones((3, 2, 3), np.float32))
    elsewhere = tmp_path / "secret.h5"
    (folder / "1.h5").rename(elsewhere)
    (folder / "1.h5").symlink_to(elsewhere)
    with pytest.raises(InputError, match=r"links to files outside of the folder, or no files at all: 1.h5; copy"):
        open_embeddings(tmp_path / "e").read("train")
    (folder / "1.h5").unlink()
    (folder / "1.h5").symlink_to("2.h5")
    (tmp_path / "link").symlink_to(tmp_path / "e")
    assert open_embeddings(tmp_path / "link").read("train").shape == (3, 2, 3)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_a_pipe_among_the_windows_is_not_waited_for(tmp_path: Path):
    folder = write_split(tmp_path / "e", "train", np.ones((3, 2, 3), np.float32))
    os.mkfifo(folder / "3.h5")
    with pytest.raises(InputError, match=r"no files at all: 3.h5"):
        open_embeddings(tmp_path / "e").read("train")
