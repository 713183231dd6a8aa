"""Embeddings that were made elsewhere, looked up by where their window starts."""

from __future__ import annotations

import numpy as np
import torch

from latentfill.embeddings.base import Embeddings
from latentfill.embeddings.encoder import Encoded, EncoderShape, tensor
from latentfill.errors import EmbeddingMismatchError
from latentfill.windows import Windows


class StoredEncoder:
    """The vectors of one split; they cannot follow what is hidden now, so they never count as leak-free."""

    def __init__(self, embeddings: Embeddings, device: torch.device) -> None:
        self.embeddings = embeddings
        self.device = device
        _, columns, dim = embeddings.vectors.shape
        self.shape = EncoderShape(columns=columns, dim=dim, decodes=False)

    def encode(self, windows: Windows) -> Encoded:
        """The stored vectors of these windows, (B, K, D); windows without one are an error."""
        starts = self.embeddings.starts
        index = np.searchsorted(starts, windows.starts).clip(max=len(starts) - 1)
        unknown = windows.starts[starts[index] != windows.starts]
        if len(unknown):
            raise EmbeddingMismatchError(
                f"{self.embeddings.provenance.source} has no embedding for the windows that start at rows "
                f"{', '.join(map(str, unknown[:5]))} ({len(unknown)} in all)."
            )
        return Encoded(z=tensor(self.embeddings.vectors[index], self.device))
