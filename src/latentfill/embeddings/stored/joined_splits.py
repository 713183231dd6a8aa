"""Joins the embeddings of all splits, if they live in one space."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from latentfill.embeddings.protocols.record import Embeddings
from latentfill.embeddings.stored.vector_view import VectorView


def join_splits(embeddings: Mapping[str, Embeddings]) -> Embeddings | None:
    """The embeddings of all splits as one set, if one frozen encoder is known to have made them; otherwise None."""
    splits = list(embeddings.values())
    if len(splits) < 2 or not all(split.provenance.deterministic for split in splits):
        return None
    # a window in two splits is used once
    starts, first = np.unique(np.concatenate([split.starts for split in splits]), return_index=True)
    vectors = VectorView([split.vectors for split in splits], first)
    return Embeddings(vectors, starts, splits[0].provenance)
