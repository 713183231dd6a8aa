"""One folder of `{i}.h5`, one file per window: list, read, write and describe it."""

from __future__ import annotations

import io
import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentfill.core.errors import EmbeddingMismatchError, InputError
from latentfill.core.files import replacing
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.embeddings.stored.h5_fast_read import AlikeFiles
from latentfill.embeddings.stored.h5_problems import (
    HDF5_FAILURES,
    SHOWN,
    BadWindow,
    BadWindows,
    as_float32,
    columns_and_size,
    count_problems,
    numeric_dataset,
    short,
    unusable,
)
from latentfill.embeddings.stored.h5_summary import read_raw, summarise

logger = logging.getLogger(__name__)

SPLITS = ("train", "val", "test")
WHOLE = "all"  # the split of files that lie in no split
DATASET = "embeddings"  # the name TimeKD's storage script gives


@dataclass(frozen=True, slots=True)
class WindowFiles:
    """The files of one folder, sorted out by name."""

    files: Mapping[int, Path]  # window number -> file, in numeric order
    repeated: list[str]  # a second file for a number, such as 07.h5 beside 7.h5
    unnumbered: list[str]  # .h5 files that are not named by a number
    strays: list[str]  # everything else, ignored


def list_windows(folder: Path) -> WindowFiles:
    """What a folder holds, by name alone; no file is opened."""
    files: dict[int, Path] = {}
    repeated: list[str] = []
    unnumbered: list[str] = []
    strays: list[str] = []
    for name in sorted(os.listdir(folder)):
        number = window_number(name)
        if number is None:
            is_hdf5 = name.endswith(".h5") and not name.startswith(".")  # macOS leaves ._0.h5 beside 0.h5
            (unnumbered if is_hdf5 else strays).append(name)
        elif number in files:
            repeated.append(name)
        else:
            files[number] = folder / name
    return WindowFiles(dict(sorted(files.items())), repeated, unnumbered, strays)


def window_number(file_name: str) -> int | None:
    """7 for "7.h5", None for any other kind of name."""
    stem, dot, suffix = file_name.rpartition(".")
    is_number = dot and suffix == "h5" and stem.isascii() and stem.isdecimal()
    return int(stem) if is_number else None


def holds_windows(folder: Path) -> bool:
    """Whether a folder that can be read holds a file `{i}.h5`."""
    try:
        with os.scandir(folder) as entries:
            return any(window_number(entry.name) is not None for entry in entries)
    except OSError:
        return False


@dataclass(frozen=True, slots=True, eq=False)
class WindowVectors:
    """The vectors of a folder, (C, D) float32 each, in numeric order; all problems are told when the last was read."""

    folder: Path
    files: Mapping[int, Path]
    n_columns: int | None
    dataset: str
    problems: list[str]  # of the files' names and numbers
    shape: tuple[int, int, int]  # N, C, D; without any readable file (N, n_columns, 0)

    def __iter__(self) -> Iterator[VectorArray]:
        bad = BadWindows()
        read = _WindowReader(self.n_columns, self.dataset)
        first: tuple[int, tuple[int, ...]] | None = None
        for number, path in self.files.items():
            vector = None
            with bad.catching(number, path):
                vector = read(path)
                first = first or (number, vector.shape)
                if vector.shape != first[1]:
                    raise BadWindow(f"not of the shape {first[1]} of window {first[0]}", f"shape {vector.shape}")
            if vector is not None and vector.shape == self.shape[1:]:
                yield vector
        if problems := self.problems + bad.lines():
            raise EmbeddingMismatchError(unusable(self.folder, problems))


def open_windows(
    folder: Path, n_expected: int | None = None, n_columns: int | None = None, dataset: str = DATASET
) -> WindowVectors:
    """The vectors of a folder, to be read one after the other."""
    listed = list_windows(folder)
    if listed.strays:
        logger.info("ignored in %s, not .h5 files: %s", folder, short(listed.strays))
    problems = _name_problems(listed) + _number_problems(listed.files, n_expected)
    shape = _first_shape(listed.files, n_columns, dataset)
    return WindowVectors(folder, listed.files, n_columns, dataset, problems, (len(listed.files), *shape))


def read_windows(
    folder: Path, n_expected: int | None = None, n_columns: int | None = None, dataset: str = DATASET
) -> VectorArray:
    """All vectors of a folder in numeric order, (N, C, D) float32; every problem is told at once."""
    found = open_windows(folder, n_expected, n_columns, dataset)
    vectors = np.empty(found.shape, np.float32)
    for row, vector in enumerate(found):
        vectors[row] = vector
    return vectors


