"""Does embedding i belong to window i? The rows that an embedding encodes show from which window it was made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from latentfill.core.series import FloatArray, IntArray
from latentfill.embeddings.checks.edges import ALIGNED, NOT_FOUND, OFF, UNCLEAR, Alignment, Edge, find_edge, judge
from latentfill.embeddings.checks.probes import (
    Probe,
    dependence_by_offset,
    explained_by_earlier,
    explained_by_rows,
    with_squares,
)
from latentfill.embeddings.checks.window_spacing import CONTEXT, WindowSpacing

CLEAR_PEAK = 12.0  # robust standard deviations by which a score must exceed the median
MOST_MOVES = 12  # moves of the windows, at most
FOLLOWING_LAG, FOLLOWS = 5, 0.1  # windows between two changes, and the share that the earlier one must explain
OTHER_TABLE = "no row of the table explains how they change from window to window, as if made from another table"
LEAST_OF_ANOTHER = 500  # pairs for that verdict: with fewer, a probe may not find the rows although they are encoded
LEAST_PAIRS = 40  # pairs of consecutive windows that a verdict needs


def align(probes: Sequence[Probe], spacing: WindowSpacing) -> Alignment:
    """Whether the embeddings of `probes` belong to the windows that they are paired with.

    Two consecutive windows differ in the rows at their ends. A regression of the change of their embeddings on rows,
    added one by one going outwards, improves up to the end of the window and not with the rows outside it.
    """
    pairs = len(probes[0].starts) if probes else 0
    if pairs < LEAST_PAIRS:
        return Alignment(UNCLEAR, pairs, why=f"there are fewer than {LEAST_PAIRS} pairs of consecutive windows")
    alignment = _follow_edges(probes, spacing, 0)
    if alignment.verdict != UNCLEAR:
        return alignment
    for shift in _clear_shifts(probes, spacing):
        other = _follow_edges(probes, spacing, shift)
        if other.shift is not None and other.shift[0] == other.shift[1]:
            return other
    if alignment.why == NOT_FOUND and pairs >= LEAST_OF_ANOTHER and _is_of_another_table(probes, spacing):
        return replace(alignment, verdict=OFF, why=OTHER_TABLE)
    return alignment


def _is_of_another_table(probes: Sequence[Probe], spacing: WindowSpacing) -> bool:
    """Whether earlier changes of the embeddings explain later ones, as those of windows do, but no row explains any."""
    lag = FOLLOWING_LAG * spacing.every
    if explained_by_earlier(probes, lag) < FOLLOWS:
        return False
    return _align_near([with_squares(probe) for probe in probes], spacing).why == NOT_FOUND


def _follow_edges(probes: Sequence[Probe], spacing: WindowSpacing, shift: int) -> Alignment:
    """The alignment found by moving the windows, first by `shift` rows, then to the edges of the encoded rows."""
    for _ in range(MOST_MOVES):
        alignment = _align_near([replace(probe, starts=probe.starts + shift) for probe in probes], spacing)
        if alignment.shift is None:
            return alignment
        low, high = alignment.shift
        if alignment.verdict == ALIGNED and shift != 0 and alignment.ends == 1:
            low = high = _rows_beyond(probes, spacing, shift)
        if low == high == 0 or alignment.verdict == UNCLEAR or low != high:
            return _relative_to_paired(alignment, shift)
        shift += low
    return Alignment(UNCLEAR, len(probes[0].starts), why="the rows that the embeddings encode have no clear end")


def _rows_beyond(probes: Sequence[Probe], spacing: WindowSpacing, shift: int) -> int:
    """Number of rows that are encoded after the end of the windows `shift` rows later.

    If an embedding encodes only the ends of a window, the first row may have been taken for the last.
    """
    beyond = np.arange(-CONTEXT, spacing.last + spacing.near + 1)
    none = beyond[:0]
    explained = _explained_beyond(probes, none, shift + spacing.last + spacing.horizon + beyond, backward=False)
    edge = find_edge(explained, beyond)
    return 0 if edge is None else max(edge.sure, 0)


def _relative_to_paired(alignment: Alignment, shift: int) -> Alignment:
    """An alignment relative to windows `shift` rows later, made relative to the windows that are paired."""
    assert alignment.shift is not None
    low, high = (end + shift for end in alignment.shift)
    verdict = ALIGNED if low == high == 0 else UNCLEAR if low <= 0 <= high else OFF
    return replace(alignment, verdict=verdict, shift=(low, high), why=alignment.why if verdict == UNCLEAR else "")


def _align_near(probes: Sequence[Probe], spacing: WindowSpacing) -> Alignment:
    """The alignment that the rows near both ends of the windows show."""
    outwards = np.arange(-CONTEXT - spacing.near, spacing.near + 1)
    ahead = np.arange(outwards[0], spacing.near + spacing.horizon + 1)
    close = np.arange(-spacing.near, spacing.near + 1)
    last = find_edge(_explained_beyond(probes, close, spacing.last + ahead, backward=False), ahead)
    first = find_edge(_explained_beyond(probes, spacing.last + close, -outwards, backward=True), outwards)
    left = None if first is None else Edge(-first.sure, -first.possible, first.share)
    return judge(left, last, spacing, len(probes[0].starts))


def _explained_beyond(probes: Sequence[Probe], before: IntArray, offsets: IntArray, *, backward: bool) -> FloatArray:
    """The share that each row at `offsets` adds to the rows at `before` and the rows before it in `offsets`, (B, n)."""
    before = np.setdiff1d(before, offsets)
    return explained_by_rows(probes, np.concatenate([before, offsets]), backward=backward)[len(before) :]


def _clear_shifts(probes: Sequence[Probe], spacing: WindowSpacing) -> Iterator[int]:
    """Shifts that move the windows to the rows on which embeddings depend most, if these rows stand out."""
    offsets, scores = dependence_by_offset(probes)
    if len(scores) < 4 * spacing.length:
        return
    middle = float(np.median(scores))
    spread = 1.4826 * float(np.median(np.abs(scores - middle)))
    together = np.convolve(scores - middle, np.ones(spacing.last + 1), mode="valid")
    if together.max() > CLEAR_PEAK * spread * np.sqrt(spacing.last + 1):
        yield int(offsets[together.argmax()])
    if scores.max() - middle > CLEAR_PEAK * spread:
        best = int(offsets[scores.argmax()])
        yield from (best - spacing.last, best - spacing.last - spacing.horizon)
