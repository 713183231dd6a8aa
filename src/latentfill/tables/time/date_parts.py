"""Recognises columns that hold parts of a time stamp, such as year, month and hour, by their names and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.tables.backends.column import Column
from latentfill.tables.time.calendar import YEARS

PARTS = ("year", "month", "day", "day of the year", "week", "hour", "minute", "second")
DAYS = (("month", "day"), ("day of the year",), ("week",))  # parts that name a day (or a month, a week) of a year

_NAMES: dict[str, tuple[str, ...]] = {  # letters of column names, in lower case
    "year": ("year", "yyyy", "yr", "yy", "jahr", "ano", "anio", "annee", "jaar", "anno", "aar"),
    "month": ("month", "mo", "mon", "mm", "mth", "mnth", "monat", "mes", "mois", "maand", "mese"),
    "day": ("day", "dd", "dy", "dom", "dayofmonth", "tag", "dia", "jour", "dag", "giorno"),
    "day of the year": ("doy", "dayofyear", "jday", "julian", "julianday", "julday", "yday", "jul", "ddd", "day"),
    "week": ("week", "wk", "isoweek", "epiweek", "mmwrweek", "weekofyear", "weeknum", "weeknumber", "kw", "woche"),
    "hour": ("hour", "hours", "hh", "hr", "hrs", "hod", "hourofday", "stunde", "hora", "heure", "uur"),
    "minute": ("minute", "minutes", "min", "mn", "mi", "mm", "minuto", "minuut"),
    "second": ("second", "seconds", "sec", "ss", "sekunde", "segundo"),
}
_RANGES = {  # smallest and largest number
    "year": YEARS,
    "month": (1, 12),
    "day": (1, 31),
    "day of the year": (1, 366),
    "week": (1, 53),
    "hour": (0, 24),
    "minute": (0, 59),
    "second": (0, 59),
}
_SHORT = ("min", "mi", "mn", "sec", "mon", "mes", "jul")  # names that may also be those of values


def find_parts(columns: Sequence[Column]) -> dict[str, int]:
    """Positions of the columns that hold parts of the time stamps, by part; empty if they do not name a day or year.

    A column whose name may also be that of a value, such as `min`, is taken only where stamps without it repeat.
    """
    found: dict[str, int] = {}
    for part, position in _possible(columns):
        if part not in found and position not in found.values():
            found[part] = position
    days = next((names for names in DAYS if names[0] in found), ())
    chosen: dict[str, int] = {}
    for part in ("year", *days, "hour", "minute", "second"):
        if part not in found or (part == "second" and "minute" not in chosen):
            break
        if _letters(columns[found[part]].name) in _SHORT and _are_unique(columns, chosen):
            break
        chosen[part] = found[part]
    is_year_alone = tuple(chosen) == ("year",)
    return {} if "year" not in chosen or (is_year_alone and not _are_unique(columns, chosen)) else chosen


def parts_of(columns: Sequence[Column], chosen: Sequence[int]) -> dict[str, int]:
    """The parts that the columns at these positions hold, by their names; empty if one of them has another name."""
    parts: dict[str, int] = {}
    for position in chosen:
        names = [part for part in PARTS if is_named(columns[position], part) and part not in parts]
        fitting = [part for part in names if _fits(columns[position], part)]
        if not names:
            return {}
        parts[(fitting or names)[0]] = position
    return parts


def _possible(columns: Sequence[Column]) -> Iterator[tuple[str, int]]:
    """Parts with the columns that may hold them; `MM` and `mm` are month and minute in this order."""
    for part in PARTS:
        for position, column in enumerate(columns):
            if is_named(column, part) and _fits(column, part):
                yield part, position


def is_named(column: Column, part: str) -> bool:
    """Whether a column has a name of this part, such as `yr` for the year."""
    return _letters(column.name) in _NAMES[part]


def _letters(name: str) -> str:
    """The letters of a name in lower case, without what stands in brackets."""
    return re.sub(r"[^a-z]", "", re.sub(r"[(\[].*", "", name).lower())


def _fits(column: Column, part: str) -> bool:
    """Whether all numbers of a column are in the range of a part, and whole unless they may be fractions."""
    if column.numbers is None or column.numbers.bad.any() or not len(column.numbers.values):
        return False
    values = column.numbers.values
    if not np.isfinite(values).all() or (part not in ("hour", "day of the year") and (values % 1 != 0).any()):
        return False
    low, high = (float(end) for end in _RANGES[part])
    if part == "year" and values.max() < 100 and _letters(column.name) in ("yy", "yr"):
        low = 0.0
    return bool(values.min() >= low and values.max() < high + 1)


def _are_unique(columns: Sequence[Column], parts: dict[str, int]) -> bool:
    """Whether these parts together differ in all rows."""
    rows: list[FloatArray] = []
    for position in parts.values():
        numbers = columns[position].numbers
        assert numbers is not None
        rows.append(numbers.values)
    return bool(rows) and len(np.unique(np.column_stack(rows), axis=0)) == len(rows[0])
