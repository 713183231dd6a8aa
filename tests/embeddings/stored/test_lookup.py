"""Stored vectors looked up by the first row of a window."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.errors import EmbeddingMismatchError
from latentfill.core.window_plan import WindowPlan
from latentfill.embeddings.protocols.record import Embeddings, Provenance
from latentfill.embeddings.stored.lookup import StoredEncoder
from latentfill.windows.windows import ScaledSeries


def test_windows_without_a_stored_vector_are_refused_by_row():
    vectors = Embeddings(np.zeros((3, 1, 4), np.float32), np.array([0, 1, 2]), Provenance(encoder="x", source="there"))
    windows = ScaledSeries(np.zeros((10, 1)), np.zeros((10, 0))).cut(np.array([1, 7]), 2)
    with pytest.raises(EmbeddingMismatchError, match="no embedding for the windows that start at positions 7"):
        StoredEncoder(vectors, "cpu").encode(windows)


def test_vectors_are_looked_up_in_any_order_of_windows():
    vectors = np.arange(3, dtype=np.float32).reshape(3, 1, 1)
    embeddings = Embeddings(vectors, np.array([0, 4, 8]), Provenance(encoder="x", source="there"))
    windows = ScaledSeries(np.zeros((12, 1)), np.zeros((12, 0))).cut(np.array([8, 0]), 2)
    assert StoredEncoder(embeddings, "cpu").encode(windows).z[:, 0, 0].tolist() == [2, 0]


def test_the_windows_around_one_share_no_row_with_it():
    """Windows of two rows whose embeddings also read a third row; each vector is the first row of its window."""
    starts = np.arange(8)
    embeddings = Embeddings(starts.astype(np.float32).reshape(8, 1, 1), starts, Provenance(encoder="x", source="there"))
    encoder = StoredEncoder(embeddings, "cpu", WindowPlan(seq_len=2, pred_len=1))
    windows = ScaledSeries(np.zeros((9, 1)), np.zeros((9, 0))).cut(np.array([0, 4, 7]), 2)
    mean = starts.mean()
    assert encoder.around().encode(windows).z[:, 0].tolist() == [[mean, 2], [1, 6], [4, mean]]
    assert (encoder.shape.stored, encoder.shape.dim, encoder.around().shape.dim) == (True, 1, 2)
