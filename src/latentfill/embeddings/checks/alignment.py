"""Does embedding i belong to window i? Which rows it knows says which window it was made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from latentfill.core.series import FloatArray, IntArray
from latentfill.embeddings.checks.probes import Probe, agreement, chance_of, error_of, told_by

NEAR = 12  # rows beyond each end of a window that are looked at
CONTEXT = 24  # rows inside of each end
KNOWN, NEXT = 1e-5, 1e-3  # probability by chance below which a row counts as known, and the next row after a known one
STRONG, WEAK = 0.15, 0.005  # shares of what the best known row tells, from which on a row is surely or perhaps known
LARGE, ERRORS = 0.5, 2.5  # and perhaps if that share is not surely below this one, by so many standard errors
CLEAR_PEAK = 12.0  # spreads by which a place elsewhere must stand out
LEAK = 3  # rows beyond an end that may seem known, as innovations are not wholly independent
STEPS = 12  # from edge to edge, at most
LEAST = 40  # pairs of windows


@dataclass(frozen=True, slots=True)
class Frame:
    """How windows lie in their table."""

    length: int  # rows of a window
    horizon: int  # rows after it that a privileged embedding has seen
    every: int  # rows between windows

    @property
    def near(self) -> int:
        """Rows beyond each end of a window that are looked at."""
        return max(NEAR, min(2 * self.every, 4 * NEAR))

    @property
    def last(self) -> int:
        """Offset of the last row of a window from the start of the one before it."""
        return self.every + self.length - 1


@dataclass(frozen=True, slots=True)
class Edge:
    """Where the rows that embeddings know begin or end, as an offset from the first or last row of their window."""

    sure: int  # the outermost row that they surely know
    perhaps: int  # and that they perhaps know
    share: float = 1.0  # of what the best known row tells that the former does


@dataclass(frozen=True, slots=True)
class Alignment:
    """Whether the embeddings of a split belong to its windows."""

    verdict: str  # "aligned", "off" or "cannot be told"
    pairs: int  # of neighbouring windows that were looked at
    shift: tuple[int, int] | None = None  # they belong to windows that start so many rows later, at least and at most
    future: int = 0  # rows after the window that they know as well
    ends: int = 0  # of the windows that tell: 1, the last rows, or 2, the first rows too
    why: str = ""


def align(probes: Sequence[Probe], frame: Frame) -> Alignment:
    """Whether the embeddings of `probes` belong to the windows that they are paired with.

    Two windows that follow each other differ in the rows at their ends. Going outwards, a regression of the change of
    their embeddings on what rows bring gets better with each row up to the window's end, and not with those beyond.
    """
    pairs = len(probes[0].starts) if probes else 0
    if pairs < LEAST:
        return Alignment("cannot be told", pairs, why=f"there are fewer than {LEAST} windows that follow each other")
    found = _walk(probes, frame, 0)
    if found.verdict != "cannot be told":
        return found
    places = (_walk(probes, frame, place) for place in _elsewhere(probes, frame))
    return next((one for one in places if one.shift is not None and one.shift[0] == one.shift[1]), found)


def _walk(probes: Sequence[Probe], frame: Frame, place: int) -> Alignment:
    """Where embeddings belong, looked for from the windows `place` rows later on, as far as the edges lead."""
    shift = place
    for _ in range(STEPS):
        found = _near([replace(probe, starts=probe.starts + shift) for probe in probes], frame)
        if found.shift is None:
            return found
        low, high = found.shift
        if found.verdict == "aligned" and shift != 0 and found.ends == 1:
            low = high = _further(probes, frame, shift)
        if low == high == 0 or found.verdict == "cannot be told" or low != high:
            return _told_from(found, shift)
        shift += low
    return Alignment("cannot be told", len(probes[0].starts), why="their edges lead nowhere")


def _further(probes: Sequence[Probe], frame: Frame, shift: int) -> int:
    """How much further on rows are known that follow the windows `shift` rows later on.

    Where an embedding knows only the ends of a window, its first row may have been taken for its last.
    """
    beyond = np.arange(-CONTEXT, frame.last + frame.near + 1)
    found = edge(_added(probes, beyond[:0], shift + frame.last + frame.horizon + beyond, back=False), beyond)
    return 0 if found is None else max(found.sure, 0)


def _told_from(found: Alignment, shift: int) -> Alignment:
    """What was found from the windows `shift` rows later on, said of those that the embeddings are paired with."""
    assert found.shift is not None
    low, high = (end + shift for end in found.shift)
    verdict = "aligned" if low == high == 0 else "cannot be told" if low <= 0 <= high else "off"
    return replace(found, verdict=verdict, shift=(low, high), why=found.why if verdict == "cannot be told" else "")


def _near(probes: Sequence[Probe], frame: Frame) -> Alignment:
    """Where embeddings belong, near the windows that they are paired with."""
    outwards = np.arange(-CONTEXT - frame.near, frame.near + 1)
    ahead = np.arange(outwards[0], frame.near + frame.horizon + 1)
    close = np.arange(-frame.near, frame.near + 1)
    last = edge(_added(probes, close, frame.last + ahead, back=False), ahead)
    first = edge(_added(probes, frame.last + close, -outwards, back=True), outwards)
    left = None if first is None else Edge(-first.sure, -first.perhaps, first.share)
    return judge(left, last, frame, len(probes[0].starts))


def _added(probes: Sequence[Probe], given: IntArray, offsets: IntArray, *, back: bool) -> FloatArray:
    """The share of changes that each row at `offsets` adds to those at `given` and those before it, (B, n)."""
    given = np.setdiff1d(given, offsets)
    return told_by(probes, np.concatenate([given, offsets]), back=back)[len(given) :]


def end_rows(frame: Frame) -> IntArray:
    """Offsets of the rows around both ends of a window and of what follows it."""
    start = np.arange(-frame.near, CONTEXT)
    end = np.arange(frame.last - CONTEXT, frame.last + frame.horizon + frame.near + 1)
    return np.union1d(start, end)


def edge(told: FloatArray, offsets: IntArray) -> Edge | None:
    """The outermost known one of the rows at `offsets` (B,), from inside outwards, by what each adds (B, n)."""
    share, chance = told.mean(axis=1), chance_of(told)
    known = chance < KNOWN
    if not known.any():
        return None
    most = share[known].max()
    sure = int(np.flatnonzero(known & (share >= STRONG * most))[-1])
    while sure + 1 < len(share) and chance[sure + 1] < NEXT and share[sure + 1] >= STRONG * most:
        sure += 1
    perhaps = known & (share >= WEAK * most) | (share + ERRORS * error_of(told) >= LARGE * most)
    outer = max(sure, int(np.flatnonzero(perhaps)[-1]))
    return Edge(int(offsets[sure]), int(offsets[outer]), float(share[sure] / most))


def judge(first: Edge | None, last: Edge | None, frame: Frame, pairs: int) -> Alignment:
    """What the ends of the known rows say of the windows, whose last row is known wherever any is."""
    if last is None:
        return Alignment(
            "cannot be told", pairs, why="a linear probe does not find the last rows of the windows in them"
        )
    exact = last.sure == last.perhaps
    both = first is not None and first.sure == last.sure
    seen = frame.horizon if exact and last.sure == frame.horizon and not both else 0
    low, high = last.sure - seen, last.perhaps - seen
    if first is not None and first.sure == first.perhaps == high - frame.horizon:
        low, high, seen = first.sure, first.sure, frame.horizon
    if first is not None and first.sure < low - LEAK:
        rows = frame.length + low - first.sure
        why = f"they know {rows} rows that follow each other, and a window has {frame.length}"
        return Alignment("off", pairs, future=seen, why=why)
    confirmed = first is not None and low <= first.sure == first.perhaps <= high
    if first is not None and confirmed:
        low = high = first.sure
    elif first is not None and first.sure < low:  # a row too many: the fainter one only seems known
        low, high = first.sure, (first.sure if last.share < first.share / 2 else high)
        confirmed = low == high
    elif first is not None and high < first.sure <= 0:
        high = first.sure
    unclear = low <= 0 <= high or low < frame.horizon <= high or low <= frame.horizon < high
    verdict = "aligned" if low == high == 0 else "cannot be told" if unclear else "off"
    why = "it is not clear at which rows that they know a window ends" if verdict == "cannot be told" else ""
    return Alignment(verdict, pairs, (low, high), seen, 1 + confirmed, why)


def _elsewhere(probes: Sequence[Probe], frame: Frame) -> Iterator[int]:
    """Shifts that would put the windows on the rows that embeddings know best, if those stand out."""
    offsets, scores = agreement(probes)
    if len(scores) < 4 * frame.length:
        return
    middle = float(np.median(scores))
    spread = 1.4826 * float(np.median(np.abs(scores - middle)))
    together = np.convolve(scores - middle, np.ones(frame.last + 1), mode="valid")
    if together.max() > CLEAR_PEAK * spread * np.sqrt(frame.last + 1):
        yield int(offsets[together.argmax()])
    if scores.max() - middle > CLEAR_PEAK * spread:
        best = int(offsets[scores.argmax()])
        yield from (best - frame.last, best - frame.last - frame.horizon)
