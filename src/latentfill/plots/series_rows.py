"""The cells of one column of a filled table as the rows of a figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.core.strategy_table import cell_codes
from latentfill.imputation.doubt.find import Reason
from latentfill.imputation.filling.codes import Code
from latentfill.imputation.imputation import Imputation
from latentfill.plots.time_of_steps import TimeOfSteps

Row: TypeAlias = dict[str, object]
MOST_STEPS = 2000  # that are drawn; more are narrower than half a pixel
HOLE = 5  # times the usual spacing: rows further apart are not joined by a line
MEANINGS = {code.number: code.meaning for code in cell_codes()}


@dataclass(frozen=True, slots=True, eq=False)
class ColumnCells:
    """The cells of one column at M steps, in time order."""

    time: FloatArray  # (M,) milliseconds since 1970, or numbers of steps
    when: list[str]  # M, the same for people
    values: FloatArray  # (M,) read or filled; NaN where neither
    filled: BoolArray  # (M,)
    doubtful: FloatArray  # (M,) readings that are probably wrong, elsewhere NaN
    expected: FloatArray  # (M,) expected absolute error, NaN where unknown
    lower: FloatArray  # (M,) bounds of filled cells, elsewhere NaN
    upper: FloatArray  # (M,)
    source: list[str]  # M, where the value comes from
    candidates: Mapping[str, FloatArray]  # (M,) by name: what each strategy alone would have filled

    @classmethod
    def of(cls, result: Imputation, c: int, steps: IntArray) -> Self:
        """The cells of column `c` at some steps (M,)."""
        time, filled = TimeOfSteps.of(result.table), result.filled
        values, codes = filled.values[steps, c], filled.codes[steps, c]
        is_filled = ~np.isin(codes, (Code.OBSERVED, Code.SUSPECTED, Code.EMPTY))
        lower, upper = (
            np.full(len(steps), np.nan) if bound is None else np.where(is_filled, bound[steps, c], np.nan)
            for bound in (filled.lower, filled.upper)
        )
        at = time.at[steps]
        return cls(
            time=at,
            when=[time.text(each) for each in at.tolist()],
            values=values,
            filled=is_filled,
            doubtful=_doubtful(result, c, steps),
            expected=filled.expected[steps, c],
            lower=lower,
            upper=upper,
            source=_sources(result, c, steps),
            candidates={name: each[steps, c] for name, each in (getattr(filled, "candidates", None) or {}).items()},
        )


def rows_of(cells: ColumnCells) -> list[Row]:
    """One row for each cell, and one without values wherever a line is to break.

    Fields: `time` and `when`; `value` and `source`; `observed` and `single` (readings, and those without a neighbour);
    `filled` (filled values) and `path` (the same with the readings beside them, for a line); `lower`, `upper` and
    `expected`; `band_low` and `band_high` (the bounds, ending at the readings beside them); `doubtful`; and
    `estimate_NAME` for each candidate, ending there too.
    """
    known = ~np.isnan(cells.values)
    observed = known & ~cells.filled & np.isnan(cells.doubtful)
    breaks = _holes(cells.time)
    joins = cells.filled | (observed & (_beside(cells.filled & known, breaks)))
    columns = {
        "value": cells.values,
        "observed": np.where(observed, cells.values, np.nan),
        "single": np.where(observed & ~_beside(observed, breaks), cells.values, np.nan),
        "filled": np.where(cells.filled, cells.values, np.nan),
        "path": np.where(joins, cells.values, np.nan),
        "doubtful": cells.doubtful,
        "expected": cells.expected,
        "lower": cells.lower,
        "upper": cells.upper,
        "band_low": np.where(joins & observed, cells.values, cells.lower),
        "band_high": np.where(joins & observed, cells.values, cells.upper),
    }
    for name, each in cells.candidates.items():
        columns[f"estimate_{name}"] = np.where(joins & observed, cells.values, each)
    lists = {name: _plain(column) for name, column in columns.items()}
    rows: list[Row] = []
    for m, (time, when, source) in enumerate(zip(cells.time.tolist(), cells.when, cells.source, strict=True)):
        if m and breaks[m]:
            rows.append({"time": (cells.time[m - 1] + time) / 2, **dict.fromkeys(lists)})
        rows.append({"time": time, "when": when, "source": source, **{name: each[m] for name, each in lists.items()}})
    return rows


def drawn_steps(result: Imputation, c: int, steps: IntArray, most: int = MOST_STEPS) -> IntArray:
    """Those of the steps (M,) that are drawn: all, or of equal bins the smallest and largest readings and fills.

    Also one empty cell of each bin, so that lines break there, and one doubtful reading.
    """
    if len(steps) <= most:
        return steps
    values, codes = result.filled.values[steps, c], result.filled.codes[steps, c]
    group = np.where(np.isnan(values), 0, np.where(np.isin(codes, (Code.OBSERVED, Code.SUSPECTED)), 1, 2))
    group[~np.isnan(_doubtful(result, c, steps))] = 3
    bin_of = np.arange(len(steps)) * (most // 4) // len(steps)  # usually two readings and two fills in each
    order = np.lexsort((values, group, bin_of))
    is_first = np.diff(bin_of[order] * 4 + group[order], prepend=-1) != 0
    is_last = np.append(is_first[1:], True)
    drawn: IntArray = steps[np.sort(order[is_first | is_last])]
    return drawn


def _plain(column: FloatArray) -> list[float | None]:
    """The numbers of a column as JSON values; None for NaN."""
    return [None if value != value else value for value in column.tolist()]


def _holes(time: FloatArray) -> BoolArray:
    """True for the cells (M,) before which so much time has passed that no line joins them to the one before."""
    steps = np.diff(time)
    usual = np.median(steps) if len(steps) else 0.0
    return np.concatenate([[True], steps > HOLE * usual])[: len(time)]


def _beside(cells: BoolArray, breaks: BoolArray) -> BoolArray:
    """Cells (M,) right before or after one of the given ones."""
    after = np.append(cells[1:] & ~breaks[1:], False)
    before = np.concatenate([[False], cells[:-1]]) & ~breaks
    return np.asarray(before | after)


def _doubtful(result: Imputation, c: int, steps: IntArray) -> FloatArray:
    """The readings (M,) that are probably wrong, as read; elsewhere NaN."""
    doubtful = result.doubtful
    if doubtful is None:
        return np.full(len(steps), np.nan)
    wrong = doubtful.doubt.wrong[steps, c] | doubtful.replaced[steps, c]
    return np.where(wrong, doubtful.table.as_read[steps, c], np.nan)


def _sources(result: Imputation, c: int, steps: IntArray) -> list[str]:
    """Where the values (M,) come from: the weights of the strategies, or the meaning of the code."""
    texts = [MEANINGS[code] for code in result.filled.codes[steps, c].tolist()]
    weights = result.filled.weights
    if weights is not None:
        blends = weights.blend[steps, c].tolist()
        texts = [weights.texts[blend] if blend >= 0 else text for blend, text in zip(blends, texts, strict=True)]
    if result.doubtful is None:
        return texts
    doubt, is_wrong = result.doubtful.doubt, ~np.isnan(_doubtful(result, c, steps))
    for m in np.flatnonzero(is_wrong).tolist():
        reason = Reason(int(doubt.reason[steps[m], c])).name.lower()
        texts[m] += f"; the reading is probably wrong ({reason}, {100 * doubt.probability[steps[m], c]:.0f} %)"
    return texts
