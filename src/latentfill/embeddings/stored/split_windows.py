"""The windows of each split of a table, and the columns of their variables, under a window plan."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from latentfill.core.errors import EmbeddingMismatchError
from latentfill.core.series import IntArray, Series
from latentfill.core.window_plan import WindowPlan
from latentfill.embeddings.stored.h5_names import WHOLE
from latentfill.windows.splits import SplitPlan, select_columns
from latentfill.windows.windows import split_starts, window_starts

UNSORTED = (
    "the table's rows are not in time order, but embeddings count windows in the order of the rows. Sort the "
    "table by time, as it was when its embeddings were made."
)


def starts_by_split(plan: WindowPlan, n_rows: int) -> dict[str, IntArray]:
    """First rows of the windows of each split, (N,); without a split there is one split of all windows.

    That split ends with a window that reaches the last row.
    """
    split_plan = _split_plan(plan)
    if split_plan is None:
        rows = n_rows - plan.pred_len
        enough = rows >= plan.seq_len
        return {WHOLE: window_starts(rows, plan.seq_len, plan.embedding_stride) if enough else np.arange(0)}
    splits = split_plan.splits(n_rows)
    return {
        name: split_starts(split, plan.seq_len, plan.pred_len)[:: plan.embedding_stride]
        for name, split in splits.items()
    }


def starts_without_last(plan: WindowPlan, n_rows: int) -> IntArray:
    """First rows of the windows of a table without a split, `embedding_stride` apart, (N,).

    Unlike the windows of `starts_by_split`, they need not reach the last row: `range(0, n_rows - length + 1, stride)`.
    """
    return np.arange(0, max(0, n_rows - plan.seq_len - plan.pred_len + 1), plan.embedding_stride, dtype=np.int64)


def train_rows(plan: WindowPlan, n_rows: int) -> int | None:
    """Number of train rows, to which the scaler is fitted; None, for all rows, without a split."""
    split_plan = _split_plan(plan)
    return None if split_plan is None else split_plan.splits(n_rows)["train"].stop


def _split_plan(plan: WindowPlan) -> SplitPlan | None:
    """TimeKD's split of the plan, if it has one."""
    if plan.split == "none":
        return None
    return SplitPlan(kind=plan.split, seq_len=plan.seq_len, pred_len=plan.pred_len)


def variable_columns(plan: WindowPlan, columns: Sequence[str]) -> list[int]:
    """For each variable of the embeddings, the index of its column among the table's `columns`."""
    if plan.split == "none":
        return list(range(len(columns)))
    names = select_columns(columns, kind=plan.split, features=plan.features, target=plan.target)
    return [columns.index(name) for name in names]


def is_sorted(series: Series) -> bool:
    """Whether the rows of the table were in time order, so that window i starts at its row i."""
    return np.array_equal(series.rows, np.arange(series.n_steps))


def check_sorted(series: Series) -> None:
    """Raise `EmbeddingMismatchError` if the rows of the table are not in time order."""
    if not is_sorted(series):
        raise EmbeddingMismatchError(UNSORTED)
