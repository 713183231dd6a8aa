"""Reads embeddings from .npy, .npz, .pt, .safetensors and Parquet files, of which nothing is run as code."""

from __future__ import annotations

import math
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentfill.core.errors import InputError
from latentfill.core.memory_limit import check_memory
from latentfill.embeddings.stored.arrays import EmbeddingArrays, arrays_of
from latentfill.embeddings.stored.h5_names import DATASET, SPLITS, WHOLE
from latentfill.embeddings.stored.problems import short
from latentfill.tables.backends.declared_sizes import parquet_size, zip_size

START = "start"  # the column of a Parquet file with the first rows of the windows
Arrays = Mapping[str, Any]


def open_array_file(path: Path, dataset: str = DATASET) -> EmbeddingArrays:
    """The embeddings in a file of arrays; `dataset` names the array to use if the file has several.

    Raises an `InputError` if the file is damaged or holds anything but arrays of numbers.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # of files that are damaged, which errors say
            found = READERS[path.suffix.lower()](path)
    except InputError:
        raise
    except Exception as error:  # each library raises errors of its own for damaged files
        raise InputError(f"{path} cannot be read as embeddings: {error}") from error
    starts = found.pop(START, None) if isinstance(found, dict) else None
    return arrays_of(_chosen(found, path, dataset), starts, path)


def _chosen(found: object, path: Path, dataset: str) -> object:
    """The arrays of the splits, the array called `dataset`, or the only one."""
    if not isinstance(found, Mapping):
        return found
    by_split = {name: array for name, array in found.items() if name in (*SPLITS, WHOLE)}
    if by_split:
        return by_split
    if dataset in found:
        return found[dataset]
    if len(found) == 1:
        return next(iter(found.values()))
    raise InputError(f"{path} holds {short(list(found)) or 'nothing'}; name the array of embeddings (--dataset).")


def _read_npy(path: Path) -> NDArray[Any]:
    array: NDArray[Any] = np.lib.format.open_memmap(path, mode="r")
    return array


def _read_npz(path: Path) -> dict[str, NDArray[Any]]:
    with path.open("rb") as file:
        archive = np.load(file, allow_pickle=False)
        check_memory(sum(_declared_size(archive, name) for name in archive.files), path)
        return dict(archive)


def _declared_size(archive: Any, name: str) -> float:
    """Bytes of an array of an .npz file, from its header."""
    with archive.zip.open(f"{name}.npy") as member:
        version = np.lib.format.read_magic(member)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read_header(member)
    return float(math.prod(shape) * dtype.itemsize)


def _read_pt(path: Path) -> object:
    import torch

    if not zipfile.is_zipfile(path):  # torch 2.5 and older can be made to run code by files that are no zip archives
        raise InputError(f"{path} cannot be read as embeddings: torch.save does not write such files. Save it again.")
    if is_program(path):
        raise InputError(f"{path} holds a program of TorchScript, not an array. Save the array alone.")
    check_memory(zip_size(path), path)
    return torch.load(path, map_location="cpu", weights_only=True)


def is_program(path: Path) -> bool:
    """Whether a zip archive is one of `torch.jit.save`, which `torch.load` may run."""
    with zipfile.ZipFile(path) as archive:
        return any(name.rpartition("/")[2] == "constants.pkl" for name in archive.namelist())


def _read_safetensors(path: Path) -> dict[str, NDArray[Any]]:
    from safetensors.numpy import load_file

    check_memory(path.stat().st_size, path)
    return dict(load_file(path))


def _read_parquet(path: Path) -> dict[str, NDArray[Any]]:
    """The only column of lists, or all columns of numbers, as one array (N, D); and the column `start`."""
    import pyarrow.parquet as parquet

    with parquet.ParquetFile(path) as file:
        check_memory(parquet_size(file), path)
        table = file.read()
    columns = {name: table[name].to_numpy() for name in table.column_names}
    found = {START: columns.pop(START)} if START in columns else {}
    lists = [name for name, values in columns.items() if values.dtype == object]
    vectors = [np.stack([np.stack(row) for row in columns[name]]) for name in lists]
    return {**found, DATASET: vectors[0] if len(lists) == 1 else np.stack(list(columns.values()), axis=1)}


READERS: Mapping[str, Callable[[Path], object]] = {
    ".npy": _read_npy,
    ".npz": _read_npz,
    ".pt": _read_pt,
    ".pth": _read_pt,
    ".safetensors": _read_safetensors,
    ".parquet": _read_parquet,
}
