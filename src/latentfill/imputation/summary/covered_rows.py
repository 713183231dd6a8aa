"""The rows of a table that stored embeddings cover."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from latentfill.core.series import BoolArray, IntArray
from latentfill.windows.windows import covered


def covered_rows(starts: Mapping[str, IntArray], seq_len: int, n_steps: int) -> dict[str, object]:
    """First and last row that each split's windows cover, and the row ranges outside all windows, as JSON values.

    `starts` are the first rows of the windows by split, counted from 0 after the header.
    """
    inside = np.zeros(n_steps, dtype=bool)
    for split_starts in starts.values():
        inside |= covered(split_starts, seq_len, n_steps)
    return {
        "splits": {
            split: {"windows": len(split_starts), "rows": [int(split_starts[0]), int(split_starts[-1]) + seq_len - 1]}
            for split, split_starts in starts.items()
            if len(split_starts)
        },
        "rows_without_embeddings": row_ranges(~inside),
    }


def row_ranges(rows: BoolArray) -> list[list[int]]:
    """First and last index of each run of True in `rows` (T,)."""
    edges = np.diff(np.concatenate([[0], rows.astype(np.int8), [0]]))
    firsts, ends = np.nonzero(edges == 1)[0], np.nonzero(edges == -1)[0]
    return [[int(first), int(end) - 1] for first, end in zip(firsts, ends, strict=True)]
