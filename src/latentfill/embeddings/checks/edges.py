"""The first and last rows that embeddings encode, and the verdict on alignment that follows from them.

An embedding encodes a row if a probe explains the embedding's changes by that row's innovation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentfill.core.series import FloatArray, IntArray
from latentfill.embeddings.checks.regression import p_values, standard_error
from latentfill.embeddings.checks.window_spacing import WindowSpacing

P_ENCODED, P_NEXT = 1e-5, 1e-3  # p-values below which a row is encoded, and a row next to an encoded row
STRONG, WEAK = 0.15, 0.005  # a row is surely or possibly encoded if it explains this share of what the best row does
# A row is also possibly encoded if its share plus STANDARD_ERRORS standard errors is LARGE_SHARE of the best row's.
LARGE_SHARE, STANDARD_ERRORS = 0.5, 2.5
ENOUGH_PAIRS = 250  # to refuse or trust embeddings: with fewer, the test may be wrong
LEAK = 3  # rows outside a window that may seem encoded, as innovations are not quite independent
NOT_FOUND = "a linear probe does not find the last rows of the windows in the embeddings"
NO_CLEAR_END = "the rows that the embeddings encode do not show clearly where the windows end"

ALIGNED, OFF, UNCLEAR = "aligned", "off", "unclear"


@dataclass(frozen=True, slots=True)
class Edge:
    """Where the encoded rows begin or end, as an offset from the first or last row of the window."""

    sure: int  # outermost row that is surely encoded
    possible: int  # outermost row that is possibly encoded
    share: float = 1.0  # share that the row `sure` explains, over that of the best row

    @property
    def is_exact(self) -> bool:
        return self.sure == self.possible


@dataclass(frozen=True, slots=True)
class Alignment:
    """Whether the embeddings of a split belong to the windows that they are paired with."""

    verdict: str  # "aligned", "off" or "unclear"
    pairs: int  # pairs of consecutive windows behind the verdict
    shift: tuple[int, int] | None = None  # least and greatest number of rows by which the true windows start later
    future: int = 0  # rows after the window that the embeddings encode too
    ends: int = 0  # ends of a window that show the shift: 1 (the last rows) or 2 (the first rows too)
    why: str = ""

    @property
    def contradicts(self) -> bool:
        """Whether it is clear that the embeddings belong to other windows: one shift, not a range, and enough pairs."""
        low, high = self.shift or (0, 0)
        return self.verdict == OFF and self.pairs >= ENOUGH_PAIRS and low == high


def find_edge(explained: FloatArray, offsets: IntArray) -> Edge | None:
    """The outermost encoded row, from the shares (B, n) explained by the rows at `offsets` (B,), going outwards."""
    share, p = explained.mean(axis=1), p_values(explained)
    encoded = p < P_ENCODED
    if not encoded.any():
        return None
    most = share[encoded].max()
    sure = int(np.flatnonzero(encoded & (share >= STRONG * most))[-1])
    while sure + 1 < len(share) and p[sure + 1] < P_NEXT and share[sure + 1] >= STRONG * most:
        sure += 1
    possible = encoded & (share >= WEAK * most) | (
        share + STANDARD_ERRORS * standard_error(explained) >= LARGE_SHARE * most
    )
    outer = max(sure, int(np.flatnonzero(possible)[-1]))
    return Edge(int(offsets[sure]), int(offsets[outer]), float(share[sure] / most))


def judge(first: Edge | None, last: Edge | None, spacing: WindowSpacing, pairs: int) -> Alignment:
    """The verdict on embeddings whose encoded rows begin at `first` and end at `last`.

    An embedding that encodes any row encodes the last row of its window; the first rows may have faded.
    """
    if last is None:
        return Alignment(UNCLEAR, pairs, why=NOT_FOUND)
    future, low, high = _encoded_future(first, last, spacing.horizon)
    if first is not None and first.sure < low - LEAK:
        rows = spacing.length + low - first.sure
        why = f"the embeddings encode {rows} consecutive rows, but a window has {spacing.length}"
        return Alignment(OFF, pairs, future=future, why=why)
    low, high, ends = _shift_range(first, last, low, high)
    at_horizon = low < spacing.horizon <= high or low <= spacing.horizon < high
    verdicts = (
        # condition                       verdict   why
        (low == high == 0,                ALIGNED,  ""),
        (low <= 0 <= high or at_horizon,  UNCLEAR,  NO_CLEAR_END),
        (True,                            OFF,      ""),
    )  # fmt: skip
    verdict, why = next(row[1:] for row in verdicts if row[0])
    return Alignment(verdict, pairs, (low, high), future, ends, why)


def _encoded_future(first: Edge | None, last: Edge, horizon: int) -> tuple[int, int, int]:
    """The number of rows after the window that are encoded, and the least and greatest shift of the windows."""
    both_shifted = first is not None and first.sure == last.sure
    if last.is_exact and last.sure == horizon and not both_shifted:
        future, low, high = horizon, 0, 0
    else:
        future, low, high = 0, last.sure, last.possible
    if first is not None and first.is_exact and first.sure == high - horizon:  # the first rows show the same shift
        return horizon, first.sure, first.sure
    return future, low, high


def _shift_range(first: Edge | None, last: Edge, low: int, high: int) -> tuple[int, int, int]:
    """The least and greatest shift that both edges allow, and the number of ends of a window that show the shift.

    `low` and `high` are the least and greatest shift that the last edge alone allows.
    """
    if first is None:
        return low, high, 1
    shift, is_fainter = first.sure, last.share < first.share / 2
    ranges = (
        # condition                               low    high   ends  why
        (first.is_exact and low <= shift <= high, shift, shift, 2),   # both edges agree
        (shift < low and is_fainter,              shift, shift, 2),   # the last row only seems encoded: it is faint
        (shift < low,                             shift, high,  1),   # the edges contradict each other
        (high < shift <= 0,                       low,   shift, 1),   # a contradiction, or the first rows have faded
        (True,                                    low,   high,  1),   # the first rows have faded
    )  # fmt: skip
    return next(row[1:] for row in ranges if row[0])
