"""Declared settings as a `TypedDict`, so that editors and type checkers know the keywords of `latentfill.Imputer`."""

from __future__ import annotations

from collections.abc import Iterator

from latentfill.core.setting_type import Setting
from latentfill.core.settings_base import Settings, all_declared, groups_of

HEAD = '''\
"""`ImputerSettings`: the settings of an `Imputer` as keywords. Made by `latentfill settings --typed`; do not edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict

from latentfill.core.settings_base import Settings

Names = str | Sequence[str]
Values = Names | float | Sequence[float] | Mapping[str, object]


class ImputerSettings(TypedDict, total=False):
    """Settings by name, and groups of them as mappings."""
'''
OF_PYTHON = {  # settings that take more in Python than in a file
    "embeddings": "object",
    "missing": "Values",
    "pivot": "Values",
    "time": "Names | Literal[False]",
}
_NAMES = {bool: "bool", int: "int", float: "float", str: "str", tuple: "Names"}


def to_typed_dict(*records: type[Settings]) -> str:
    """A Python module with a `TypedDict` of all settings of the records."""
    types: dict[str, str] = {}
    for name, of_python in (each for record in records for each in _named_types(record)):
        types[name] = f"{types[name]} | {of_python}" if name in types else of_python
    return "\n".join((HEAD, *(f"    {name}: {of_python}" for name, of_python in types.items()), ""))


def _named_types(record: type[Settings]) -> Iterator[tuple[str, str]]:
    """Name and type of all settings and groups; a former name of a setting may be that of a group."""
    for each in all_declared(record):
        yield from ((name, _type_of(each)) for name in each.names)
    for group in groups_of(record):
        yield group, "Mapping[str, object] | Settings"


def _type_of(each: Setting) -> str:
    """The type of a setting as Python writes it."""
    if each.name in OF_PYTHON:
        return f"{OF_PYTHON[each.name]} | None"
    words = ", ".join(f'"{word}"' for word in each.choices)
    name = f"Literal[{words}]" if words else _NAMES[tuple if each.is_list else each.base_type]  # type: ignore[index]
    mapping = " | float | Mapping[str, object]" if each.extras.get("json_text") else ""
    return f"{name}{mapping}{' | None' if each.nullable else ''}"
