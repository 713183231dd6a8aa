"""Summarises shapes, types and norms of a sample of stored windows, as JSON values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from latentfill.core.hdf5 import opened_hdf5, read_hdf5
from latentfill.embeddings.stored.h5_dataset import StoredArray, columns_and_size, numeric_dataset
from latentfill.embeddings.stored.problems import BadWindows

_SAMPLE = 64  # windows per split


def read_raw(path: Path, dataset: str, number: int | None = None) -> StoredArray:
    """One window as stored: the whole dataset, or its row `number`."""
    with opened_hdf5(path) as file:
        node = numeric_dataset(file, dataset)
        columns_and_size(node.shape if number is None else node.shape[1:])  # refuses absurd sizes
        return read_hdf5(node, number)


def summarise(
    numbers: Sequence[int], read_one: Callable[[int], StoredArray], where: Callable[[int], Path]
) -> tuple[dict[str, object], list[str]]:
    """Shapes, types and norms of a sample of the windows, and a line for each kind of damage.

    `read_one` reads a window by its number, `where` returns its file.
    """
    sample: list[StoredArray] = []
    bad = BadWindows()
    for number in _sampled(numbers):
        with bad.catching(number, where(number)):
            sample.append(read_one(number))
    summary = {
        "shapes": [list(shape) for shape in sorted({array.shape for array in sample})],
        "dtype": ", ".join(sorted({str(array.dtype) for array in sample})),
        "n_sampled": len(sample),
        "n_not_finite": sum(int((~np.isfinite(array)).sum()) for array in sample),
        "norm": _spread(sample),
    }
    return summary, bad.lines()


def _sampled(numbers: Sequence[int]) -> list[int]:
    """Up to `_SAMPLE` of the numbers, evenly spaced."""
    if not numbers:
        return []
    indices = np.linspace(0, len(numbers) - 1, min(_SAMPLE, len(numbers))).round().astype(int)
    return [numbers[index] for index in indices]


def _spread(sample: Sequence[StoredArray]) -> dict[str, float]:
    """Least, mean and greatest norm of the finite vectors of all columns and windows."""
    norms = np.concatenate([np.empty(0), *(_norms(array) for array in sample)])
    norms = norms[np.isfinite(norms)]
    if not norms.size:
        return {}
    return {"min": float(norms.min()), "mean": float(norms.mean()), "max": float(norms.max())}


def _norms(array: StoredArray) -> NDArray[np.float64]:
    vectors = array.astype(np.float64).reshape(columns_and_size(array.shape))
    return cast(NDArray[np.float64], np.sqrt((vectors**2).sum(axis=1)))
