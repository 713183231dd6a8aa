"""Embeddings that were made elsewhere, looked up by where their window starts."""

from __future__ import annotations

import numpy as np
import torch

from latentfill.core.errors import EmbeddingMismatchError
from latentfill.core.series import IntArray
from latentfill.embeddings.protocols.encoder import Encoded, EncoderShape, tensor
from latentfill.embeddings.protocols.record import Embeddings, VectorArray
from latentfill.windows.windows import Windows

LARGEST = 1e15  # of the numbers in a vector: squares of larger ones are beyond single precision


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
        return Encoded(z=tensor(usable_vectors(self.embeddings, index), self.device))


def usable_vectors(embeddings: Embeddings, index: IntArray) -> VectorArray:
    """The vectors (n, C, D) of some windows; numbers that nothing can be learnt from are an error."""
    vectors = embeddings.vectors[index]
    with np.errstate(invalid="ignore"):
        usable = (np.abs(vectors) < LARGEST).all(axis=(1, 2))  # not so where one is not finite
    if not usable.all():
        raise EmbeddingMismatchError(
            f"{embeddings.provenance.source}: the embedding of the window that starts at row "
            f"{embeddings.starts[index][~usable][0]} holds values that are not finite, or beyond {LARGEST:g}. Make the "
            "embeddings again; `latentfill inspect` shows their norms, and counts values that are not finite."
        )
    return vectors
