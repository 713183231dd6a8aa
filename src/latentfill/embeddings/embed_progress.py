"""Progress of embedding a table, and the remaining time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class EmbedProgress:
    """Progress of embedding a table."""

    done: int  # windows, including those of an interrupted run that is resumed
    total: int  # windows
    per_second: float  # windows embedded by this run
    seconds_left: float  # NaN before the first window of this run


ProgressCallback: TypeAlias = Callable[[EmbedProgress], None]


class ProgressMeter:
    """Counts embedded windows and reports them."""

    def __init__(self, total: int, done: int, on_progress: ProgressCallback | None) -> None:
        """`done`: windows that were embedded by an interrupted run."""
        self.total, self.earlier, self.done = total, done, done
        self.on_progress = on_progress
        self.began = time.monotonic()
        self.report()

    def add(self, count: int) -> None:
        """Report that `count` more windows are embedded."""
        self.done += count
        self.report()

    def report(self) -> None:
        per_second = (self.done - self.earlier) / max(time.monotonic() - self.began, 1e-9)
        left = (self.total - self.done) / per_second if per_second else float("nan")
        if self.on_progress:
            self.on_progress(EmbedProgress(self.done, self.total, per_second, left))
