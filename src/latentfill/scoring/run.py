"""What `evaluate` gives for each mask of hidden cells."""

from __future__ import annotations

from dataclasses import dataclass

from latentfill.core.series import BoolArray
from latentfill.scoring.scores import Score


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """The scores of all compared strategies and encoders on one mask of hidden cells."""

    scores: list[Score]
    seconds: float
    hidden: BoolArray  # (T, C)
    notes: list[str]  # warnings, one sentence each
