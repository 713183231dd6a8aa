from __future__ import annotations

import numpy as np
import pytest
import torch

from latentfill.core.errors import EmbeddingMismatchError
from latentfill.embeddings.protocols.record import Embeddings, Provenance
from latentfill.embeddings.timekd.teacher_vectors import TeacherVectors

CPU = torch.device("cpu")


def vectors() -> Embeddings:
    drawn = np.random.default_rng(1).normal(size=(200, 2, 8)).astype(np.float32)
    return Embeddings(drawn, np.arange(200), Provenance(encoder="made up", source="here"))


def test_vectors_are_standardised():
    stored = vectors()
    stored.vectors[:, :, 0] = 7  # a constant dimension
    stored.vectors[:, :, 1] = 1000 + 5 * stored.vectors[:, :, 1]
    found = TeacherVectors.of(stored, np.arange(200)).take(np.arange(200), CPU)
    assert (found[:, :, 0] == 0).all()
    torch.testing.assert_close(found[:, :, 1:].std((0, 1), correction=0), torch.ones(7), rtol=1e-3, atol=1e-3)


def test_vectors_belong_to_the_indexed_windows():
    stored = vectors()
    teacher = TeacherVectors.of(stored, np.array([10, 20, 30]))
    found = teacher.take(np.array([2, 0]), CPU).numpy() * teacher.scale + teacher.shift
    np.testing.assert_allclose(found, stored.vectors[[30, 10]], rtol=1e-4, atol=1e-5)


def test_a_vector_that_is_not_finite_is_reported():
    stored = vectors()
    stored.vectors[42, 1, 3] = np.inf
    with pytest.raises(
        EmbeddingMismatchError, match="here: the embedding of the window that starts at position 42 holds"
    ):
        TeacherVectors.of(stored, np.arange(200))
