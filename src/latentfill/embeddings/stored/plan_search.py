"""Finds the window plans under which a table has as many windows as there are stored embeddings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import cast

from latentfill.core.config_settings import StoredSettings
from latentfill.core.errors import InputError
from latentfill.core.window_plan import SplitKind, WindowPlan
from latentfill.embeddings.stored.h5_names import WHOLE
from latentfill.embeddings.stored.split_windows import starts_by_split, starts_without_last
from latentfill.windows.splits import KINDS, SplitPlan

# Usual lengths, TimeKD's first. Other lengths have to be given: some length would fit any number of windows.
SEQ_LENS: tuple[int, ...] = (
    96,
    12,
    16,
    24,
    30,
    32,
    36,
    48,
    50,
    60,
    64,
    72,
    90,
    100,
    104,
    120,
    128,
    144,
    168,
    180,
    192,
    200,
    240,
    256,
    288,
    336,
)
SEQ_LENS += (360, 365, 384, 480, 500, 512, 672, 720, 1000, 1024, 1440, 2048)
PRED_LENS = (96, 0, 1, 6, 12, 24, 36, 48, 60, 72, 120, 144, 168, 192, 336, 720)
STRIDES = (2, 3, 4, 6, 7, 8, 12, 16, 24, 32, 36, 48, 60, 64, 72, 96, 120, 144, 168, 192)


@dataclass(frozen=True, slots=True)
class PlanSearch:
    """A search for the plans that suit stored embeddings and a table of `n_rows`."""

    counts: Mapping[str, int]  # split -> number of windows
    n_rows: int
    given: StoredSettings  # settings that are not None are kept
    horizon: int | None = None  # TimeKD's horizon, if the path of the embeddings names it

    @property
    def usual(self) -> WindowPlan:
        """The given settings, and usual ones where none are given."""
        pred_len = self._pred_len if self._pred_len is not None else PRED_LENS[0]
        return replace(self.given.plan, pred_len=pred_len)

    def fitting(self) -> list[WindowPlan]:
        """The plans that give as many windows as there are embeddings; only usual ones, if there are any."""
        for plans in ([self.usual], self._with_every_window(), self._with_every_nth_window()):
            if found := [plan for plan in dict.fromkeys(plans) if self.expected(plan) == self.counts]:
                return self._preferred(found)
        return []

    def partly_fitting(self) -> list[WindowPlan]:
        """Plans with usual lengths, under which the embeddings are those of the first windows of each split.

        Only those with a complete split, if there are any.
        """
        plans = (replace(self.usual, split=kind) for kind in self._kinds)
        parts = [plan for plan in plans if all(self.expected(plan).get(s, 0) >= n for s, n in self.counts.items())]
        complete = [plan for plan in parts if any(self.expected(plan)[s] == n for s, n in self.counts.items())]
        return complete or parts

    @property
    def is_determined(self) -> bool:
        """Whether the horizon is known, so that fewer embeddings than windows are not the sign of another horizon."""
        return self._pred_len is not None

    @property
    def is_swapped(self) -> bool:
        """Whether there is a plan that fits if train and val change their names, and none that fits as it is."""
        return {"train", "val"} <= self.counts.keys() and bool(self.swapped()) and not self.fitting()

    def swapped(self) -> list[WindowPlan]:
        """The plans that fit if train and val change their names."""
        other = {"train": "val", "val": "train"}
        return replace(self, counts={other.get(split, split): n for split, n in self.counts.items()}).fitting()

    def without_given(self) -> list[WindowPlan]:
        """The plans that fit without the given settings and the horizon in the path."""
        given = StoredSettings(features=self.given.features, target=self.given.target)
        return replace(self, given=given, horizon=None).fitting()

    def nearest(self) -> WindowPlan:
        """The plan with usual lengths whose numbers of windows are nearest to the counts."""
        plans = [replace(self.usual, split=kind, pred_len=n) for kind in self._kinds for n in self._pred_lens]
        return min(plans, key=self._distance)

    def expected(self, plan: WindowPlan) -> dict[str, int]:
        """The numbers of windows of the stored splits under a plan; splits that it does not have are left out."""
        try:
            starts = starts_by_split(plan, self.n_rows)
        except InputError:  # the table is too short for the split
            return {}
        counts = {split: len(rows) for split, rows in starts.items() if split in self.counts}
        if WHOLE in counts and self.counts[WHOLE] == len(starts_without_last(plan, self.n_rows)):
            counts[WHOLE] = self.counts[WHOLE]
        return counts

    @property
    def _pred_len(self) -> int | None:
        return self.horizon if self.given.pred_len is None else self.given.pred_len

    @property
    def _pred_lens(self) -> tuple[int, ...]:
        """The horizon that is given or in the path, otherwise usual ones."""
        return PRED_LENS if self._pred_len is None else (self._pred_len,)

    @property
    def _kinds(self) -> tuple[SplitKind, ...]:
        """The kinds of split that the names of the stored splits allow."""
        if self.given.given_split is not None:
            return (self.given.given_split,)
        return ("none",) if WHOLE in self.counts else cast(tuple[SplitKind, ...], KINDS)

    def _with_every_window(self) -> Iterator[WindowPlan]:
        """Plans whose windows start at consecutive rows; the numbers of windows determine their lengths."""
        if self.given.stride in (None, 1):
            for kind in self._kinds:
                for seq_len, pred_len in self._lengths(_own_rows(kind, self.n_rows)):
                    if self._allows(seq_len, pred_len):
                        plan = replace(self.usual, split=kind, seq_len=seq_len, pred_len=pred_len)
                        yield replace(plan, embedding_stride=1)

    def _allows(self, seq_len: int, pred_len: int) -> bool:
        """Whether the lengths are as given, or usual ones where none are given."""
        is_usual = seq_len in SEQ_LENS if self.given.seq_len is None else seq_len == self.given.seq_len
        return is_usual and pred_len >= 0 and self._pred_len in (None, pred_len)

    def _lengths(self, rows: Mapping[str, int]) -> Iterator[tuple[int, int]]:
        """`seq_len` and `pred_len` that the counts allow; `rows` are those of each split without its overlap.

        Windows of val and test start `seq_len` rows early, so their number depends on `pred_len` alone. The number of
        train windows, or of all windows, depends on the sum.
        """
        first = next((split for split in ("train", WHOLE) if split in self.counts and split in rows), None)
        total = rows[first] - self.counts[first] + 1 if first else None
        later = [split for split in ("val", "test") if split in self.counts and split in rows]
        horizons = [rows[split] - self.counts[split] + 1 for split in later]
        for pred_len in horizons[:1]:
            yield (self.usual.seq_len if total is None else total - pred_len), pred_len
        if horizons or total is None:
            return
        if self.given.seq_len is not None:
            yield self.given.seq_len, total - self.given.seq_len
        elif self._pred_len is not None:
            yield total - self._pred_len, self._pred_len
        else:
            yield from ((total - pred_len, pred_len) for pred_len in PRED_LENS)

    def _with_every_nth_window(self) -> Iterator[WindowPlan]:
        """Plans whose windows start at every n-th row."""
        strides = STRIDES if self.given.stride is None else (self.given.stride,)
        pred_lens = self._pred_lens if WHOLE not in self.counts else (*self._pred_lens[:1], 0)
        for kind in self._kinds:
            for pred_len in pred_lens:
                for stride in strides:
                    yield replace(self.usual, split=kind, pred_len=pred_len, embedding_stride=stride)

    def _preferred(self, plans: list[WindowPlan]) -> list[WindowPlan]:
        """Of plans without a split, those with windows up to the last row or of usual length, if there are any."""
        if self.counts.keys() != {WHOLE} or self._pred_len is not None:
            return plans
        usual = [plan for plan in plans if plan.seq_len == SEQ_LENS[0] or plan.pred_len == 0]
        both = [plan for plan in usual if plan.seq_len == SEQ_LENS[0] and plan.pred_len == 0]
        return both or usual or plans

    def _distance(self, plan: WindowPlan) -> float:
        """Sum of the differences between the counts and the numbers of windows that a plan gives."""
        expected = self.expected(plan)
        if not expected:
            return math.inf
        return sum(abs(count - expected.get(split, 0)) for split, count in self.counts.items())


def _own_rows(kind: SplitKind, n_rows: int) -> dict[str, int]:
    """The numbers of rows of a kind's splits without the rows before them that val and test windows reach; {} if the
    table is too short."""
    if kind == "none":
        return {WHOLE: n_rows}
    try:
        splits = SplitPlan(kind=kind, seq_len=1, pred_len=0).splits(n_rows)
    except InputError:
        return {}
    return {name: split.n_rows - (name != "train") for name, split in splits.items()}
