from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.series import Series
from latentfill.embeddings.protocols.record import Embeddings, Provenance
from latentfill.embeddings.timekd.distil_data import distil_data, embedded_columns, split_windows

SEQ, PRED, ROWS = 12, 4, 300
CONFIG = Config(split="custom", seq_len=SEQ, pred_len=PRED, device="cpu")


def series(columns: tuple[str, ...] = ("OT", "b", "c")) -> Series:
    values = np.random.default_rng(0).normal(5, 2, (ROWS, len(columns)))
    return Series(values, columns, None, np.arange(ROWS))


def numbered(starts: np.ndarray) -> Embeddings:
    """Embeddings that contain the first row of their window, and another number."""
    vectors = np.tile(starts[:, None, None], (1, 3, 2)).astype(np.float32)
    vectors[:, :, 1] = np.random.default_rng(0).normal(size=(len(starts), 3))
    return Embeddings(vectors, starts, Provenance(encoder="numbered", source="here"))


def test_windows_follow_the_split_plan():
    data = distil_data(series(), None, CONFIG)
    assert [len(windows) for windows in (data.train, data.val, data.test)] == [195, 27, 57]
    assert list(data.scored) == ["val", "test"]
    assert data.teacher is None


def test_without_a_split_plan_the_splits_share_no_row():
    starts = split_windows(replace(CONFIG, split="none"), ROWS)
    rows = {split: set((first[:, None] + np.arange(SEQ + PRED)).ravel()) for split, first in starts.items()}
    assert not rows["train"] & rows["val"]
    assert not rows["val"] & rows["test"]
    assert (min(rows["train"]), max(rows["test"])) == (0, ROWS - 1)


def test_values_are_scaled_by_the_rows_of_the_train_windows():
    table = series()
    table.values[210:] += 1000  # rows that no train window reaches
    scaled = distil_data(table, None, CONFIG).train.values[:210]
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(scaled.std(axis=0), 1, rtol=1e-9)


def test_train_windows_without_an_embedding_are_left_out_and_the_others_keep_their_vectors():
    some = np.random.default_rng(1).permutation(np.arange(0, 195, 3))
    data = distil_data(series(), {"train": numbered(some)}, CONFIG)
    assert data.train.starts.tolist() == sorted(some)
    assert data.teacher is not None
    index = np.array([4, 0])
    first_rows = data.teacher.take(index, torch.device("cpu")).numpy() * data.teacher.scale + data.teacher.shift
    np.testing.assert_allclose(first_rows[:, 0, 0], data.train.starts[index], atol=1e-3)


def test_data_without_the_teacher_has_the_same_windows():
    data = distil_data(series(), {"train": numbered(np.arange(0, 195, 3))}, CONFIG)
    assert data.without_teacher().teacher is None
    assert data.without_teacher().train is data.train


def test_columns_that_are_not_embedded_are_left_out():
    assert embedded_columns(series(), CONFIG).columns == ("OT", "b", "c")
    assert embedded_columns(series(), replace(CONFIG, features="S", target="b")).columns == ("b",)


def test_a_table_too_short_to_train_on_is_refused():
    config = replace(CONFIG, split="none", seq_len=500, pred_len=100)
    with pytest.raises(InputError, match=r"300 rows, which leaves no window of 600 \(seq_len=500 \+ pred_len=100\)"):
        split_windows(config, ROWS)
