"""The time limit of a fit."""

from __future__ import annotations

import time
from dataclasses import dataclass

from latentfill.core.config import Config


@dataclass(frozen=True, slots=True)
class TimeBudget:
    """The time limit of a fit."""

    began: float  # when the fit started, by `time.monotonic`
    seconds: float | None  # time allowed; None: no limit

    @classmethod
    def starting_now(cls, config: Config) -> TimeBudget:
        """The time budget of the settings, counted from now."""
        return cls(time.monotonic(), config.time_budget)

    @classmethod
    def half(cls, config: Config) -> TimeBudget:
        """Half the time budget of the settings, counted from now."""
        return cls(time.monotonic(), None if config.time_budget is None else config.time_budget / 2)

    def deadline(self, share: float) -> float | None:
        """The time, by `time.monotonic`, at which a share of the budget is spent; None without a limit."""
        return None if self.seconds is None else self.began + share * self.seconds
