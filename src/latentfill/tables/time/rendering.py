"""Writes moments as texts in the style of other texts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import numpy as np

from latentfill.core.series import TimeArray
from latentfill.tables.backends.native import TextArray
from latentfill.tables.time.calendar import DAYS, MONTHS, component
from latentfill.tables.time.formats import ISO, expanded, pattern, tokens
from latentfill.tables.time.parsing import named_groups
from latentfill.tables.time.zones import zone_shifts

_WORDS: dict[str, Callable[[dt.datetime], str]] = {  # strftime would depend on the locale
    "b": lambda moment: MONTHS[moment.month - 1][:3],
    "B": lambda moment: MONTHS[moment.month - 1],
    "a": lambda moment: DAYS[moment.weekday()][:3],
    "A": lambda moment: DAYS[moment.weekday()],
    "p": lambda moment: "AM" if moment.hour < 12 else "PM",
    "q": lambda moment: "a" if moment.hour < 12 else "p",
    "Q": lambda moment: "A" if moment.hour < 12 else "P",
}
_COUNTED = {  # letter of a directive -> component of the time, and number of digits
    "Y": ("year", 4),
    "y": ("year", 2),
    "m": ("month", 2),
    "d": ("day", 2),
    "j": ("day of the year", 3),
    "H": ("hour", 2),
    "I": ("hour", 2),
    "M": ("minute", 2),
    "S": ("second", 2),
}


def as_written(texts: TextArray, format: str) -> str:
    """The format with details of how the texts are written, so that new stamps look the same.

    `%-d` is a day without a leading zero, `%3` a fraction of three digits, `%B` a month written out, `%q` the letter
    `a` or `p`, and `%Q` this letter in upper case.
    """
    import pyarrow.compute as pc

    if format == ISO:
        return format
    match = pc.extract_regex(texts, pattern=pattern(format))
    format = expanded(format)
    for name, group in named_groups(match).items():
        lengths = pc.utf8_length(group)
        shortest, longest = pc.min(lengths).as_py(), pc.max(lengths).as_py() or 0
        if name in "mdHI" and shortest == 1:
            format = format.replace(f"%{name}", f"%-{name}")
        if name in "ab" and longest > 3 + (name == "b"):  # `Sept` is an abbreviation with four letters
            format = format.replace(f"%{name}", f"%{name.upper()}")
        if name == "p" and (noon := next(filter(None, group.to_pylist()), "AM")) not in ("AM", "PM"):
            format = format.replace("%p", ("%q" if noon[0].islower() else "%Q") + noon[1:])
        if name == "f" and shortest is not None:
            format = format.replace("%f", f"%{shortest}")
    return format


def render(time: TimeArray, format: str, zones: Sequence[str]) -> list[str]:
    """Moments in UTC as texts, each in its zone; `format` is in the form that `as_written` returns."""
    local = (time + zone_shifts(zones)).astype("datetime64[ns]")
    parts = [_render_token(token, local, zones) for token in tokens(format)]
    return ["".join(row) for row in zip(*parts, strict=True)]


def _render_token(token: str, time: TimeArray, zones: Sequence[str]) -> list[str]:
    """The texts of one directive, or of the text between directives, for all moments."""
    letter = token[-1]
    if not token.startswith("%") or token == "%%":
        return [letter if token == "%%" else token] * len(time)
    if letter == "z":
        return list(zones)
    if letter.isdigit():
        nanoseconds = (time - time.astype("datetime64[s]")).astype(np.int64)
        return [f"{value:09d}"[: int(letter)] for value in nanoseconds.tolist()]
    if letter in _WORDS:
        return [_WORDS[letter](moment) for moment in time.astype("datetime64[s]").tolist()]
    name, width = _COUNTED[letter]
    values = component(time, name)
    values = values % 100 if letter == "y" else (values - 1) % 12 + 1 if letter == "I" else values
    width = 1 if token.startswith("%-") else width
    return [f"{value:0{width}d}" for value in values.tolist()]
