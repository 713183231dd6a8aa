"""Tells numbers, time stamps and words in a table apart, to find where its data begin."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import zip_longest
from typing import Literal

from latentfill.tables.backends.numbers import MARKERS

CellKind = Literal["empty", "number", "time", "text"]

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_NUMBER = re.compile(
    r"[<>~]?[+-]?(?:\d[\d.,]*|[.,]\d+|\d{1,3}(?:[ '\u2019\u00a0\u202f]\d{3})+(?:[.,]\d+)?)(?:e[+-]?\d+)?[%*#†‡]{0,2}"
    r"|[+-]?inf(?:inity)?"
)
_DATES = (
    r"\d{8}[:t_ -]\d{2,6}",
    r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}",
    r"\d{4}[-/]\d{1,3}",
    r"\d{1,2} \d{1,2} \d{4}",
    r"\d{1,2}:\d\d",
    rf"\d{{1,2}}[-/ .]?{_MONTH}[-/ .]?\d{{2,4}}",
    rf"{_MONTH}[- ]\d{{4}}",
    rf"{_MONTH} \d{{1,2}},? \d{{4}}",
    r"\d{4} (?=utc|gmt)",
)
_TIME = re.compile(
    rf"(?:[a-z]{{3,9}},? )?(?:{'|'.join(_DATES)})(?:[-\dt :.+]|, |,\d{{3,}})*(?:z|utc|gmt|[ap](?:\.?m\.?)?)?"
)


def kind_of(text: str) -> CellKind:
    """What a cell holds."""
    text = text.strip().lower()
    if text in MARKERS:
        return "empty"
    if _TIME.fullmatch(text):
        return "time"
    return "number" if _NUMBER.fullmatch(text) else "text"


def column_kinds(rows: Sequence[Sequence[str]]) -> list[CellKind]:
    """What most cells of each column hold that are not empty."""
    kinds: list[CellKind] = []
    for cells in zip_longest(*rows, fillvalue=""):
        counts = Counter(kind for text in cells if (kind := kind_of(text)) != "empty")
        kinds.append(counts.most_common(1)[0][0] if counts else "empty")
    return kinds


def fits(row: Sequence[str], kinds: Sequence[CellKind]) -> bool | None:
    """Whether a row can be a row of data in columns of these kinds; None if its cells do not tell.

    It is none if there are words in a column of time stamps, or in at least half of the columns of numbers.
    """
    known = [(kind_of(text), kind) for text, kind in zip(row, kinds, strict=False) if kind in ("number", "time")]
    filled = [(own, kind) for own, kind in known if own != "empty"]
    if not filled:
        return None
    if any(own == "text" and kind == "time" for own, kind in filled):
        return False
    return 2 * sum(own == "text" for own, _ in filled) < len(filled)
