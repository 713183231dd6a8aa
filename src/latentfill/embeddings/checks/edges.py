"""The outermost rows that embeddings know at each end of their windows, and what these rows say of the windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentfill.core.series import FloatArray, IntArray
from latentfill.embeddings.checks.frame import Frame
from latentfill.embeddings.checks.regression import chance_of, error_of

KNOWN, NEXT = 1e-5, 1e-3  # p-values below which a row is known, and the next row after a known one
STRONG, WEAK = 0.15, 0.005  # shares of what the best row explains, from which on a row is surely or perhaps known
LARGE, ERRORS = 0.5, 2.5  # a row is perhaps known too unless it explains less than LARGE of that, by ERRORS std. errors
LEAK = 3  # rows beyond an end that may seem known, as innovations are not wholly independent
NOT_FOUND = "a linear probe does not find the last rows of the windows in them"
NO_CLEAR_END = "it is not clear at which rows that they know a window ends"

ALIGNED, OFF, UNCLEAR = "aligned", "off", "unclear"


@dataclass(frozen=True, slots=True)
class Edge:
    """Where the rows that embeddings know begin or end, as an offset from the first or last row of their window."""

    sure: int  # outermost row that they surely know
    perhaps: int  # outermost row that they perhaps know
    share: float = 1.0  # what the row `sure` explains, over what the best row explains

    @property
    def is_exact(self) -> bool:
        return self.sure == self.perhaps


@dataclass(frozen=True, slots=True)
class Alignment:
    """Whether the embeddings of a split belong to the windows that they are paired with."""

    verdict: str  # "aligned", "off" or "unclear"
    pairs: int  # of consecutive windows behind the verdict
    shift: tuple[int, int] | None = None  # least and greatest number of rows by which their own windows start later
    future: int = 0  # rows after the window that they know as well
    ends: int = 0  # of a window that show its place: 1, its last rows, or 2, its first rows too
    why: str = ""


def find_edge(explained: FloatArray, offsets: IntArray) -> Edge | None:
    """The outermost known row, from what each of the rows at `offsets` (B,) explains (B, n), from inside outwards."""
    share, chance = explained.mean(axis=1), chance_of(explained)
    known = chance < KNOWN
    if not known.any():
        return None
    most = share[known].max()
    sure = int(np.flatnonzero(known & (share >= STRONG * most))[-1])
    while sure + 1 < len(share) and chance[sure + 1] < NEXT and share[sure + 1] >= STRONG * most:
        sure += 1
    perhaps = known & (share >= WEAK * most) | (share + ERRORS * error_of(explained) >= LARGE * most)
    outer = max(sure, int(np.flatnonzero(perhaps)[-1]))
    return Edge(int(offsets[sure]), int(offsets[outer]), float(share[sure] / most))


def judge(first: Edge | None, last: Edge | None, frame: Frame, pairs: int) -> Alignment:
    """The verdict on the windows whose known rows begin at `first` and end at `last`.

    The last row of a window is known wherever any row is; its first rows may have faded.
    """
    if last is None:
        return Alignment(UNCLEAR, pairs, why=NOT_FOUND)
    future, low, high = _known_future(first, last, frame.horizon)
    if first is not None and first.sure < low - LEAK:
        rows = frame.length + low - first.sure
        why = f"they know {rows} rows that follow each other, and a window has {frame.length}"
        return Alignment(OFF, pairs, future=future, why=why)
    low, high, ends = _shift_range(first, last, low, high)
    at_horizon = low < frame.horizon <= high or low <= frame.horizon < high
    verdicts = (
        # condition                       verdict   why
        (low == high == 0,                ALIGNED,  ""),
        (low <= 0 <= high or at_horizon,  UNCLEAR,  NO_CLEAR_END),
        (True,                            OFF,      ""),
    )  # fmt: skip
    verdict, why = next(row[1:] for row in verdicts if row[0])
    return Alignment(verdict, pairs, (low, high), future, ends, why)


def _known_future(first: Edge | None, last: Edge, horizon: int) -> tuple[int, int, int]:
    """Rows known after the window, and the least and greatest shift of windows that end where the others begin."""
    both_shifted = first is not None and first.sure == last.sure
    if last.is_exact and last.sure == horizon and not both_shifted:
        future, low, high = horizon, 0, 0
    else:
        future, low, high = 0, last.sure, last.perhaps
    if first is not None and first.is_exact and first.sure == high - horizon:  # the first rows show the same shift
        return horizon, first.sure, first.sure
    return future, low, high


def _shift_range(first: Edge | None, last: Edge, low: int, high: int) -> tuple[int, int, int]:
    """The least and greatest shift that both edges allow, and how many ends of a window show it.

    `low` and `high` are the least and greatest shift that the last edge allows.
    """
    if first is None:
        return low, high, 1
    at, is_fainter = first.sure, last.share < first.share / 2
    ranges = (
        # condition                               low  high  ends  why
        (first.is_exact and low <= at <= high,    at,  at,   2),   # both edges agree
        (at < low and is_fainter,                 at,  at,   2),   # the last row only seems known: it is faint
        (at < low,                                at,  high, 1),   # the edges contradict each other
        (high < at <= 0,                          low, at,   1),   # they do too, but one may have faded
        (True,                                    low, high, 1),   # the first rows have faded
    )  # fmt: skip
    return next(row[1:] for row in ranges if row[0])
