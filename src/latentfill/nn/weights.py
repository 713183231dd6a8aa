"""Weights of networks: written to a safetensors file, and compared with the weights that a network needs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from safetensors.torch import save
from torch import Tensor


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


def _shape_and_type(weight: Shaped) -> str:
    """Shape and type of a weight, such as `(3, 4) float32`."""
    return f"{tuple(weight.shape)} {str(weight.dtype).removeprefix('torch.')}"
