"""Uneven time stamps as steps: a step for each row, and empty steps where rows are further apart than usual."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentfill.core.series import FloatArray, IntArray, TimeArray
from latentfill.tables.time.grid import step_text

MOST_STEPS = 6  # between two rows: strategies need not know how long a long pause is


@dataclass(frozen=True, slots=True, eq=False)
class UnevenSteps:
    """The T steps of rows in time order, about a usual spacing apart."""

    time: TimeArray  # (T,) of each step
    step: IntArray  # (rows,) step of each row, in time order
    position: FloatArray  # (T,) time of each step since the first, in usual spacings
    spacing: np.timedelta64  # the usual one, between neighbouring rows

    @classmethod
    def of(cls, time: TimeArray, *, only_rows: bool = False) -> UnevenSteps:
        """The steps for rows at these times (rows,), ascending, two or more; with `only_rows`, no empty ones."""
        stamps = time.astype("datetime64[ns]").astype(np.int64)
        apart = np.diff(stamps)
        spacing = max(1, int(np.median(apart)))
        wanted = np.maximum(np.round(apart / spacing), 1).astype(np.int64)
        steps = np.ones_like(wanted) if only_rows else np.minimum(wanted, MOST_STEPS)
        step = np.concatenate([[0], np.cumsum(steps)])
        every = np.round(np.interp(np.arange(step[-1] + 1), step, stamps - stamps[0])).astype(np.int64)
        return cls(
            time=(stamps[0] + every).astype("datetime64[ns]"),
            step=step,
            position=every / spacing,
            spacing=np.timedelta64(spacing, "ns"),
        )

    @property
    def note(self) -> str:
        """What a step is, as a sentence for the user."""
        return (
            f"The time stamps are uneven: gaps are filled by time, and a step stands for {step_text(self.spacing)}, "
            "the median time from row to row."
        )
