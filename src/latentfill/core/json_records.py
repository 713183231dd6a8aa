"""JSON texts that people give, and whether their entries have the types of a record."""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin, get_type_hints

from latentfill.core.messages import quoted


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text; raises a `ValueError`, also where lists are nested too deeply to be read."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("its lists are nested too deeply") from None


def type_problems(record: type, values: Mapping[str, object]) -> Iterator[str]:
    """Messages about values by field that have another type than the fields of the dataclass `record`."""
    hints = get_type_hints(record)
    for name, value in values.items():
        if name in hints and not _fits(value, hints[name]):
            yield f"{name} must be {_words(hints[name])}, got {quoted(value)}"


def _fits(value: object, hint: Any) -> bool:
    """Whether a value has a type; a whole number is a number too, but True and False are none."""
    origin = get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, each) for each in get_args(hint))
    if origin is Literal:
        return isinstance(value, str) and value in get_args(hint)
    if isinstance(value, bool):
        return hint is bool
    return isinstance(value, (int, float) if hint is float else origin or hint)


def _words(hint: Any) -> str:
    """A type in words."""
    if get_origin(hint) in (typing.Union, types.UnionType):
        return " or ".join(map(_words, get_args(hint)))
    if get_origin(hint) is Literal:
        return f"one of {', '.join(get_args(hint))}"
    known = {str: "text", int: "a whole number", float: "a number", bool: "true or false", type(None): "null"}
    return known.get(hint, "a mapping")
