"""Windows and arrays as tensors on a device."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from latentfill.windows.windows import Windows


def as_tensors(windows: Windows, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Values (0 where missing), observed mask and clock of the windows, as float32 and bool tensors."""
    observed = windows.observed
    values = np.where(observed, windows.values, 0.0)
    return tensor(values, device), tensor(observed, device), tensor(windows.clock, device)


def tensor(array: np.ndarray, device: torch.device) -> Tensor:
    """`array` as a tensor on `device`, boolean or float32."""
    dtype = bool if array.dtype == bool else np.float32
    # Values too large for float32 become infinite; their estimates become NaN and are replaced by the fallback.
    with np.errstate(over="ignore"):
        return torch.from_numpy(np.ascontiguousarray(array, dtype=dtype)).to(device)
