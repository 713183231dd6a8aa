"""Declaration of a setting: its type, default, range, choices, help text and flag."""

from __future__ import annotations

import dataclasses
import json
import math
import sys
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any, Literal, TypedDict, Unpack, get_args, get_origin

from latentfill.core.messages import quoted

Part = Literal["reading", "method", "writing", "embedding"]
HELP, EXTRAS = "help", "extras"  # metadata keys of the dataclass field that declares a setting


class Extras(TypedDict, total=False):
    """Optional parts of a declaration, besides type, default and help text."""

    why: str  # reason for the default
    flag: str  # command-line flag; a setting without one can be given by --set and in the config file
    more_flags: tuple[str, ...]  # other accepted spellings of the flag
    panel: str  # heading of the flag in a command's help, if not the heading of the group
    names: tuple[str, ...]  # names outside the group, current name first; by default the name of the field
    least: float  # smallest allowed value
    most: float  # largest allowed value
    above: float  # values must be larger than this
    below: float  # values must be smaller than this
    refit: bool  # True (the default): a new value needs a new fit; False: it can be changed on a fitted model
    json_text: bool  # True: the value is text, and a number or a mapping is stored as its JSON text
    none: object  # value that the word "none" stands for in a command or a file; by default None


def setting(default: object, help: str, **extras: Unpack[Extras]) -> Any:
    """A dataclass field that declares a setting; `help` says what the setting is, with its unit."""
    return dataclasses.field(default=default, metadata={HELP: help, EXTRAS: extras})


@dataclass(frozen=True, slots=True)
class Setting:
    """A declared setting, with what checks, command-line options and documentation need."""

    field: str  # name within the group
    type_hint: object
    default: object
    help: str  # what the setting is, with its unit
    extras: Extras
    part: Part
    group: str = ""  # field of the config that holds the group; "" for the config's own settings

    @property
    def name(self) -> str:
        """Name in messages, in `--set NAME=VALUE` and as a keyword."""
        return self.names[0]

    @property
    def names(self) -> tuple[str, ...]:
        """All names that are accepted outside the group, current name first."""
        return self.extras.get("names") or (self.field,)

    @property
    def flag(self) -> str:
        """Command-line flag; "" if there is none."""
        return self.extras.get("flag", "")

    @property
    def refit(self) -> bool:
        """Whether a new value needs a new fit; if False, it can be changed on a fitted model."""
        return self.extras.get("refit", True)

    @property
    def choices(self) -> tuple[str, ...]:
        """Allowed words of a `Literal` setting; empty for any other type."""
        return get_args(self.base_type) if get_origin(self.base_type) is Literal else ()

    @property
    def choice_text(self) -> str:
        """Allowed words, separated by commas; punctuation marks are quoted."""
        return ", ".join(word if word.replace("-", "").isalnum() else repr(word) for word in self.choices)

    @property
    def base_type(self) -> object:
        """Type without None."""
        return next((part for part in self._type_parts if part is not NoneType), self.type_hint)

    @property
    def nullable(self) -> bool:
        """Whether None is allowed."""
        return NoneType in self._type_parts

    @property
    def is_list(self) -> bool:
        """Whether the value is a list of texts."""
        return get_origin(self.base_type) is tuple

    @property
    def _type_parts(self) -> tuple[object, ...]:
        is_union = get_origin(self.type_hint) in (typing.Union, type(int | None))
        return get_args(self.type_hint) if is_union else (self.type_hint,)

    @property
    def range(self) -> str:
        """Allowed values in words, such as `from 0 to 1`; "" if there is no limit."""
        least, most, above, below = self._limits
        if least is not None and most is not None:
            return f"from {least} to {most}"
        low = f"above {above:g}" if above is not None else f"at least {least}" if least is not None else ""
        high = f"below {below:g}" if below is not None else f"at most {most}" if most is not None else ""
        return " and ".join(filter(None, (low, high)))

    def converted(self, value: object) -> object:
        """`value` in the form that the record stores: a list as a tuple of texts, and for `json_text` as JSON text.

        A list may be given as a text with commas or as a single number; numbers become texts. Arrays, indexes and
        numbers of NumPy and pandas are taken as lists and numbers.
        """
        value = _plain(value)
        if self.extras.get("json_text") and isinstance(value, Mapping | int | float) and not isinstance(value, bool):
            return json.dumps(value)
        if not self.is_list:
            return value
        if isinstance(value, str):
            return split_names(value)
        items = value if isinstance(value, list | tuple) else (value,)
        texts = tuple(str(item) if _is_number(item) else item for item in items)
        return texts if isinstance(value, list | tuple) or _is_number(value) else value

    def from_text(self, value: object) -> object:
        """The value that a command or a file gives, where the word "none" stands for None."""
        none = self.extras.get("none")
        return none if value == "none" and (self.nullable or none is not None) and "none" not in self.choices else value

    def type_problem(self, value: object) -> str:
        """Message if `value` has the wrong type or is not an allowed word, else ""."""
        if value is None and self.nullable:
            return ""
        if self.choices:
            expected = "" if value in self.choices else f"one of {self.choice_text}"
        else:
            python_type = typing.cast(type, tuple if self.is_list else self.base_type)
            expected = "" if _TYPE_CHECKS[python_type](value) else _TYPE_WORDS[python_type]
        return f"{self.name} must be {expected}{self._or_none}, got {quoted(value)}" if expected else ""

    def range_problem(self, value: object) -> str:
        """Message if the number `value` is out of range, else ""."""
        if not isinstance(value, int | float):
            return ""
        least, most, above, below = self._limits
        is_high_enough = (least is None or value >= least) and (above is None or value > above)
        is_low_enough = (most is None or value <= most) and (below is None or value < below)
        if not (is_high_enough and is_low_enough):
            return f"{self.name} must be {self.range}{self._or_none}, got {quoted(value)}"
        is_float = self.base_type is not float or abs(value) <= sys.float_info.max
        return "" if is_float else f"{self.name} must be a number below 1e308, got {quoted(value)}"

    @property
    def _limits(self) -> tuple[float | None, float | None, float | None, float | None]:
        """`least`, `most`, `above` and `below`, each None if there is no such limit."""
        extras = self.extras
        return extras.get("least"), extras.get("most"), extras.get("above"), extras.get("below")

    @property
    def _or_none(self) -> str:
        return ", or none" if self.nullable else ""


def _plain(value: object) -> object:
    """A value without types of other libraries: their numbers, arrays and indexes know themselves as a list."""
    if isinstance(value, Mapping):
        return {name: _plain(of_name) for name, of_name in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_plain, value)) if type(value) in (list, tuple) else value
    to_list = getattr(value, "tolist", None)
    return to_list() if callable(to_list) else value


def split_names(text: str) -> tuple[str, ...]:
    """Names from a text that separates them by commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < math.inf


_TYPE_CHECKS: Mapping[type, Callable[[object], bool]] = {
    bool: lambda value: isinstance(value, bool),
    int: lambda value: isinstance(value, int) and not isinstance(value, bool),
    float: _is_number,
    str: lambda value: isinstance(value, str),
    tuple: lambda value: isinstance(value, tuple) and all(isinstance(item, str) for item in value),
}
_TYPE_WORDS: Mapping[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    tuple: "a list of texts",
}
