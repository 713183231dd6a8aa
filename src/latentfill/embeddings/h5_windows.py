"""One folder of `{i}.h5`, one file per window: list, read, write and describe it."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from latentfill.embeddings.base import VectorArray
from latentfill.embeddings.h5_checks import (
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
from latentfill.embeddings.h5_summary import read_raw, summarise
from latentfill.errors import EmbeddingMismatchError, InputError

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


def read_windows(
    folder: Path, n_expected: int | None = None, n_columns: int | None = None, dataset: str = DATASET
) -> VectorArray:
    """All vectors of a folder in numeric order, (N, C, D) float32; every problem is told at once."""
    listed = list_windows(folder)
    if listed.strays:
        logger.info("ignored in %s, not .h5 files: %s", folder, short(listed.strays))
    problems = _name_problems(listed) + _number_problems(listed.files, n_expected)
    vectors, damage = _stack(listed.files, n_columns, dataset, keep=not problems)
    problems += damage
    if problems:
        raise EmbeddingMismatchError(unusable(folder, problems))
    return vectors


def write_split(folder: str | os.PathLike[str], split: str, vectors: VectorArray, dataset: str = DATASET) -> Path:
    """Write vectors (N, C, D) as `{folder}/{split}/{i}.h5`, as TimeKD does; "all" is `folder` itself."""
    import h5py

    target = Path(folder).absolute() / ("" if split == WHOLE else split)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target} is not empty. Remove it or write somewhere else.")
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
    partial.mkdir(parents=True)
    try:
        for i, vector in enumerate(vectors):
            with h5py.File(partial / f"{i}.h5", "w") as file:
                file.create_dataset(dataset, data=vector)
        if target.exists():
            target.rmdir()
        partial.rename(target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return target


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


def _stack(files: Mapping[int, Path], n_columns: int | None, dataset: str, keep: bool) -> tuple[VectorArray, list[str]]:
    """Every file's vector, (N, C, D), where `keep`; otherwise the files are only checked."""
    bad = BadWindows()
    vectors = np.empty((0, n_columns or 1, 0), np.float32)
    first: int | None = None
    for row, (number, path) in enumerate(files.items()):
        with bad.catching(number, path):
            vector = _read_window(path, n_columns, dataset)
            if first is None:
                vectors = np.empty((len(files) if keep else 1, *vector.shape), np.float32)
                first = number
            if vector.shape != vectors.shape[1:]:
                raise BadWindow(f"not of the shape {vectors.shape[1:]} of window {first}", f"shape {vector.shape}")
            vectors[row if keep else 0] = vector
    return vectors, bad.lines()


def _read_window(path: Path, n_columns: int | None, dataset: str) -> VectorArray:
    """One file's vector, (C, D) float32."""
    import h5py

    with h5py.File(path, "r") as file:
        node = numeric_dataset(file, dataset)
        shape = columns_and_size(node.shape, n_columns)
        vector = as_float32(node[()]).reshape(shape)
    n_bad = vector.size - int(np.isfinite(vector).sum())
    if n_bad:
        raise BadWindow("values that are not finite", f"{n_bad} of {vector.size} values")
    return vector
