"""Length and spacing of the windows of a split, and the rows around them that are probed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentfill.core.series import IntArray

NEAR = 12  # rows outside each end of a window that are probed, at least
CONTEXT = 24  # rows inside each end of a window that are probed


@dataclass(frozen=True, slots=True)
class WindowSpacing:
    """The length and spacing of windows, in rows of their table."""

    length: int  # rows of a window
    horizon: int  # rows after a window that privileged prompts contain
    every: int  # rows between the starts of consecutive windows

    @property
    def near(self) -> int:
        """Rows outside each end of a window that are probed."""
        return max(NEAR, min(2 * self.every, 4 * NEAR))

    @property
    def last(self) -> int:
        """Offset of the last row of a window from the start of the previous window."""
        return self.every + self.length - 1

    def end_rows(self) -> IntArray:
        """Offsets of the rows around both ends of a window, and of the rows of its horizon."""
        start = np.arange(-self.near, CONTEXT)
        end = np.arange(self.last - CONTEXT, self.last + self.horizon + self.near + 1)
        return np.union1d(start, end)
