"""The windows of each split of a table, and the columns of their variables, under the split plan of the settings."""

from __future__ import annotations

import numpy as np

from latentfill.core.config import Config
from latentfill.core.errors import EmbeddingMismatchError
from latentfill.core.series import IntArray, Series
from latentfill.embeddings.stored.h5_names import WHOLE
from latentfill.windows.splits import SplitPlan, select_columns
from latentfill.windows.windows import split_starts, window_starts

UNSORTED = (
    "the table's rows are not in time order, but embeddings count windows in the order of the rows. Sort the "
    "table by time, as it was when its embeddings were made."
)
# The settings that determine the windows and the columns of their variables.
PLAN_SETTINGS = ("split", "seq_len", "pred_len", "embedding_stride", "features", "target")


def plan_of(config: Config) -> dict[str, object]:
    """The settings of the split plan, by name."""
    return {name: config.value(name) for name in PLAN_SETTINGS}


def starts_by_split(config: Config, n_rows: int) -> dict[str, IntArray]:
    """First rows of the windows of each split, (N,); without a split plan there is one split of all windows."""
    length, ahead, every = config.stored.seq_len, config.stored.pred_len, config.stored.stride
    plan = _split_plan(config)
    if plan is None:
        rows = n_rows - ahead
        return {WHOLE: window_starts(rows, length, every) if rows >= length else np.arange(0)}
    return {name: split_starts(split, length, ahead)[::every] for name, split in plan.splits(n_rows).items()}


def train_rows(config: Config, n_rows: int) -> int | None:
    """Number of train rows, to which the scaler is fitted; None, for all rows, without a split plan."""
    plan = _split_plan(config)
    return None if plan is None else plan.splits(n_rows)["train"].stop


def _split_plan(config: Config) -> SplitPlan | None:
    """The split plan of the settings, if they have one."""
    stored = config.stored
    if stored.split == "none":
        return None
    return SplitPlan(kind=stored.split, seq_len=stored.seq_len, pred_len=stored.pred_len)


def variable_columns(config: Config, series: Series) -> list[int]:
    """For each variable of the embeddings, the index of its column in the table."""
    if config.stored.split == "none":
        return list(range(len(series.columns)))
    names = select_columns(
        series.columns, kind=config.stored.split, features=config.stored.features, target=config.stored.target
    )
    return [series.columns.index(name) for name in names]


def is_sorted(series: Series) -> bool:
    """Whether the rows of the table were in time order, so that window i starts at its row i."""
    return np.array_equal(series.rows, np.arange(series.n_steps))


def check_sorted(series: Series) -> None:
    """Raise `EmbeddingMismatchError` if the rows of the table are not in time order."""
    if not is_sorted(series):
        raise EmbeddingMismatchError(UNSORTED)
