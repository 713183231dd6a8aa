"""Words that messages share: counts, row numbers and lists that are cut short."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

SHOWN = 5  # rows, values and columns named in a message


def counted(n: int, noun: str) -> str:
    """A number with its noun, such as `1 row` and `2 rows`."""
    return f"{n} {noun}{'' if n == 1 else 's'}"


def name_rows(rows: Iterable[int]) -> str:
    """Row numbers for a message, counted from 1 and cut short."""
    listed = list(rows)
    names = ", ".join(str(int(row) + 1) for row in listed[:SHOWN])
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return f"{'row' if len(listed) == 1 else 'rows'} {names}{more}"


def name_columns(names: Sequence[str]) -> str:
    """Column names in quotes, the list cut short."""
    most = 2 * SHOWN
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(repr, names[:most])) + more
