"""The longest gap of each column of a series that is read part by part."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from latentfill.core.series import IntArray, Series
from latentfill.imputation.summary.column_facts import step_name
from latentfill.windows.gaps import find_gaps


@dataclass(slots=True)
class GapScan:
    """The gaps of all parts so far; one that reaches into the next part goes on there."""

    limit: int  # steps; longer gaps are counted
    longest: dict[str, dict[str, object]] = field(default_factory=dict)  # as JSON values, by column
    over_limit: dict[str, int] = field(default_factory=dict)  # gaps longer than the limit, by column
    _open: dict[str, tuple[int, str]] = field(default_factory=dict)  # steps and beginning of gaps at the end

    def add(self, series: Series, first_step: int) -> None:
        """Add the next part, which begins at this step of the series."""
        gaps, still_open = find_gaps(series.observed), dict[str, tuple[int, str]]()
        for c, start, length in zip(*_lists(gaps.column, gaps.start, gaps.length), strict=True):
            name = series.columns[c]
            steps, begin = self._open.pop(name, (0, "")) if start == 0 else (0, "")
            begin = begin or (step_name(series, start) if series.time is not None else f"step {first_step + start + 1}")
            if start + length == series.n_steps:
                still_open[name] = (steps + length, begin)
            else:
                self._close(name, steps + length, begin)
        self.close()
        self._open = still_open

    def close(self) -> None:
        """End the gaps that are open."""
        for name, (steps, begin) in self._open.items():
            self._close(name, steps, begin)
        self._open = {}

    def _close(self, name: str, steps: int, begin: str) -> None:
        if name not in self.longest or steps >= int(str(self.longest[name]["steps"])):
            self.longest[name] = {"steps": steps, "from": begin}
        if steps > self.limit:
            self.over_limit[name] = self.over_limit.get(name, 0) + 1


def _lists(*arrays: IntArray) -> list[list[int]]:
    return [np.asarray(array).tolist() for array in arrays]
