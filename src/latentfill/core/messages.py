"""Parts of messages: counts with their noun, and shortened lists of row numbers, column names and problems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

SHOWN = 5  # items of a list that a message shows


def counted(n: int, noun: str) -> str:
    """A count with its noun, such as `1 row` or `2 rows`."""
    return f"{n} {noun}{'' if n == 1 else 's'}"


def name_rows(rows: Iterable[int]) -> str:
    """Row numbers counted from 1, at most `SHOWN` of them, such as `rows 1, 4`."""
    listed = list(rows)
    names = ", ".join(str(int(row) + 1) for row in listed[:SHOWN])
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return f"{'row' if len(listed) == 1 else 'rows'} {names}{more}"


def name_columns(names: Sequence[str]) -> str:
    """Quoted column names, at most twice `SHOWN` of them."""
    most = 2 * SHOWN
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(repr, names[:most])) + more


def name_problems(problems: Mapping[str, str]) -> str:
    """Quoted names with their problems, at most `SHOWN` of them."""
    shown = "; ".join(f"{name!r}: {problem}" for name, problem in list(problems.items())[:SHOWN])
    return shown + (f" and {len(problems) - SHOWN} more" if len(problems) > SHOWN else "")
