"""Does embedding i belong to window i? The rows that an embedding knows show which window it was made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from latentfill.core.series import FloatArray, IntArray
from latentfill.embeddings.checks.edges import ALIGNED, OFF, UNCLEAR, Alignment, Edge, find_edge, judge
from latentfill.embeddings.checks.frame import CONTEXT, Frame
from latentfill.embeddings.checks.probes import Probe, agreement, explained_by_rows

CLEAR_PEAK = 12.0  # robust standard deviations by which another place in the table must stand out
STEPS = 12  # moves from edge to edge, at most
LEAST = 40  # pairs of windows that a verdict needs


def align(probes: Sequence[Probe], frame: Frame) -> Alignment:
    """Whether the embeddings of `probes` belong to the windows that they are paired with.

    Two consecutive windows differ in the rows at their ends. Going outwards, a regression of the change of their
    embeddings on the rows gets better with each row up to the end of the window, and not with the rows beyond.
    """
    pairs = len(probes[0].starts) if probes else 0
    if pairs < LEAST:
        return Alignment(UNCLEAR, pairs, why=f"there are fewer than {LEAST} windows that follow each other")
    found = _walk(probes, frame, 0)
    if found.verdict != UNCLEAR:
        return found
    elsewhere = (_walk(probes, frame, shift) for shift in _clear_shifts(probes, frame))
    return next((one for one in elsewhere if one.shift is not None and one.shift[0] == one.shift[1]), found)


def _walk(probes: Sequence[Probe], frame: Frame, shift: int) -> Alignment:
    """The alignment found by moving the windows, at first by `shift` rows, to where the edges of the known rows are."""
    for _ in range(STEPS):
        found = _align_near([replace(probe, starts=probe.starts + shift) for probe in probes], frame)
        if found.shift is None:
            return found
        low, high = found.shift
        if found.verdict == ALIGNED and shift != 0 and found.ends == 1:
            low = high = _rows_further(probes, frame, shift)
        if low == high == 0 or found.verdict == UNCLEAR or low != high:
            return _from_own_windows(found, shift)
        shift += low
    return Alignment(UNCLEAR, len(probes[0].starts), why="the rows that they know have no clear end")


def _rows_further(probes: Sequence[Probe], frame: Frame, shift: int) -> int:
    """How many rows further the known rows reach than the windows `shift` rows later.

    Where an embedding knows only the ends of a window, its first row may have been taken for its last.
    """
    beyond = np.arange(-CONTEXT, frame.last + frame.near + 1)
    none = beyond[:0]
    explained = _explained_beyond(probes, none, shift + frame.last + frame.horizon + beyond, back=False)
    edge = find_edge(explained, beyond)
    return 0 if edge is None else max(edge.sure, 0)


def _from_own_windows(found: Alignment, shift: int) -> Alignment:
    """An alignment with windows `shift` rows later, as one with the windows that the embeddings are paired with."""
    assert found.shift is not None
    low, high = (end + shift for end in found.shift)
    verdict = ALIGNED if low == high == 0 else UNCLEAR if low <= 0 <= high else OFF
    return replace(found, verdict=verdict, shift=(low, high), why=found.why if verdict == UNCLEAR else "")


def _align_near(probes: Sequence[Probe], frame: Frame) -> Alignment:
    """The alignment shown by the rows near both ends of the windows."""
    outwards = np.arange(-CONTEXT - frame.near, frame.near + 1)
    ahead = np.arange(outwards[0], frame.near + frame.horizon + 1)
    close = np.arange(-frame.near, frame.near + 1)
    last = find_edge(_explained_beyond(probes, close, frame.last + ahead, back=False), ahead)
    first = find_edge(_explained_beyond(probes, frame.last + close, -outwards, back=True), outwards)
    left = None if first is None else Edge(-first.sure, -first.perhaps, first.share)
    return judge(left, last, frame, len(probes[0].starts))


def _explained_beyond(probes: Sequence[Probe], given: IntArray, offsets: IntArray, *, back: bool) -> FloatArray:
    """How much each row at `offsets` explains beyond the rows at `given` and those before it in `offsets`, (B, n)."""
    given = np.setdiff1d(given, offsets)
    return explained_by_rows(probes, np.concatenate([given, offsets]), back=back)[len(given) :]


def _clear_shifts(probes: Sequence[Probe], frame: Frame) -> Iterator[int]:
    """Shifts that would put the windows on the rows that embeddings depend on most, if these stand out."""
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
