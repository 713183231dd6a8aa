"""The choice of stored windows whose estimates are blended."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.embeddings.protocols.record import Embeddings, Provenance
from latentfill.imputation.fitting.stored_windows import blend_starts


@pytest.mark.parametrize(
    ("starts", "stride", "blended"),
    [
        (np.arange(10), 4, [0, 4, 8, 9]),
        (np.arange(0, 20, 2), 4, [0, 4, 8, 12, 16, 18]),  # windows that are two steps apart: every second one
        (np.arange(100, 104), 24, [100, 103]),
        (np.array([7]), 24, [7]),
    ],
)
def test_windows_about_a_stride_apart_and_the_last_one_are_blended(starts: np.ndarray, stride: int, blended: list[int]):
    vectors = np.zeros((len(starts), 1, 2), np.float32)
    embeddings = Embeddings(vectors, starts, Provenance(encoder="x", source="y"))
    assert blend_starts(embeddings, stride).tolist() == blended
