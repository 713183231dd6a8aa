"""TimeKD's split plan: the train, val and test rows of a table, in which stored embedding i belongs to window i."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from latentfill.core.errors import InputError, did_you_mean
from latentfill.core.messages import quoted
from latentfill.core.window_plan import Features, SplitKind

KINDS = tuple(kind for kind in get_args(SplitKind) if kind != "none")
_HOURS_PER_MONTH = 30 * 24  # the ETT borders count months of 30 days
_ETT_MONTHS = (12, 4, 4)  # train, val, test
_ROWS_PER_HOUR = {"ett-hour": 1, "ett-minute": 4}  # ETTm is sampled every 15 minutes


@dataclass(frozen=True, slots=True)
class Split:
    """One part of the table: rows `start` to `stop` - 1, which contain all its windows."""

    name: str
    start: int
    stop: int

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.stop - self.start

    def n_windows(self, seq_len: int, pred_len: int) -> int:
        """Number of windows of `seq_len` rows, one starting at each row, that are followed by `pred_len` more rows."""
        return max(0, self.n_rows - seq_len - pred_len + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitPlan:
    """How TimeKD divides a table into train, val and test rows, and the length of its windows."""

    kind: SplitKind
    seq_len: int = 96  # rows per window; the default is TimeKD's published setting
    pred_len: int = 96  # rows after each window that TimeKD forecasts; they lie in the same split

    def __post_init__(self) -> None:
        problems = []
        if self.kind not in KINDS:
            problems.append(f"kind must be one of {', '.join(KINDS)}, got {quoted(self.kind)}")
        if self.seq_len < 1:
            problems.append(f"seq_len must be at least 1, got {self.seq_len}")
        if self.pred_len < 0:
            problems.append(f"pred_len must be 0 or more, got {self.pred_len}")
        if problems:
            raise InputError("SplitPlan: " + "; ".join(problems))

    def splits(self, n_rows: int) -> dict[str, Split]:
        """The train, val and test splits of a table of `n_rows`; val and test start `seq_len` rows early.

        Raises an `InputError` if the table is too short for the plan.
        """
        n_train, n_val, n_test = self._sizes(n_rows)
        self._check_train(n_train, n_rows)
        val_stop = n_train + n_val
        return {
            "train": Split("train", 0, n_train),
            "val": Split("val", n_train - self.seq_len, val_stop),
            "test": Split("test", val_stop - self.seq_len, val_stop + n_test),
        }

    def _sizes(self, n_rows: int) -> tuple[int, int, int]:
        """Number of train, val and test rows."""
        if self.kind == "custom":
            # int() of a float product, like TimeKD; exact integer arithmetic gives other numbers for some lengths
            n_train, n_test = int(n_rows * 0.7), int(n_rows * 0.2)
            return n_train, n_rows - n_train - n_test, n_test
        rows_per_month = _HOURS_PER_MONTH * _ROWS_PER_HOUR[self.kind]
        n_train, n_val, n_test = (months * rows_per_month for months in _ETT_MONTHS)
        needed = n_train + n_val + n_test
        if n_rows < needed:
            raise InputError(
                f"split {self.kind} needs {needed} rows, but the table has {n_rows}; use --split custom, "
                "or give the complete ETT file."
            )
        return n_train, n_val, n_test

    def _check_train(self, n_train: int, n_rows: int) -> None:
        needed = self.seq_len + self.pred_len
        if n_train < needed:
            raise InputError(
                f"split {self.kind} has {n_train} train rows of the table's {n_rows}, but one window needs {needed} "
                f"(seq_len={self.seq_len} + pred_len={self.pred_len}); use the seq_len and pred_len that the "
                "embeddings were made with, or no split."
            )


def select_columns(
    columns: Sequence[str], *, kind: SplitKind, features: Features = "M", target: str = "OT"
) -> tuple[str, ...]:
    """The columns that TimeKD embeds, in the order of the embeddings' column axis.

    Feature mode `S` keeps only the target; `M` and `MS` keep all columns. TimeKD's loader for custom files moves the
    target to the end; its ETT loaders keep the order of the file.
    """
    if features not in get_args(Features):
        raise InputError(f"features must be one of {', '.join(get_args(Features))}, got {quoted(features)}")
    if features == "S" or kind == "custom":
        _check_target(columns, target)
    if features == "S":
        return (target,)
    if kind == "custom":
        return (*(column for column in columns if column != target), target)
    return tuple(columns)


def _check_target(columns: Sequence[str], target: str) -> None:
    if target not in columns:
        raise InputError(
            f"{did_you_mean('target column', target, columns)}. Name the target that the embeddings were "
            "made with (--target)."
        )