def write_split(folder: str | os.PathLike[str], split: str, vectors: VectorArray, dataset: str = DATASET) -> Path:
    """Write vectors (N, C, D) as `{folder}/{split}/{i}.h5`, as TimeKD does; "all" is `folder` itself."""
    target = Path(folder).absolute() / ("" if split == WHOLE else split)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target} is not empty. Remove it or write somewhere else.")
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
    partial.mkdir(parents=True)
    try:
        for i, vector in enumerate(vectors):
            write_window(partial / f"{i}.h5", vector, dataset)
        if target.exists():
            target.rmdir()
        partial.rename(target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return target


def write_window(path: Path, vector: VectorArray, dataset: str = DATASET) -> None:
    """Write one window's vector (C, D); the file appears whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(window_bytes(vector, dataset))


def window_bytes(vector: VectorArray, dataset: str = DATASET) -> bytes:
    """The .h5 file of one window's vector (C, D)."""
    import h5py

    held = io.BytesIO()
    with h5py.File(held, "w") as file:
        file.create_dataset(dataset, data=vector)
    return held.getvalue()


def describe_windows(folder: Path, dataset: str = DATASET) -> dict[str, object]:
    """How many windows a folder holds and what they look like, in plain JSON values."""
    listed = list_windows(folder)
    files = listed.files
    count = max(files, default=-1) + 1
    summary, damage = summarise(list(files), lambda number: read_raw(files[number], dataset), files.__getitem__)
    return {
        "count": len(files),
        "n_missing": count - len(files),
        "missing": _first_missing(files, count),
        **summary,
        "problems": _name_problems(listed) + damage,
    }


def _name_problems(listed: WindowFiles) -> list[str]:
    problems = []
    if listed.repeated:
        problems.append(f"a second file for the same window: {short(listed.repeated)}")
    if listed.unnumbered:
        problems.append(f".h5 files not named by a window number: {short(listed.unnumbered)}")
    return problems


def _number_problems(files: Mapping[int, Path], n_expected: int | None) -> list[str]:
    if not files:
        return [] if n_expected == 0 else ["no file {i}.h5"]
    n_windows = max(files) + 1 if n_expected is None else n_expected
    problems = count_problems(len(files), n_expected)
    extra = [number for number in files if number >= n_windows]
    n_missing = n_windows - (len(files) - len(extra))
    if n_missing:
        problems.append(f"no file for window {short(_first_missing(files, n_windows), n_missing)}")
    if extra:
        problems.append(f"files for windows after the last, {n_windows - 1}: window {short(extra)}")
    if n_missing and 0 not in files:
        problems.append(f"numbering starts at {min(files)}, TimeKD's starts at 0 in each split")
    return problems


def _first_missing(files: Mapping[int, Path], n_windows: int) -> list[int]:
    # from a generator: one file called 999999999999.h5 must not make a list of all the others
    return list(islice((number for number in range(n_windows) if number not in files), SHOWN))


def _first_shape(files: Mapping[int, Path], n_columns: int | None, dataset: str) -> tuple[int, int]:
    """(C, D) of the first window that can be read."""
    read = _WindowReader(n_columns, dataset)
    for path in files.values():
        with suppress(BadWindow, *HDF5_FAILURES):
            vector = read(path)
            return vector.shape[0], vector.shape[1]
    return n_columns or 1, 0


class _WindowReader:
    """Reads one file's vector, (C, D) float32, fast where files are alike."""

    def __init__(self, n_columns: int | None, dataset: str) -> None:
        self.n_columns = n_columns
        self.dataset = dataset
        self.alike: AlikeFiles | None = None
        self.asked = False

    def __call__(self, path: Path) -> VectorArray:
        values = self.alike.read(path) if self.alike is not None else None
        if values is None:
            values = self._open(path)
        vector = as_float32(values).reshape(columns_and_size(values.shape, self.n_columns))
        n_bad = vector.size - int(np.isfinite(vector).sum())
        if n_bad:
            raise BadWindow("values that are not finite", f"{n_bad} of {vector.size} values")
        return vector

    def _open(self, path: Path) -> NDArray[Any]:
        import h5py

        with h5py.File(path, "r") as file:
            node = numeric_dataset(file, self.dataset)
            columns_and_size(node.shape, self.n_columns)  # refuses absurd sizes
            values = np.asarray(node[()])
        if not self.asked:
            self.alike, self.asked = AlikeFiles.like(path, self.dataset), True
        return values
