"""Tables as text files: their bytes are read, filled and written."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from fuzzing.outcomes import Target, fill_file, folder_with, outcome_of

NUMBERS = ("1", "2.5", "-3", "1e308", "-1e-320", "9223372036854775807", "18446744073709551616", "1,5", "1.234,5", ".5")
EMPTY = ("", "NA", "nan", "-", "-999", "null", '""', " ")
WORDS = ("x", "True", "False", "inf", "é", "\x1b[31mred", "N", "NNE", "12.5*", "5 kW", "=1+1", "[" * 30, "'", '"open')
STAMPS = ("2024-01-01 00:00", "2024-02-30", "01.02.2024", "1704067200", "2024-01-01T00:00:00-99:99", "24:00", "2024.5")
HEADS = ("time", "a", "b", "c", "d", "", "station", "value", "year", "hour", "#x", "\x1b]0;t\x07", "n" * 300)
DELIMITERS = (",", ",", ";", "\t", "|", " ", "  ")
ENDS = ("\n", "\n", "\r\n", "\r")
ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "utf-16")
KINDS = ("days", "numbers", "numbers", "cells", "stamps")


def outcome(data: bytes) -> str:
    """What becomes of a table with these bytes."""
    with folder_with(table__csv=data):
        return outcome_of(lambda: fill_file("table.csv"))


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """A file that is a table, or nearly one."""
    n_columns, n_rows = draw(st.integers(1, 4)), draw(st.integers(0, 12))
    heads = st.permutations(HEADS).map(lambda names: list(names[:n_columns]))
    others = draw(st.lists(st.sampled_from(KINDS), min_size=n_columns - 1, max_size=n_columns - 1))
    kinds = [draw(st.sampled_from(("days", "days", "numbers", "stamps"))), *others]
    rows = [draw(heads), *([draw(_cells(kind, row)) for kind in kinds] for row in range(n_rows))]
    if rows and draw(st.integers(0, 5)) == 0:
        at = draw(st.integers(0, len(rows) - 1))
        rows[at] = rows[at][: draw(st.integers(0, n_columns))]
    delimiter, end = draw(st.sampled_from(DELIMITERS)), draw(st.sampled_from(ENDS))
    return end.join(delimiter.join(row) for row in rows).encode(draw(st.sampled_from(ENCODINGS)))


def _cells(kind: str, row: int) -> SearchStrategy[str]:
    """The cells of a column of this kind in a row."""
    plain = st.integers(-99, 99).map(str)
    number = st.one_of(plain, plain, plain, st.sampled_from(EMPTY[:3]), st.sampled_from(NUMBERS))
    of_kind = {
        "days": st.just(f"2024-01-{row + 1:02d}"),
        "numbers": number,
        "cells": st.sampled_from((*NUMBERS, *EMPTY, *WORDS)),
        "stamps": st.sampled_from(STAMPS),
    }
    return of_kind[kind]


def damaged(data: bytes) -> SearchStrategy[bytes]:
    """The bytes with a few of them replaced."""
    place = st.integers(0, max(0, len(data) - 1))

    def damage(changes: list[tuple[int, bytes]]) -> bytes:
        result = data
        for at, new in changes:
            result = result[:at] + new + result[at + 1 :]
        return result

    return st.lists(st.tuples(place, st.binary(max_size=3)), min_size=1, max_size=3).map(damage)


TARGETS = (Target("csv", outcome, st.one_of(tables(), tables(), tables().flatmap(damaged), st.binary(max_size=200))),)
