"""Periods of time that values are summed over: hours, days, weeks, months, or a number of rows."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from latentfill.core.errors import InputError, did_you_mean
from latentfill.core.messages import quoted
from latentfill.core.series import IntArray, TimeArray

WORDS = ("hour", "day", "week", "month", "quarter", "year")
SHORT = {"h": "hour", "D": "day", "d": "day", "W": "week", "M": "month", "MS": "month", "ME": "month", "Q": "quarter"}
SHORT |= {"QS": "quarter", "QE": "quarter", "Y": "year", "YS": "year", "YE": "year", "A": "year", "H": "hour"}
MONDAY = 4  # days from 1970-01-01, a Thursday, to the first Monday


@dataclass(frozen=True, slots=True, eq=False)
class Periods:
    """P periods in order, and the period of each step."""

    names: tuple[str, ...]  # P: the first day, hour, month ... of each
    number: IntArray  # (T,) of each step, from 0 to P - 1


def find_periods(every: str | int, n_steps: int, time: TimeArray | None) -> Periods:
    """The periods of `n_steps` steps; `every` is a word such as `month` or `2 weeks`, or a number of rows.

    `time` (T,) has the stamps in local time; None without stamps. Raises an `InputError` for an unknown period, and
    for one of time if there are no stamps.
    """
    count, word = _parse(every)
    if word is None:
        return _by_rows(count, n_steps)
    if time is None:
        raise InputError(
            f"every={quoted(every)} is a period of time, and the table has no time stamps. Give a number of rows "
            "(--every 24), or name the time column (--time)."
        )
    start = _start(time, word, count)
    firsts, number = np.unique(start, return_inverse=True)
    return Periods(tuple(_name(first, word) for first in firsts), number)


def _parse(every: str | int) -> tuple[int, str | None]:
    """How many of which period; None for rows."""
    match = re.fullmatch(r"\s*(\d*)\s*([A-Za-z]*)\s*", str(every))
    count = int(match[1] or 1) if match else 0
    if not match or count < 1 or not str(every).strip():
        raise InputError(
            f"every must be a period such as month, day or 2 weeks, or a number of rows, got {quoted(every)}."
        )
    word = SHORT.get(match[2], match[2].lower().removesuffix("s"))
    if word not in (*WORDS, "row", ""):
        raise InputError("every: " + did_you_mean("period", match[2], (*WORDS, "row")))
    return count, None if word in ("row", "") else word


def _by_rows(count: int, n_steps: int) -> Periods:
    number = np.arange(n_steps) // count
    firsts = np.arange(0, n_steps, count)
    return Periods(tuple(f"row {first + 1}" for first in firsts.tolist()), number)


def _start(time: TimeArray, word: str, count: int) -> TimeArray:
    """The first moment (T,) of the period of each step; `count` periods are counted together from the first one on."""
    if word in ("month", "quarter", "year"):
        months = {"month": 1, "quarter": 3, "year": 12}[word] * count
        return _floored(time.astype("datetime64[M]").astype(np.int64), months, word, count).astype("datetime64[M]")
    if word == "hour":
        return _floored(time.astype("datetime64[h]").astype(np.int64), count, word, count).astype("datetime64[h]")
    days = time.astype("datetime64[D]").astype(np.int64) - (MONDAY if word == "week" else 0)
    floored = _floored(days, count * (7 if word == "week" else 1), word, count)
    return (floored + (MONDAY if word == "week" else 0)).astype("datetime64[D]")


def _floored(units: IntArray, size: int, word: str, count: int) -> IntArray:
    """The first unit of the period of each step: as the calendar has it, or for several, from the first one on."""
    single = size // count
    first = 0 if count == 1 else int(units.min()) // single * single
    return np.asarray((units - first) // size * size + first)


def _name(first: np.datetime64, word: str) -> str:
    if word == "hour":
        return str(first.astype("datetime64[m]")).replace("T", " ")
    if word == "year":
        return str(first.astype("datetime64[Y]"))
    return str(first) if word in ("month", "day", "week") else f"{str(first)[:4]}-Q{(int(str(first)[5:7]) + 2) // 3}"
