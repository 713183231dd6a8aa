"""Checks names of time zones, such as Europe/Berlin."""

from __future__ import annotations

import difflib
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from latentfill.core.messages import quoted


def timezone_problem(name: str) -> str:
    """Message if there is no time zone of this name, else ""."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        close = difflib.get_close_matches(name.casefold(), {each.casefold() for each in available_timezones()}, n=1)
        similar = [each for each in sorted(available_timezones()) if each.casefold() in close]
        hint = f"did you mean {similar[0]}?" if similar else "give a name such as Europe/Berlin or Etc/GMT-1"
        return f"timezone {quoted(name)} is not known; {hint}"
    return ""
