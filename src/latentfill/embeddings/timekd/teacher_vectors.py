"""The teacher's stored embeddings, standardised for training a student."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

from latentfill.core.series import FloatArray, IntArray
from latentfill.embeddings.protocols.record import Embeddings
from latentfill.embeddings.stored.lookup import usable_vectors
from latentfill.nn.tensors import tensor

TYPICAL_WINDOWS = 512  # windows, at most, from which mean and standard deviation are computed


@dataclass(frozen=True, slots=True, eq=False)
class TeacherVectors:
    """A teacher's embeddings of N training windows, each dimension with mean 0 and standard deviation 1.

    Embeddings of a language model share a large constant part, compared with which windows differ little.
    """

    embeddings: Embeddings
    index: IntArray  # (N,) index in `embeddings` of each training window
    shift: FloatArray  # (D,)
    scale: FloatArray  # (D,)

    @classmethod
    def of(cls, embeddings: Embeddings, index: IntArray) -> Self:
        """Standardise the embeddings at `index`; raises `EmbeddingMismatchError` if a sample is not finite."""
        typical = usable_vectors(embeddings, index[:: -(-len(index) // TYPICAL_WINDOWS)]).astype(float)
        scale = typical.std(axis=(0, 1))
        return cls(embeddings, index, typical.mean(axis=(0, 1)), np.where(scale > 0, scale, 1.0))

    @property
    def size(self) -> int:
        """The size D of a vector."""
        return int(self.embeddings.vectors.shape[2])

    def take(self, rows: IntArray, device: torch.device) -> Tensor:
        """The standardised vectors (B, C, D) of some of the windows."""
        return tensor((usable_vectors(self.embeddings, self.index[rows]) - self.shift) / self.scale, device)
