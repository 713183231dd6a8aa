from __future__ import annotations

import numpy as np
import pytest

from latentfill.embeddings.stored.vector_view import VectorView


@pytest.fixture
def parts() -> list[np.ndarray]:
    return [np.arange(24, dtype=np.float32).reshape(4, 3, 2), 100 + np.arange(12, dtype=np.float32).reshape(2, 3, 2)]


def test_rows_of_several_arrays_are_read_like_one_array(parts: list[np.ndarray]):
    whole = np.concatenate(parts)
    view = VectorView(parts, np.array([5, 0, 3, 4]))
    assert (view.shape, len(view), view.ndim, view.dtype) == ((4, 3, 2), 4, 3, np.float32)
    np.testing.assert_array_equal(view[np.array([3, 0, 1, 3])], whole[[4, 5, 0, 4]])
    np.testing.assert_array_equal(view[1:3], whole[[0, 3]])
    np.testing.assert_array_equal(view[0], whole[5])
    np.testing.assert_array_equal(list(view), whole[[5, 0, 3, 4]])
    assert view[np.array([], np.int64)].shape == (0, 3, 2)


def test_columns_are_reordered_and_views_can_be_nested(parts: list[np.ndarray]):
    turned = [VectorView([part], np.arange(len(part)), np.array([2, 0, 1])) for part in parts]
    view = VectorView(turned, np.arange(6))
    np.testing.assert_array_equal(view[:], np.concatenate(parts)[:, [2, 0, 1]])


def test_only_the_indexed_rows_are_read(tmp_path):
    path = tmp_path / "vectors.npy"
    np.save(path, np.ones((1000, 3, 2), np.float32))
    mapped = np.load(path, mmap_mode="r")
    view = VectorView([mapped, mapped], np.arange(2000))
    found = view[np.array([1500])]
    assert found.shape == (1, 3, 2)
    assert not isinstance(found, np.memmap)
    assert view.parts[0] is mapped
