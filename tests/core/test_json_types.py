"""Values from JSON beside declared types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NotRequired, TypedDict

import pytest

from latentfill.core.json_text import parse_json
from latentfill.core.json_types import field_problems, type_problems


@dataclass
class Size:
    rows: int
    share: float | None = None


class Record(TypedDict):
    name: str
    sizes: list[Size]
    by_column: dict[str, list[float]]
    mode: NotRequired[Literal["fast", "slow"]]
    rest: NotRequired[Any]


GOOD: dict[str, Any] = {"name": "a", "sizes": [{"rows": 1, "share": None}], "by_column": {"x": [1, 2.5]}}


@pytest.mark.parametrize("more", [{}, {"mode": "fast"}, {"rest": [None]}, {"sizes": [{"rows": 2, "share": 1}]}])
def test_values_of_the_declared_types_have_no_problems(more: dict[str, Any]):
    assert list(type_problems(GOOD | more, Record)) == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"name": 1}, "name must be text, got 1"),
        ({"sizes": None}, "sizes must be a list, got None"),
        ({"sizes": [3]}, "sizes[0] must hold names and values, got 3"),
        ({"sizes": [{"rows": True, "share": None}]}, "sizes[0].rows must be a whole number, got True"),
        ({"sizes": [{"rows": 1.0, "share": None}]}, "sizes[0].rows must be a whole number, got 1.0"),
        ({"sizes": [{"rows": 2**64, "share": None}]}, "sizes[0].rows must be a whole number, got 18446744073709551616"),
        ({"sizes": [{"rows": 1}]}, "sizes[0].share is missing"),
        ({"sizes": [{"rows": 1, "share": "1"}]}, "sizes[0].share must be a finite number, got '1'"),
        ({"by_column": {"x": [float("nan")]}}, "by_column.x[0] must be a finite number, got nan"),
        ({"by_column": {"x": [10**400]}}, f"by_column.x[0] must be a finite number, got {10**39}..."),
        ({"by_column": [1]}, "by_column must hold names and values, got [1]"),
        ({"mode": "quick"}, "mode must be one of fast, slow, got 'quick'"),
        ({"colour": "red"}, "colour is unexpected"),
    ],
)
def test_each_problem_is_told_with_its_place(more: dict[str, Any], words: str):
    assert list(type_problems(GOOD | more, Record)) == [words]


def test_all_problems_are_told():
    assert list(type_problems({"name": 1, "sizes": []}, Record)) == ["by_column is missing", "name must be text, got 1"]


def test_fields_that_are_there_are_checked():
    assert list(field_problems({"rows": "2"}, Size, "size")) == ["size.rows must be a whole number, got '2'"]


def test_json_nested_too_deeply_is_an_error_of_its_value():
    with pytest.raises(ValueError, match="it is nested too deeply"):
        parse_json("[" * 100_000)
