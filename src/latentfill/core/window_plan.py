"""`WindowPlan`: which windows of a table embeddings are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, cast

from latentfill.core.json_types import field_problems

SplitKind = Literal["none", "ett-hour", "ett-minute", "custom"]
SplitSetting = Literal["auto", "none", "ett-hour", "ett-minute", "custom"]
Features = Literal["M", "MS", "S"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowPlan:
    """TimeKD's split of a table, the length and spacing of its windows, and the columns that are embedded."""

    split: SplitKind = "none"
    seq_len: int = 96  # rows of a window; the defaults are TimeKD's
    pred_len: int = 96  # rows after each window that TimeKD forecasts
    embedding_stride: int = 1  # rows from the start of one window to the next
    features: Features = "M"
    target: str = "OT"

    def to_dict(self) -> dict[str, object]:
        """The settings by name."""
        return {name: getattr(self, name) for name in PLAN_SETTINGS}

    @classmethod
    def from_dict(cls, settings: Mapping[str, object]) -> Self:
        """The inverse of `to_dict`; missing settings get their defaults, others than those of a plan are left out."""
        known = {name: settings[name] for name in PLAN_SETTINGS if name in settings}
        return cls(**cast(dict[str, Any], known))

    def __str__(self) -> str:
        stride = f", embedding_stride {self.embedding_stride}" if self.embedding_stride != 1 else ""
        return f"split {self.split}, seq_len {self.seq_len}, pred_len {self.pred_len}{stride}"


def plan_problems(settings: Mapping[str, object]) -> Iterator[str]:
    """A phrase for each of the `settings` of a plan, as they are recorded, that has a wrong type or value."""
    problems = list(field_problems({name: settings[name] for name in PLAN_SETTINGS if name in settings}, WindowPlan))
    yield from problems
    for name, (least, most) in {} if problems else RANGES.items():
        value = cast(int, settings.get(name, least))
        if not least <= value <= most:
            yield f"{name} must be from {least} to {most}, got {value}"


RANGES = {"seq_len": (1, 100_000), "pred_len": (0, 100_000), "embedding_stride": (1, 100_000)}
PLAN_SETTINGS = ("split", "seq_len", "pred_len", "embedding_stride", "features", "target")
