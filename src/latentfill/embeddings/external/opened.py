"""The record of an encoder that was imported or loaded from a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor, nn

INPUTS_ATTRIBUTE = "latentfill_inputs"  # attribute of a module, or extra file of a saved module, for `Inputs.parse`


@dataclass(frozen=True, slots=True, eq=False)
class OpenedEncoder:
    """A function or module (in evaluation mode) that takes tensors and returns embeddings."""

    call: Callable[..., object]
    source: Mapping[str, object]  # JSON values: "module", or "file" and "file_digest"
    weights: Mapping[str, Tensor] | None = None  # None if not known, as for a function
    inputs: str | None = None  # the inputs that the encoder declares, if any
    sizes: tuple[int | None, ...] = ()  # of the axes of the first input, None for any size; () if not known


def weights_of(call: Callable[..., object]) -> dict[str, Tensor] | None:
    """Parameters and buffers of a module by name; None for anything else."""
    if not isinstance(call, nn.Module):
        return None
    return {name: value for name, value in call.state_dict().items() if isinstance(value, Tensor)}


def one_line(error: BaseException) -> str:
    """Type and message of an error; only the last line of the message, where torch names the cause."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[-1].strip()}" if lines else type(error).__name__
