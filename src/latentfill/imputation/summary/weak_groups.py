"""The columns and gap lengths of a filled table whose estimates are hardly better than a guess."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

CLASSES = ("flag", "code", "text", "boolean")  # kinds of columns whose values are right or wrong
WEAK = 0.5  # of the error of a guess: an estimate with more saves less than half of that error
NORMAL_GUESS = 0.8  # mean absolute error of the mean of normal values, in standard deviations


class Group(NamedTuple):
    """The filled cells of a column in gaps of one length."""

    column: str
    gap_length: str  # one of `BUCKET_NAMES`
    cells: int
    error: float  # expected absolute error, for classes the probability of a wrong value
    share: float | None  # of the error of a guess; None where there is no guess that is any good
    kind: str

    @property
    def is_weak(self) -> bool:
        """Whether the estimates save less than half of the error of a guess."""
        return self.share is not None and self.share > WEAK


def groups(columns: Mapping[str, Any]) -> Iterator[Group]:
    """The groups whose error is known, from the `columns` of a summary."""
    for name, counts in columns.items():
        guess = guess_error(counts)
        for length, group in counts["by_gap_length"].items():
            error = group["expected_absolute_error"]
            if error is not None:
                share = error / guess if guess else None
                yield Group(name, length, group["cells"], error, share, counts["kind"])


def guess_error(counts: Mapping[str, Any]) -> float | None:
    """The error to expect of a constant value of the column; None where there is none that is any good."""
    if counts["kind"] == "counter" or not counts.get("spread"):
        return None
    return float(counts["spread"] ** 2 if counts["kind"] in CLASSES else NORMAL_GUESS * counts["spread"])
