"""Weights of networks: written to a safetensors file, and compared with the weights that a network needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import save
from torch import Tensor

LARGEST = 1e15  # squares of larger values overflow single precision; weights of scaled values are near 1


class Shaped(Protocol):
    """A tensor, or an array of numpy."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> object: ...


def write_weights(path: Path, weights: Mapping[str, Tensor]) -> None:
    """Write named weights; raises `OSError` if the path cannot be written."""
    # save_file makes files that only their owner may read, whatever the umask
    path.write_bytes(save({name: weight.detach().cpu().contiguous() for name, weight in weights.items()}))


def weight_misfits(needed: Mapping[str, Shaped], found: Mapping[str, Shaped]) -> list[str]:
    """A phrase for each weight that is missing, unexpected, or of another shape or type than needed."""
    misfits = [f"{name} is missing" for name in sorted(needed.keys() - found.keys())]
    misfits += [f"{name} is unexpected" for name in sorted(found.keys() - needed.keys())]
    for name in sorted(needed.keys() & found.keys()):
        found_kind, needed_kind = _shape_and_type(found[name]), _shape_and_type(needed[name])
        if found_kind != needed_kind:
            misfits.append(f"{name} is {found_kind}, the settings need {needed_kind}")
    return misfits


def value_problems(
    weights: Mapping[str, NDArray[Any]], may_miss: Collection[str] = (), unbounded: Collection[str] = ()
) -> list[str]:
    """A phrase for each array with values that are not finite, or too large to compute with.

    Values may be missing where the last part of the name is in `may_miss`, and large where it is in `unbounded`.
    """
    problems = []
    for name, array in sorted(weights.items()):
        last = name.rpartition(".")[2]
        if array.dtype.kind != "f" or (last in may_miss and last in unbounded):
            continue
        size = np.abs(array[~np.isnan(array)] if last in may_miss else array)
        if not np.isfinite(size).all():
            problems.append(f"{name} holds values that are not finite")
        elif last not in unbounded and size.max(initial=0.0) > LARGEST:
            problems.append(f"{name} holds {size.max():g}, beyond {LARGEST:g}")
    return problems


def _shape_and_type(weight: Shaped) -> str:
    """Shape and type of a weight, such as `(3, 4) float32`."""
    return f"{tuple(weight.shape)} {str(weight.dtype).removeprefix('torch.')}"
