"""Sentences that report the verdicts of the checks."""

from __future__ import annotations

from collections.abc import Mapping

from latentfill.core.messages import counted
from latentfill.core.series import IntArray
from latentfill.embeddings.checks.edges import Alignment
from latentfill.embeddings.checks.spaces import JUMP, OneSpace, SetComparison


def alignment_text(alignment: Alignment, split: str, starts: Mapping[str, IntArray]) -> str:
    """Whether a split's embeddings belong to its windows; `starts` are the first rows of windows by split."""
    future = f", and also encodes the {counted(alignment.future, 'row')} after it" if alignment.future else ""
    if alignment.verdict == "aligned":
        return f"{split}: embedding i belongs to window i{future}"
    if alignment.verdict == "unclear":
        between = (
            ""
            if alignment.shift is None
            else f" (the true window may start {alignment.shift[0]} to {alignment.shift[1]} rows later)"
        )
        return f"{split}: it is unclear whether embedding i belongs to window i: {alignment.why}{between}"
    if alignment.shift is None:
        return f"{split}: the embeddings do not belong to these windows: {alignment.why}"
    low, high = alignment.shift
    if low != high:
        return (
            f"{split}: embedding i belongs to a window that starts {low} to {high} rows later, not to window i{future}"
        )
    first = int(starts[split][0]) + low
    others = [name for name, rows in starts.items() if name != split and len(rows) and rows[0] == first]
    hint = f", like the windows of {others[0]}" if others else ""
    return f"{split}: embedding i belongs to the window that starts {_rows_away(low)} than window i{hint}{future}"


def _rows_away(shift: int) -> str:
    return f"{counted(abs(shift), 'row')} {'later' if shift > 0 else 'earlier'}"


def one_space_text(result: OneSpace, fitted: str, tested: str) -> str:
    """Whether two splits share a space, and why."""
    if result.jump is not None and result.jump > JUMP:
        why = (
            f"the embeddings jump from one split to the other, {result.jump:.1f} times as far as between equally "
            "distant windows within a split"
        )
    else:
        why = (
            f"a probe fitted to {fitted} explains {100 * max(result.across, 0):.1f} % of the changes of the embeddings "
            f"of {tested}, a probe fitted to {tested} {100 * max(result.own, 0):.1f} %"
        )
    if result.verdict == "one space":
        return f"{fitted} and {tested} share a space: {why}"
    if result.verdict == "two spaces":
        return f"{fitted} and {tested} do not share a space, so nothing learnt from one holds for the other: {why}"
    return f"it is unclear whether {fitted} and {tested} share a space: {why}"


def comparison_text(result: SetComparison, split: str) -> str:
    """The difference between the embeddings of a split in two sets."""
    windows = f"{split}, {counted(result.windows, 'window')}"
    share = f"{100 * result.difference:.3g} % of their spread"
    if result.verdict == "the same":
        return f"{windows}: both sets hold the same embeddings" + (f", up to {share}" if result.difference else "")
    if result.verdict == "the same but for noise":
        return f"{windows}: both sets share a space, but the encoder is not repeatable: they differ by {share}"
    if result.verdict == "unclear":
        return (
            f"{windows}: the sets differ by {share}; with so few windows it is unclear whether only their spaces differ"
        )
    linear = f"a linear map of this set explains {100 * max(result.explained, 0):.0f} % of the changes of the other"
    if result.verdict == "another space":
        return f"{windows}: both sets encode the same windows, but in different spaces, so do not mix them: {linear}"
    return f"{windows}: the sets encode different information, or were made from different windows: {linear}"
