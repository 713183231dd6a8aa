"""The verdicts of the checks, each in a sentence."""

from __future__ import annotations

from collections.abc import Mapping

from latentfill.core.messages import counted
from latentfill.core.series import IntArray
from latentfill.embeddings.checks.edges import Alignment
from latentfill.embeddings.checks.spaces import JUMP, OneSpace, Repeated


def alignment_text(found: Alignment, split: str, starts: Mapping[str, IntArray]) -> str:
    """Whether a split's embeddings belong to its windows, which begin at the rows `starts[split]`."""
    future = f", and also knows the {counted(found.future, 'row')} after it" if found.future else ""
    if found.verdict == "aligned":
        return f"{split}: embedding i belongs to window i{future}"
    if found.verdict == "unclear":
        between = "" if found.shift is None else f" (it may start {found.shift[0]} to {found.shift[1]} rows later)"
        return f"{split}: it is unclear whether embedding i belongs to window i: {found.why}{between}"
    if found.shift is None:
        return f"{split}: the embeddings do not belong to these windows: {found.why}"
    low, high = found.shift
    if low != high:
        return (
            f"{split}: embedding i belongs to a window that starts {low} to {high} rows later, not to window i{future}"
        )
    first = int(starts[split][0]) + low
    others = [name for name, rows in starts.items() if name != split and len(rows) and rows[0] == first]
    place = f", as those of {others[0]} do" if others else ""
    return f"{split}: embedding i belongs to the window that starts {_rows_away(low)} than window i{place}{future}"


def _rows_away(shift: int) -> str:
    return f"{counted(abs(shift), 'row')} {'later' if shift > 0 else 'earlier'}"


def one_space_text(found: OneSpace, fitted: str, tested: str) -> str:
    """Whether two splits share a space, and why."""
    if found.jump is not None and found.jump > JUMP:
        why = (
            f"from one to the other the embeddings jump {found.jump:.1f} times as far as between windows that lie as "
            "near in one of them"
        )
    else:
        why = (
            f"of how the embeddings of {tested} change, a probe fitted to {fitted} explains "
            f"{100 * max(found.across, 0):.1f} %, one fitted to {tested} {100 * max(found.own, 0):.1f} %"
        )
    if found.verdict == "one space":
        return f"{fitted} and {tested} share a space: {why}"
    if found.verdict == "two spaces":
        return f"{fitted} and {tested} do not share a space, so nothing learnt from one holds for the other: {why}"
    return f"it is unclear whether {fitted} and {tested} share a space: {why}"


def repeated_text(found: Repeated, split: str) -> str:
    """How the embeddings of a split in two sets differ."""
    windows = f"{split}, {counted(found.windows, 'window')}"
    share = f"{100 * found.difference:.3g} % of their spread"
    if found.verdict == "the same":
        return f"{windows}: both sets hold the same embeddings" + (f", but for {share}" if found.difference else "")
    if found.verdict == "the same but for noise":
        return f"{windows}: both sets share a space, but are not repeatable: they differ by {share}"
    if found.verdict == "unclear":
        return (
            f"{windows}: the sets differ by {share}; so few windows cannot tell whether they differ in more than their "
            "space"
        )
    linear = f"a linear map of this set explains {100 * max(found.explained, 0):.0f} % of the changes of the other"
    if found.verdict == "another space":
        return f"{windows}: both sets know the same windows, each in a space of its own, so do not mix them: {linear}"
    return f"{windows}: the sets know different things of the windows, or were made of different windows: {linear}"
