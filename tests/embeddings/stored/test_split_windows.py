"""The windows of each split, the rows of the scaler and the columns of the variables."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.errors import EmbeddingMismatchError
from latentfill.core.series import Series
from latentfill.core.window_plan import WindowPlan
from latentfill.embeddings.stored.split_windows import (
    check_sorted,
    starts_by_split,
    starts_without_last,
    train_rows,
    variable_columns,
)

CUSTOM = WindowPlan(split="custom", seq_len=12, pred_len=4, target="b")


def test_the_published_borders_of_etth1_give_the_published_counts():
    plan = WindowPlan(split="ett-hour", seq_len=96, pred_len=96)
    assert {split: len(starts) for split, starts in starts_by_split(plan, 17420).items()} == {
        "train": 8449,
        "val": 2785,
        "test": 2785,
    }


def test_without_a_split_plan_all_windows_are_one_split_that_ends_on_the_last_row():
    plan = WindowPlan(seq_len=12, pred_len=0, embedding_stride=5)
    assert {split: rows.tolist() for split, rows in starts_by_split(plan, 30).items()} == {"all": [0, 5, 10, 15, 18]}
    assert starts_without_last(plan, 30).tolist() == [0, 5, 10, 15]
    assert train_rows(plan, 30) is None


def test_a_table_that_is_too_short_has_no_windows():
    assert len(starts_by_split(WindowPlan(seq_len=12, pred_len=0), 11)["all"]) == 0


def test_the_scaler_sees_the_train_rows_of_the_split_plan():
    assert train_rows(CUSTOM, 200) == 140


def test_timekd_puts_the_target_last():
    assert variable_columns(CUSTOM, ("a", "b", "c")) == [0, 2, 1]
    assert variable_columns(WindowPlan(), ("a", "b", "c")) == [0, 1, 2]


def test_a_table_that_was_not_in_time_order_is_refused():
    with pytest.raises(EmbeddingMismatchError, match="not in time order"):
        check_sorted(Series(np.zeros((3, 1)), ("a",), None, np.array([2, 0, 1])))
