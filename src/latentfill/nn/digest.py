"""A digest of weights; equal weights have equal digests."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import torch
from torch import Tensor


def digest_of(weights: Mapping[str, Tensor]) -> str:
    """SHA-256 (hexadecimal) of named weights of any types; it does not depend on their order and device."""
    digest = hashlib.sha256()
    for name, weight in sorted(weights.items()):
        digest.update(name.encode())
        digest.update(weight.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()
