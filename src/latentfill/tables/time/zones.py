"""Time zones as they are written in time stamps: `Z`, `+02:00`, `-0330`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

ZoneArray = NDArray[np.object_]  # texts such as "+02:00"; "" for a stamp without a zone


def zone_shifts(zones: Sequence[str]) -> NDArray[np.timedelta64]:
    """Time by which each zone is ahead of UTC; NaT for one that no clock has, such as -99:99."""
    known = {zone: _seconds_ahead(zone) for zone in set(zones)}
    return np.array([known[zone] for zone in zones], dtype="timedelta64[s]")


def _seconds_ahead(zone: str) -> int | None:
    if not zone or zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours >= 24 or minutes >= 60:
        return None
    seconds = hours * 3600 + minutes * 60
    return -seconds if zone[0] == "-" else seconds
