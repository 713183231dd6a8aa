"""Stored embeddings as an encoder: looks up vectors by the first row of a window."""

from __future__ import annotations

import numpy as np

from latentfill.core.errors import EmbeddingMismatchError
from latentfill.core.series import IntArray
from latentfill.embeddings.protocols.encoder import Encoded, EncoderShape
from latentfill.embeddings.protocols.record import Embeddings, VectorArray
from latentfill.windows.windows import Windows

AT_ONCE = 1024  # windows that are checked together
LARGEST = 1e15  # absolute value in a vector; squares of larger values overflow single precision


class StoredEncoder:
    """The stored vectors of one split.

    They were made before cells were hidden for scoring, so they may depend on these cells.
    """

    def __init__(self, embeddings: Embeddings, device: str) -> None:
        """`device`: name of the device that the vectors are put on, as in the settings."""
        self.embeddings = embeddings
        self.device = device
        _, columns, dim = embeddings.vectors.shape
        self.shape = EncoderShape(columns=columns, dim=dim, decodes=False)

    def encode(self, windows: Windows) -> Encoded:
        """The stored vectors (B, K, D) of windows; raises `EmbeddingMismatchError` for windows without a vector."""
        from latentfill.nn.runtime import pick_device
        from latentfill.nn.tensors import tensor

        starts = self.embeddings.starts
        index = np.searchsorted(starts, windows.starts).clip(max=len(starts) - 1)
        unknown = windows.starts[starts[index] != windows.starts]
        if len(unknown):
            raise EmbeddingMismatchError(
                f"{self.embeddings.provenance.source} has no embedding for the windows that start at rows "
                f"{', '.join(map(str, unknown[:5]))} ({len(unknown)} in all)."
            )
        return Encoded(z=tensor(usable_vectors(self.embeddings, index), pick_device(self.device)))


def check_usable(embeddings: Embeddings) -> None:
    """Raise an `EmbeddingMismatchError` if a vector has values that are not finite or too large to compute with."""
    for first in range(0, len(embeddings.starts), AT_ONCE):
        usable_vectors(embeddings, np.arange(first, min(first + AT_ONCE, len(embeddings.starts))))


def usable_vectors(embeddings: Embeddings, index: IntArray) -> VectorArray:
    """The vectors (n, C, D) at `index`.

    Raises `EmbeddingMismatchError` if a vector has values that are not finite or larger than `LARGEST`.
    """
    vectors = embeddings.vectors[index]
    with np.errstate(invalid="ignore"):
        is_usable = (np.abs(vectors) < LARGEST).all(axis=(1, 2))  # False for values that are not finite
    if not is_usable.all():
        first = embeddings.starts[index][~is_usable][0]
        raise EmbeddingMismatchError(
            f"{embeddings.provenance.source}: the embedding of the window that starts at row {first} holds values that "
            f"are not finite, or beyond {LARGEST:g}. Make the embeddings again; `latentfill inspect` shows their "
            "norms, and counts values that are not finite."
        )
    return vectors
