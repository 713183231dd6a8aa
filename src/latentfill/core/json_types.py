"""Compares values that were read from JSON with declared types: a `TypedDict`, a dataclass, or types of Python."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Union, get_args, get_origin, get_type_hints

_LARGEST = 2**64  # of whole numbers, which arrays can hold
_SIMPLE: Mapping[object, tuple[str, Callable[[object], bool]]] = {
    type(None): ("null", lambda value: value is None),
    bool: ("true or false", lambda value: isinstance(value, bool)),
    int: ("a whole number", lambda value: type(value) is int and abs(value) < _LARGEST),
    float: ("a finite number", lambda value: _is_number(value)),
    str: ("text", lambda value: isinstance(value, str)),
}
_LONGEST = 40  # letters of a value in a message


def type_problems(value: object, declared: Any, name: str = "") -> Iterator[str]:
    """A phrase for each part of `value` that is not of its declared type; `name` is that of the value in messages."""
    origin, inner = get_origin(declared), get_args(declared)
    if declared in (Any, object):
        return
    if declared in _SIMPLE:
        expected, is_of_type = _SIMPLE[declared]
        if not is_of_type(value):
            yield f"{name} must be {expected}, got {_short(value)}"
    elif origin in (Union, types.UnionType):
        if all(any(type_problems(value, each)) for each in inner):
            yield from type_problems(value, max(inner, key=lambda each: each is not type(None)), name)
    elif origin is typing.Literal:
        if value not in inner:
            yield f"{name} must be one of {', '.join(map(str, inner))}, got {_short(value)}"
    elif origin in (list, tuple):
        yield from _list_problems(value, inner[0], name)
    elif origin in (dict, Mapping):
        yield from _mapping_problems(value, inner[1], name)
    else:
        yield from _record_problems(value, declared, name)


def _list_problems(value: object, item: Any, name: str) -> Iterator[str]:
    if not isinstance(value, list | tuple):
        yield f"{name} must be a list, got {_short(value)}"
        return
    for number, each in enumerate(value):
        yield from type_problems(each, item, f"{name}[{number}]")


def _mapping_problems(value: object, item: Any, name: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{name} must hold names and values, got {_short(value)}"
        return
    for key, each in value.items():
        yield from type_problems(each, item, f"{name}.{key}")


def _record_problems(value: object, record: Any, name: str) -> Iterator[str]:
    """Problems of a mapping with the fields of a `TypedDict` or a dataclass."""
    if not isinstance(value, Mapping):
        yield f"{name or 'the content'} must hold names and values, got {_short(value)}"
        return
    hints, needed = get_type_hints(record), _needed(record)
    prefix = f"{name}." if name else ""
    yield from (f"{prefix}{field} is missing" for field in hints if field in needed and field not in value)
    yield from (f"{prefix}{field} is unexpected" for field in value if field not in hints)
    for field, declared in hints.items():
        if field in value:
            yield from type_problems(value[field], declared, f"{prefix}{field}")


def field_problems(values: Mapping[str, object], record: Any, name: str = "") -> Iterator[str]:
    """The same for those fields of a record that `values` has."""
    hints = get_type_hints(record)
    for field, value in values.items():
        yield from type_problems(value, hints.get(field, object), f"{name}.{field}" if name else field)


def _needed(record: Any) -> frozenset[str]:
    """The fields that a record must have."""
    if typing.is_typeddict(record):
        hints = get_type_hints(record, include_extras=True)  # `__required_keys__` does not see annotations in quotes
        return frozenset(name for name, declared in hints.items() if get_origin(declared) is not typing.NotRequired)
    return frozenset(each.name for each in dataclasses.fields(record))


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that is too large for a float
        return False


def _short(value: object) -> str:
    """A value in a message, cut off if it is long."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
