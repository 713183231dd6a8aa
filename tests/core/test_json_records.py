"""JSON of people: nesting that cannot be read, and entries of another type than the fields of a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pytest

from latentfill.core.json_records import parse_json, type_problems


@dataclass
class Record:
    name: str
    share: float
    count: int | None
    more: Mapping[str, object]
    kind: Literal["a", "b"] = "a"
    known: bool | None = None


def test_lists_that_are_nested_too_deeply_are_a_value_error():
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_json("[" * 200_000)
    assert parse_json(b'{"a": [1]}') == {"a": [1]}


def test_values_of_the_right_types_have_no_problem():
    values = {"name": "x", "share": 1, "count": None, "more": {}, "kind": "b", "known": True}
    assert list(type_problems(Record, values)) == []


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("name", 5, "name must be text, got 5"),
        ("share", True, "share must be a number, got True"),
        ("count", 1.5, "count must be a whole number or null, got 1.5"),
        ("more", [], "more must be a mapping, got []"),
        ("kind", "c", "kind must be one of a, b, got 'c'"),
        ("kind", [], "kind must be one of a, b, got []"),
        ("known", 1, "known must be true or false or null, got 1"),
    ],
)
def test_a_value_of_another_type_is_told(name: str, value: object, words: str):
    assert list(type_problems(Record, {name: value})) == [words]
