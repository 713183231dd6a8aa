"""Stored vectors looked up by the first row of a window."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.errors import EmbeddingMismatchError
from latentfill.embeddings.protocols.record import Embeddings, Provenance
from latentfill.embeddings.stored.lookup import StoredEncoder
from latentfill.windows.windows import ScaledSeries


def test_windows_without_a_stored_vector_are_refused_by_row():
    vectors = Embeddings(np.zeros((3, 1, 4), np.float32), np.array([0, 1, 2]), Provenance(encoder="x", source="there"))
    windows = ScaledSeries(np.zeros((10, 1)), np.zeros((10, 0))).cut(np.array([1, 7]), 2)
    with pytest.raises(EmbeddingMismatchError, match="no embedding for the windows that start at rows 7"):
        StoredEncoder(vectors, "cpu").encode(windows)


def test_vectors_are_looked_up_in_any_order_of_windows():
    vectors = np.arange(3, dtype=np.float32).reshape(3, 1, 1)
    embeddings = Embeddings(vectors, np.array([0, 4, 8]), Provenance(encoder="x", source="there"))
    windows = ScaledSeries(np.zeros((12, 1)), np.zeros((12, 0))).cut(np.array([8, 0]), 2)
    assert StoredEncoder(embeddings, "cpu").encode(windows).z[:, 0, 0].tolist() == [2, 0]
