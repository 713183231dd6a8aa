"""A setting as it is declared: its type, range, choices, reason and flag, in one place."""

from __future__ import annotations

import dataclasses
import json
import math
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any, Literal, TypedDict, Unpack, get_args, get_origin

Part = Literal["reading", "method", "writing", "embedding"]
HELP, EXTRAS = "help", "extras"  # keys of the metadata of a dataclass field that is a setting


class Extras(TypedDict, total=False):
    """What may be declared of a setting beside its type, its default and what it is."""

    why: str  # the reason for the default, or for the range
    flag: str  # of the command line; without one, only --set and the config file reach the setting
    more_flags: tuple[str, ...]  # other spellings of the flag that are accepted
    panel: str  # heading of the flag in a command's help, where it is not that of its group
    names: tuple[str, ...]  # what it is called outside its group, today's name first; else the name of its field
    least: float  # smallest value allowed
    most: float  # largest value allowed
    above: float  # values must be larger than this
    below: float  # values must be smaller than this
    refit: bool  # whether another value asks for another fit (the default); else it can be changed on a fitted model
    json_text: bool  # whether a number or a mapping may be given, and means the same as its JSON text
    none: object  # what the word "none" stands for in a command or a file; None if not given


def setting(default: object, help: str, **extras: Unpack[Extras]) -> Any:
    """A field of a `Settings` record; `help` says what it is, and its unit."""
    return dataclasses.field(default=default, metadata={HELP: help, EXTRAS: extras})


@dataclass(frozen=True, slots=True)
class Setting:
    """A declared setting, as checks, options and pages see it."""

    field: str  # its name within its group
    kind: object  # its type
    default: object
    help: str  # what it is, and its unit
    extras: Extras
    part: Part
    group: str = ""  # the field of the config that holds its group; "" for the config's own settings

    @property
    def name(self) -> str:
        """What it is called in messages, in `--set NAME=VALUE` and as a keyword."""
        return self.names[0]

    @property
    def names(self) -> tuple[str, ...]:
        """All names under which it can be given without its group, today's first."""
        return self.extras.get("names") or (self.field,)

    @property
    def flag(self) -> str:
        """Its flag on the command line; "" where only `--set` and the config file reach it."""
        return self.extras.get("flag", "")

    @property
    def refit(self) -> bool:
        """Whether another value asks for another fit; else it can be changed on a fitted model."""
        return self.extras.get("refit", True)

    @property
    def choices(self) -> tuple[str, ...]:
        """The words allowed, where it takes one of a few."""
        return get_args(self.bare) if get_origin(self.bare) is Literal else ()

    @property
    def choice_text(self) -> str:
        """The words allowed; marks such as , stand in quotes."""
        return ", ".join(word if word.replace("-", "").isalnum() else repr(word) for word in self.choices)

    @property
    def bare(self) -> object:
        """Its type without None."""
        return next((kind for kind in self._kinds if kind is not NoneType), self.kind)

    @property
    def nullable(self) -> bool:
        """Whether None is allowed."""
        return NoneType in self._kinds

    @property
    def is_list(self) -> bool:
        """Whether it takes several texts."""
        return get_origin(self.bare) is tuple

    @property
    def _kinds(self) -> tuple[object, ...]:
        is_union = get_origin(self.kind) in (typing.Union, type(int | None))
        return get_args(self.kind) if is_union else (self.kind,)

    @property
    def range(self) -> str:
        """The values allowed, in words; "" where any will do."""
        least, most, above, below = self._limits
        if least is not None and most is not None:
            return f"from {least} to {most}"
        low = f"above {above:g}" if above is not None else f"at least {least}" if least is not None else ""
        high = f"below {below:g}" if below is not None else f"at most {most}" if most is not None else ""
        return " and ".join(filter(None, (low, high)))

    def converted(self, value: object) -> object:
        """`value` with lists as tuples, a text with commas as the list that it stands for, and JSON values as text."""
        if self.extras.get("json_text") and isinstance(value, Mapping | int | float) and not isinstance(value, bool):
            return json.dumps(value)
        if not self.is_list:
            return value
        return split_names(value) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value

    def from_text(self, value: object) -> object:
        """A value from a command or a file, where the word "none" stands for None."""
        none = self.extras.get("none")
        return none if value == "none" and (self.nullable or none is not None) and "none" not in self.choices else value

    def wrong_kind(self, value: object) -> str:
        """What is wrong with the type of `value`, or ""."""
        if value is None and self.nullable:
            return ""
        if self.choices:
            wanted = "" if value in self.choices else f"one of {self.choice_text}"
        else:
            kind = tuple if self.is_list else self.bare
            wanted = "" if _is_a(value, kind) else _WANTED[typing.cast(type, kind)]
        return f"{self.name} must be {wanted}{self._or_none}, got {value!r}" if wanted else ""

    def out_of_range(self, value: object) -> str:
        """What is wrong with a `value` of the right type, or ""."""
        if not isinstance(value, int | float):
            return ""
        least, most, above, below = self._limits
        low = (least is None or value >= least) and (above is None or value > above)
        high = (most is None or value <= most) and (below is None or value < below)
        return "" if low and high else f"{self.name} must be {self.range}{self._or_none}, got {value}"

    @property
    def _limits(self) -> tuple[float | None, float | None, float | None, float | None]:
        """Smallest and largest value allowed, and the limits that values must be above and below."""
        d = self.extras
        return d.get("least"), d.get("most"), d.get("above"), d.get("below")

    @property
    def _or_none(self) -> str:
        return ", or none" if self.nullable else ""


def split_names(text: str) -> tuple[str, ...]:
    """The names in a comma list."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < math.inf


def _is_a(value: object, kind: object) -> bool:
    return _TESTS[typing.cast(type, kind)](value)


_TESTS: Mapping[type, Callable[[object], bool]] = {
    bool: lambda value: isinstance(value, bool),
    int: lambda value: isinstance(value, int) and not isinstance(value, bool),
    float: _is_number,
    str: lambda value: isinstance(value, str),
    tuple: lambda value: isinstance(value, tuple) and all(isinstance(item, str) for item in value),
}
_WANTED: Mapping[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    tuple: "a list of texts",
}
