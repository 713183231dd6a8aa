from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

from latentfill.core.errors import UnwritableError
from latentfill.strategies.neighbours.search import matrix_file
from latentfill.strategies.neighbours.search.matrix_file import MatrixFile, write_matrix

ROWS = torch.arange(21.0).reshape(7, 3)


def test_what_was_written_in_blocks_is_read_in_other_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    written = write_matrix(tmp_path / "matrix", ROWS.split(4))
    monkeypatch.setattr(matrix_file, "BLOCK", 2 * 3 * 4)  # two rows
    starts, blocks = zip(*written.blocks(1), strict=True)
    assert starts == (1, 3, 5)
    np.testing.assert_array_equal(np.concatenate(blocks), ROWS[1:].numpy())
    assert torch.equal(written.tensor(), ROWS)
    np.testing.assert_array_equal(written.mean(), [9, 10, 11])
    assert written.digest() == hashlib.sha256(ROWS.numpy().tobytes()).hexdigest()


def test_a_matrix_may_begin_inside_a_file(tmp_path: Path):
    (tmp_path / "matrix").write_bytes(b"12345678" + ROWS.numpy().tobytes())
    inside = MatrixFile(tmp_path / "matrix", 7, 3, offset=8)
    np.testing.assert_array_equal(inside.mapped(), ROWS.numpy())
    np.testing.assert_array_equal(next(inside.blocks(2, 3))[1], ROWS[2:3].numpy())


def test_a_full_disk_is_an_error_that_says_so(small_disk: Path):
    with pytest.raises(UnwritableError, match=r"matrix cannot be written: No space left on device"):
        write_matrix(small_disk / "matrix", (torch.zeros(1000, 1000) for _ in range(1000)))
