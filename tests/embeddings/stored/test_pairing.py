"""Joining the embeddings of several splits, and adopting the split plan of embeddings."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.config import Config
from latentfill.core.errors import EmbeddingMismatchError
from latentfill.embeddings.protocols.record import Embeddings, Provenance
from latentfill.embeddings.stored.pairing import adopt_split_plan, join_splits


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


def test_settings_that_contradict_the_split_plan_of_embeddings_are_refused():
    provenance = Provenance(encoder="x", source="y", window={"split": "custom", "seq_len": 24, "pred_len": 4})
    assert adopt_split_plan(Config(), [provenance]) == Config(split="custom", seq_len=24, pred_len=4)
    assert adopt_split_plan(Config(pred_len=4), [provenance]).stored.seq_len == 24
    # a split plan of the settings is kept
    assert adopt_split_plan(Config(split="ett-hour"), [provenance]) == Config(split="ett-hour")
    with pytest.raises(EmbeddingMismatchError, match=r"pred_len=4 \(the setting is 8\)\. Leave the setting out"):
        adopt_split_plan(Config(pred_len=8), [provenance])
