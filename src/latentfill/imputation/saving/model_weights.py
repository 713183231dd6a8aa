"""Everything that a fitted model has learnt, as arrays by name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from latentfill.core.series import FloatArray
from latentfill.embeddings.protocols.encoder import Encoder
from latentfill.imputation.fitting.fitted import Fitted, FittedPath
from latentfill.windows.scaling import ColumnScaler

if TYPE_CHECKING:
    from torch import nn

    from latentfill.nn.weights import Shaped

Arrays = Mapping[str, NDArray[np.generic]]  # by name


def model_weights(fitted: Fitted) -> Arrays:
    """The weights of all networks and the arrays of baselines and calibrations, by name."""
    arrays = {
        f"{prefix}{part}.{name}": np.asarray(array, order="C")  # files keep the bytes in the order of memory
        for prefix, path in _paths(fitted).items()
        for part, state in _array_states(path).items()
        for name, array in state.items()
    }
    network_weights = {
        f"{part}.{name}": tensor.detach().cpu().contiguous().numpy()
        for part, module in model_modules(fitted).items()
        for name, tensor in module.state_dict().items()
    }
    return {**arrays, **network_weights}


def network_shapes(fitted: Fitted) -> dict[str, dict[str, Shaped]]:
    """The weights of each network, which may have shapes only, by the network's prefix and by name."""
    return {
        part: {f"{part}.{name}": tensor for name, tensor in module.state_dict().items()}
        for part, module in model_modules(fitted).items()
    }


def model_modules(fitted: Fitted) -> dict[str, nn.Module]:
    """The networks, by the prefix of their weights' names."""
    modules = {
        f"{prefix}{part}": module
        for prefix, path in _paths(fitted).items()
        for part, module in path.candidates.modules.items()
    }
    return modules if fitted.encoder is None else {**_encoder_modules(fitted.encoder), **modules}


def _encoder_modules(encoder: Encoder) -> dict[str, nn.Module]:
    """The network of the builtin encoder; none of another encoder, which is not saved."""
    from latentfill.embeddings.builtin.encoder import BuiltinEncoder  # here, because it imports torch

    return {"encoder": encoder.net} if isinstance(encoder, BuiltinEncoder) else {}


def path_prefix(split: str | None) -> str:
    """Prefix of the names of a path's weights; `split` is None for the builtin path."""
    return "" if split is None else f"stored.{split}."


def arrays_with_prefix(weights: Arrays, prefix: str) -> dict[str, FloatArray]:
    """The arrays whose names begin with `prefix`, by their names without it."""
    return {name.removeprefix(prefix): cast(FloatArray, w) for name, w in weights.items() if name.startswith(prefix)}


def model_id(fitted: Fitted) -> str:
    """An identifier of a fitted model: the first 12 hexadecimal digits of a hash of all weights and the scaler."""
    return digest_of(model_weights(fitted), fitted.scaler)


def digest_of(arrays: Arrays, scaler: ColumnScaler) -> str:
    """The first 12 hexadecimal digits of a hash of arrays and a scaler."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(array).data)  # not a copy: the keys of a bank may be larger than memory
    for part in (scaler.shift, scaler.scale):
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()[:12]


def _paths(fitted: Fitted) -> dict[str, FittedPath]:
    """All paths, by the prefix of their weights' names."""
    return {path_prefix(None): fitted.builtin} | {path_prefix(split): path for split, path in fitted.stored.items()}


def _array_states(path: FittedPath) -> dict[str, dict[str, FloatArray]]:
    """Arrays that are learnt outside of networks: of each strategy, by its name, and of the calibration."""
    return {**path.candidates.states, "calibration": path.validated.calibration.state()}
