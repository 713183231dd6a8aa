"""Counts of observed, filled and empty cells by column, code and gap length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from operator import itemgetter
from typing import Any

import numpy as np

from latentfill.core.series import FloatArray, IntArray, Series
from latentfill.core.strategy_table import CellCode, cell_codes
from latentfill.imputation.filling.codes import Code, is_from_stored
from latentfill.imputation.filling.filled import Filled
from latentfill.windows.gaps import BUCKET_NAMES, bucket_of, gap_lengths


def count_cells(series: Series, filled: Filled, steps: IntArray) -> dict[str, dict[str, object]]:
    """Counts of observed, filled and empty cells of each column, with expected errors by gap length, as JSON values.

    `steps` (R,) are the steps of the series that are rows of the filled table.
    """
    return CellCounts.of(series, filled, steps).by_column(series.columns)


def joined_counts(tables: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The counts of several tables together, from those that their summaries have for each column.

    The longest gap is that of all tables; the spread, which differs between them, is left out.
    """
    joined: dict[str, Any] = {}
    for table in tables:
        for name, counts in table.items():
            joined[name] = _sum(joined[name], counts) if name in joined else counts
    return joined


def _sum(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """The sum of two counts; expected errors are means over their cells."""
    total: dict[str, Any] = {}
    for key in dict.fromkeys((*first, *second)):
        one, other = first.get(key), second.get(key)
        if key == "spread":
            continue
        if key == "longest_gap":
            total[key] = max(filter(None, (one, other)), key=itemgetter("steps"), default=None)
        elif isinstance(one, Mapping) and isinstance(other, Mapping):
            total[key] = _sum(one, other)
        elif key == "expected_absolute_error":
            known = [(each[key], each["cells"]) for each in (first, second) if each.get(key) is not None]
            cells = sum(count for _, count in known)
            total[key] = float(f"{sum(error * n for error, n in known) / cells:.4g}") if cells else None
        elif isinstance(one, int) and isinstance(other, int):
            total[key] = one + other
        else:
            total[key] = other if one is None else one
    return total


@dataclass(frozen=True, slots=True, eq=False)
class CellCounts:
    """Counts of cells without a value that was learnt from, by column."""

    n_rows: int
    by_code: IntArray  # (C, 128) by number of the cell code
    by_length: IntArray  # (C, buckets) by gap length
    with_error: IntArray  # (C, buckets) that have an expected error
    error: FloatArray  # (C, buckets) sums of the expected errors
    from_stored: IntArray  # (C, buckets) filled from stored embeddings

    @classmethod
    def of(cls, series: Series, filled: Filled, steps: IntArray) -> CellCounts:
        """Count the missing cells of a series in these steps."""
        missing = np.zeros(series.values.shape, dtype=bool)
        missing[steps] = ~series.observed[steps]
        column, codes, expected = np.nonzero(missing)[1], filled.codes[missing], filled.expected[missing]
        known, n_columns = ~np.isnan(expected), len(series.columns)
        group = column * len(BUCKET_NAMES) + bucket_of(gap_lengths(series.observed)[missing])

        def by_length(chosen: np.ndarray, weights: FloatArray | None = None) -> np.ndarray:
            counts = np.bincount(group[chosen], weights, minlength=n_columns * len(BUCKET_NAMES))
            return counts.reshape(n_columns, len(BUCKET_NAMES))

        return cls(
            n_rows=len(steps),
            by_code=np.bincount(column * 128 + codes, minlength=n_columns * 128).reshape(n_columns, 128),
            by_length=by_length(codes != Code.SUSPECTED),
            with_error=by_length(known),
            error=by_length(known, expected[known]),
            from_stored=by_length(is_from_stored(codes)),
        )

    def __add__(self, other: CellCounts) -> CellCounts:
        """The counts of two parts of a series together."""
        return CellCounts(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})

    def by_column(self, columns: Sequence[str]) -> dict[str, dict[str, object]]:
        """The counts of each of C columns as JSON values."""
        codes = cell_codes()
        return {name: self._of_column(c, codes) for c, name in enumerate(columns)}

    def _of_column(self, c: int, codes: list[CellCode]) -> dict[str, object]:
        """The counts of one column as JSON values."""
        missing = int(self.by_length[c].sum())
        suspected = int(self.by_code[c, Code.SUSPECTED])
        return {
            "observed": self.n_rows - missing - suspected,
            "missing": missing,
            "suspected": suspected,
            "left_empty": int(self.by_code[c, Code.EMPTY]),
            "by_code": {code.name: int(n) for code in codes if (n := self.by_code[c, code.number])},
            "by_gap_length": {
                name: self._of_group(c, b) for b, name in enumerate(BUCKET_NAMES) if self.by_length[c, b]
            },
        }

    def _of_group(self, c: int, b: int) -> dict[str, object]:
        """Number and mean expected error, to four significant digits, of the cells of a column and gap length."""
        known, group = self.with_error[c, b], dict[str, object](cells=int(self.by_length[c, b]))
        group["expected_absolute_error"] = float(f"{self.error[c, b] / known:.4g}") if known else None
        if self.from_stored[c, b]:
            group["label"] = "oracle"
        return group
