"""Which rows of a table stored embeddings cover."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from latentfill.core.series import BoolArray, IntArray
from latentfill.windows.windows import covered


def covered_rows(starts: Mapping[str, IntArray], seq_len: int, n_steps: int) -> dict[str, object]:
    """Rows that the windows of each split cover, and the rows that none covers, as JSON values.

    `starts` are the first rows of the windows by split, counted from 0 after the header.
    """
    inside = np.zeros(n_steps, dtype=bool)
    for of_split in starts.values():
        inside |= covered(of_split, seq_len, n_steps)
    return {
        "splits": {
            split: {"windows": len(of_split), "rows": [int(of_split[0]), int(of_split[-1]) + seq_len - 1]}
            for split, of_split in starts.items()
            if len(of_split)
        },
        "rows_without_embeddings": row_ranges(~inside),
    }


def row_ranges(rows: BoolArray) -> list[list[int]]:
    """First and last index of each run of True in `rows` (T,)."""
    edges = np.diff(np.concatenate([[0], rows.astype(np.int8), [0]]))
    firsts, ends = np.nonzero(edges == 1)[0], np.nonzero(edges == -1)[0]
    return [[int(first), int(end) - 1] for first, end in zip(firsts, ends, strict=True)]
