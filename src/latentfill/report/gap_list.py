"""The gaps of a filled table, with what tells which of them to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from latentfill.core.series import FloatArray, IntArray
from latentfill.imputation.filling.filled import Filled
from latentfill.imputation.imputation import Imputation
from latentfill.imputation.result_frames import gaps_in_output
from latentfill.imputation.summary.weak_groups import CLASSES, guess_error
from latentfill.windows.gaps import Gaps

ALIKE = 3  # gaps that are named for one reason


@dataclass(frozen=True, slots=True, eq=False)
class GapList:
    """G gaps of a filled table, and their M cells one gap after the other."""

    gaps: Gaps
    first: IntArray  # (G,) number of the first cell of each gap
    step: IntArray  # (M,)
    column: IntArray  # (M,)
    expected: FloatArray  # (G,) mean expected absolute error; NaN where unknown
    share: FloatArray  # (G,) the same as a share of the error of a guess; NaN where unknown
    departure: FloatArray  # (G,) mean distance from linear interpolation, in spreads of the column; NaN where unknown

    @classmethod
    def of(cls, imputation: Imputation) -> GapList:
        """The gaps of a filled table."""
        filled, columns = imputation.filled, _column_facts(imputation)
        gaps = gaps_in_output(imputation.table)
        first = np.cumsum(gaps.length) - gaps.length
        step = np.arange(gaps.length.sum()) + np.repeat(gaps.start - first, gaps.length)
        column = np.repeat(gaps.column, gaps.length)
        expected = _means(filled.expected[step, column], first)
        guess = np.array([guess_error(facts) or np.nan for facts in columns])
        return cls(
            gaps=gaps,
            first=first,
            step=step,
            column=column,
            expected=expected,
            share=expected / guess[gaps.column],
            departure=_means(_departures(filled, columns, step, column), first),
        )

    def __len__(self) -> int:
        return len(self.first)

    def cells(self, gap: int) -> slice:
        """The cells of a gap among the M cells."""
        return slice(int(self.first[gap]), int(self.first[gap] + self.gaps.length[gap]))

    @property
    def by_interest(self) -> IntArray:
        """The gaps (G,), those first that are among the longest, the least certain or the farthest from a line."""
        ranks = [_ranks(-key.astype(float)) for key in (self.gaps.length, self.share, self.departure)]
        return np.argsort(np.min(ranks, axis=0), kind="stable")

    def to_look_at(self) -> dict[int, list[str]]:
        """The gaps to look at, each with the reasons."""
        keys = {"among the longest": self.gaps.length, "among the least certain": self.share}
        keys["among the farthest from linear interpolation"] = self.departure
        reasons: dict[int, list[str]] = {}
        for reason, key in keys.items():
            for gap in self._first_by(key.astype(float)):
                reasons.setdefault(gap, []).append(reason)
        return reasons

    def _first_by(self, key: FloatArray) -> list[int]:
        """The gaps with the largest keys, only one of those that begin and end together."""
        chosen: dict[tuple[int, int], int] = {}
        for gap in np.argsort(-key, kind="stable").tolist():
            if len(chosen) == ALIKE or not key[gap] > 0:
                break
            chosen.setdefault((int(self.gaps.start[gap]), int(self.gaps.length[gap])), gap)
        return list(chosen.values())


def _column_facts(imputation: Imputation) -> list[Mapping[str, Any]]:
    """What the summary tells of each column."""
    of_columns: Any = imputation.summary["columns"]
    return [of_columns[name] for name in imputation.table.series.columns]


def _departures(filled: Filled, columns: list[Mapping[str, Any]], step: IntArray, column: IntArray) -> FloatArray:
    """Distances (M,) of fills from linear interpolation, in spreads of their columns; NaN where there is no line."""
    line = (filled.candidates or {}).get("linear")
    if line is None:
        return np.full(len(step), np.nan)
    distance = np.abs(filled.values[step, column] - line[step, column])
    for c, facts in enumerate(columns):
        of_column = column == c
        kind, _, period = facts["kind"].partition(":")
        if kind == "circular":
            distance[of_column] = np.minimum(distance[of_column], float(period) - distance[of_column])
        elif kind in CLASSES:
            distance[of_column] = np.nan
    spread = np.array([facts.get("spread") or np.nan for facts in columns])
    return np.asarray(distance / spread[column])


def _means(values: FloatArray, first: IntArray) -> FloatArray:
    """The mean of the known values (M,) of each gap, (G,), given the number of its first cell; NaN without any."""
    if not len(first):
        return np.empty(0)
    known = ~np.isnan(values)
    total = np.add.reduceat(np.where(known, values, 0.0), first)
    count = np.add.reduceat(known.astype(float), first)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _ranks(key: FloatArray) -> IntArray:
    """The place (G,) of each gap in ascending order of its key; those without one come last."""
    ranks = np.empty(len(key), dtype=np.int64)
    ranks[np.argsort(key, kind="stable")] = np.arange(len(key))
    return ranks
