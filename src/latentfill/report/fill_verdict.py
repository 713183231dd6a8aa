"""The verdict on a filled table: whether to use it, and where not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from latentfill.core.messages import counted, name_columns
from latentfill.imputation.summary.headlines import Trust, is_filled
from latentfill.imputation.summary.weak_groups import Group, groups
from latentfill.report.spans import span_text
from latentfill.windows.gaps import BUCKET_ENDS, BUCKET_NAMES

MOSTLY = 0.5  # a column is weak if more of its filled cells are in weak groups, a table if more of its columns are weak


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to think of a filled table."""

    level: str  # good, mixed or poor
    sentence: str
    reasons: tuple[str, ...]  # sentences


def verdict(summary: Mapping[str, Any], step: np.timedelta64 | None) -> Verdict:
    """The verdict on a table with this summary, whose steps are `step` apart (None: not regular)."""
    if not is_filled(summary):
        empty = any(counts["left_empty"] for counts in summary["columns"].values())
        sentence = "Nothing was filled" if empty else "Nothing was missing, and nothing was filled"
        return Verdict("mixed" if empty else "good", f"{sentence}.", tuple(_reasons(summary, None)))
    known = list(groups(summary["columns"]))
    trust, exceptions = Trust.of(summary), _exceptions(known, step)
    level, use = _use(trust, _weak_share(known))
    return Verdict(level, f"{use}{exceptions}.", tuple(_reasons(summary, trust)))


def _use(trust: Trust | None, weak_share: float) -> tuple[str, str]:
    """Level and first half of the verdict."""
    if weak_share > MOSTLY:
        return (
            "poor",
            f"Better not use it: most fills of {weak_share:.0%} of the columns are hardly better than a guess",
        )
    if trust is None:
        return "mixed", "Look at the fills before you use them: no readings could be held out to test them"
    if trust.oracle:
        return (
            "mixed",
            "Use it with care: its error is not known, as the stored embeddings may have seen the tested cells",
        )
    if trust.ratio >= 1:
        return "mixed", "Use it like linear interpolation: nothing was found to be better on this table"
    if trust.between is None or trust.between[1] >= 1:
        return "mixed", "Use it with care: it looks better than linear interpolation, but few gaps could be tested"
    return "good", "Use it"


def _weak_share(known: list[Group]) -> float:
    """The share of the filled columns whose fills are mostly in weak groups."""
    cells: dict[str, list[int]] = {}  # weak, all
    for group in known:
        of_column = cells.setdefault(group.column, [0, 0])
        of_column[0] += group.cells if group.is_weak else 0
        of_column[1] += group.cells
    weak = sum(weak > MOSTLY * filled for weak, filled in cells.values())
    return weak / max(1, len(cells))


def _exceptions(known: list[Group], step: np.timedelta64 | None) -> str:
    """The gaps not to trust, by column: those from the length on at which all estimates are weak."""
    columns: dict[int, list[str]] = {}
    for column in dict.fromkeys(group.column for group in known):
        of_column = {BUCKET_NAMES.index(group.gap_length): group for group in known if group.column == column}
        weak_from = None
        for bucket in sorted(of_column, reverse=True):
            if not of_column[bucket].is_weak:
                break
            weak_from = bucket
        if weak_from is not None:
            columns.setdefault(0 if weak_from == min(of_column) else weak_from, []).append(column)
    texts = [
        f"{'any gap' if not bucket else f'gaps of more than {span_text(BUCKET_ENDS[bucket - 1], step)}'} in "
        f"{name_columns(names)}"
        for bucket, names in sorted(columns.items())
    ]
    return f"; do not trust {', nor '.join(texts)}" if texts else ""


def _reasons(summary: Mapping[str, Any], trust: Trust | None) -> Iterator[str]:
    """Sentences with the figures behind the verdict."""
    if trust is not None:
        likely = f" (90 % interval {trust.between[0]:.2f} to {trust.between[1]:.2f})" if trust.between else ""
        yield (
            f"On {counted(trust.cells, 'held-out reading')}, the mean squared error was {trust.ratio:.2f} of linear "
            f"interpolation's{likely}."
        )
    left = {name: counts["left_empty"] for name, counts in summary["columns"].items() if counts["left_empty"]}
    if left:
        yield f"{counted(sum(left.values()), 'cell')} left empty, in {name_columns(list(left))}."
