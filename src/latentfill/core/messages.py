"""Parts of messages: counts with their noun, and shortened lists of column names and problems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

SHOWN = 5  # items of a list that a message shows


def counted(n: int, noun: str) -> str:
    """A count with its noun, such as `1 row` or `2 rows`."""
    return f"{n} {noun}{'' if n == 1 else 's'}"


def name_columns(names: Sequence[str]) -> str:
    """Quoted column names, at most twice `SHOWN` of them."""
    most = 2 * SHOWN
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(repr, names[:most])) + more


def name_problems(problems: Mapping[str, str]) -> str:
    """Quoted names with their problems, at most `SHOWN` of them."""
    shown = "; ".join(f"{name!r}: {problem}" for name, problem in list(problems.items())[:SHOWN])
    return shown + (f" and {len(problems) - SHOWN} more" if len(problems) > SHOWN else "")


def listed(problems: Iterable[str]) -> str:
    """Problems in one text, at most twice `SHOWN` of them."""
    found = list(problems)
    most = 2 * SHOWN
    return "; ".join(found[:most]) + (f"; and {len(found) - most} more" if len(found) > most else "")
