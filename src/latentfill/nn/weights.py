"""Named weights in a safetensors file, and how they differ from those that a network has room for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save
from torch import Tensor


def write_weights(path: Path, weights: Mapping[str, Tensor]) -> None:
    """Write named weights; an `OSError` says why they cannot be written."""
    # save_file makes files that only their owner may read, whatever the umask
    path.write_bytes(save({name: weight.detach().cpu().contiguous() for name, weight in weights.items()}))


def weight_misfits(needed: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> list[str]:
    """A phrase for each weight that is missing, that is not needed, or whose shape or type is not the one needed."""
    misfits = [f"{name} is missing" for name in sorted(needed.keys() - found.keys())]
    misfits += [f"{name} is unexpected" for name in sorted(found.keys() - needed.keys())]
    for name in sorted(needed.keys() & found.keys()):
        is_there, must_be = _kind(found[name]), _kind(needed[name])
        if is_there != must_be:
            misfits.append(f"{name} is {is_there}, the settings need {must_be}")
    return misfits


def _kind(weight: Tensor) -> str:
    """Shape and type of a weight, such as `(3, 4) float32`."""
    return f"{tuple(weight.shape)} {str(weight.dtype).removeprefix('torch.')}"
