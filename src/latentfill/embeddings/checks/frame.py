"""How the windows of a split lie in their table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentfill.core.series import IntArray

NEAR = 12  # rows beyond each end of a window that are probed
CONTEXT = 24  # rows inside each end that are probed


@dataclass(frozen=True, slots=True)
class Frame:
    """The length and spacing of windows, in rows of their table."""

    length: int  # rows of a window
    horizon: int  # rows after it that a privileged embedding has seen
    every: int  # rows between the starts of consecutive windows

    @property
    def near(self) -> int:
        """Rows beyond each end of a window that are probed."""
        return max(NEAR, min(2 * self.every, 4 * NEAR))

    @property
    def last(self) -> int:
        """Offset of the last row of a window from the start of the window before it."""
        return self.every + self.length - 1

    def end_rows(self) -> IntArray:
        """Offsets of the rows around both ends of a window, and of the rows of its horizon."""
        start = np.arange(-self.near, CONTEXT)
        end = np.arange(self.last - CONTEXT, self.last + self.horizon + self.near + 1)
        return np.union1d(start, end)
