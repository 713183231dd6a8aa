"""Joining the embeddings of several splits."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.embeddings.protocols.record import Embeddings, Provenance
from latentfill.embeddings.stored.joined_splits import join_splits


def of_rows(first: int, last: int, **record: object) -> Embeddings:
    """Embeddings whose values are the first row of their window."""
    starts = np.arange(first, last)
    vectors = np.broadcast_to(starts[:, None, None], (len(starts), 2, 3)).astype(np.float32)
    return Embeddings(vectors, starts, Provenance(encoder="x", source="there", **record))  # type: ignore[arg-type]


def test_splits_of_one_frozen_encoder_are_joined():
    whole = join_splits({"train": of_rows(0, 50, deterministic=True), "val": of_rows(48, 60, deterministic=True)})
    assert whole is not None
    np.testing.assert_array_equal(whole.starts, np.arange(60))  # windows in both splits count once
    np.testing.assert_array_equal(whole.vectors[:][:, 1, 2], np.arange(60))


@pytest.mark.parametrize("known", [None, False])
def test_splits_that_may_not_share_a_space_are_not_joined(known: bool | None):
    assert (
        join_splits({"train": of_rows(0, 50, deterministic=True), "val": of_rows(60, 70, deterministic=known)}) is None
    )
    assert join_splits({"train": of_rows(0, 50, deterministic=True)}) is None
    assert join_splits({}) is None
