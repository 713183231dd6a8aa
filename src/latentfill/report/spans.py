"""Numbers of steps as times, in words."""

from __future__ import annotations

import numpy as np

from latentfill.core.messages import counted

MOST_HOURS = 72  # longer spans are told in days


def span_text(steps: int, step: np.timedelta64 | None) -> str:
    """A number of steps as a time, such as `36 hours` or `7.2 days`; as steps if they are not regular."""
    if step is None:
        return counted(steps, "step")
    if np.datetime_data(step.dtype)[0] == "M":
        return counted(int(steps * step.astype(np.int64)), "month")
    minutes = steps * step.astype("timedelta64[ns]").astype(np.int64) / 6e10
    if minutes < 60:
        return _amount(minutes, "minute") if minutes >= 1 else _amount(60 * minutes, "second")
    if minutes <= 60 * MOST_HOURS:
        return _amount(minutes / 60, "hour")
    return _amount(minutes / 1440, "day")


def _amount(value: float, unit: str) -> str:
    """A number of three digits with its unit."""
    text = f"{value:.3g}" if value < 1000 else f"{value:.0f}"
    return f"{text} {unit}{'' if text == '1' else 's'}"
