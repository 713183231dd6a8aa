"""Declared settings in words: docstrings, the page of the documentation, and a config file to edit."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator
from types import NoneType
from typing import TypeVar

from latentfill.core.setting import Setting
from latentfill.core.settings import Settings, declared, groups_of

Record = TypeVar("Record", bound=Settings)
_TYPES = {bool: "bool", int: "int", float: "float", str: "str", tuple: "list of str", NoneType: "None"}


def documented(record: type[Record]) -> type[Record]:
    """A class decorator: the docstring also lists every setting, so that `help()` shows them."""
    lines = [line for each in declared(record) for line in _attribute(each)]
    for name, group in groups_of(record).items():
        inner = textwrap.indent("\n".join(line for each in declared(group) for line in _attribute(each)), "    ")
        lines += [f"{name} : {group.__name__}", f"    {_first_line(group)}", "", inner]
    listed = textwrap.indent("\n".join(("Attributes", "----------", *lines)), "    ")
    record.__doc__ = f"{(record.__doc__ or '').rstrip()}\n\n{listed}\n"
    return record


def to_markdown(*records: type[Settings]) -> str:
    """The settings page: a table for each group."""
    return "\n".join(line for record in records for line in _page(record))


def to_toml(*records: type[Settings]) -> str:
    """A config file with every setting at its default, commented out, and what it is for."""
    return "\n".join(line for record in records for line in _file(record))


def _attribute(each: Setting) -> tuple[str, str]:
    name = each.field if each.name == each.field else f"{each.field} (or {each.name})"
    return f"{name} : {_kind(each)}, default {each.default!r}", f"    {_sentence(each)}"


def _page(record: type[Settings]) -> Iterator[str]:
    yield from _section("", record)
    for name, group in groups_of(record).items():
        yield from _section(name, group)


def _section(name: str, record: type[Settings]) -> Iterator[str]:
    title = f"`{name}`: {_first_line(record)}" if name else _first_line(record)
    yield from (f"## {title.rstrip('.')}", "", "| setting | flag | type | default | what it is | another value needs |")
    yield "|---|---|---|---|---|---|"
    for each in declared(record):
        also = f" ({', '.join(f'`{other}`' for other in each.names[1:])})" if each.names[1:] else ""
        flag = f"`{each.flag}`" if each.flag else ""
        again = "embed again" if each.part == "embedding" else "fit again"
        needs = again if each.refit else "-"
        told = _sentence(each).replace("|", "\\|")
        yield f"| `{each.name}`{also} | {flag} | {_kind(each)} | `{json.dumps(each.default)}` | {told} | {needs} |"
    yield ""


def _file(record: type[Settings]) -> Iterator[str]:
    yield from _entries(declared(record))
    for name, group in groups_of(record).items():
        yield from (f"# {_first_line(group)}", f"[{name}]", *_entries(declared(group)))


def _entries(settings: Iterable[Setting]) -> Iterator[str]:
    for each in settings:
        unset = "..." if each.extras.get("none") is not None else "none"
        text = unset if each.default is None else each.default
        yield f"# {_sentence(each)}"
        yield f"# {each.field} = {json.dumps(text)}"
    yield ""


def _kind(each: Setting) -> str:
    """The type in words: the choices where there are some, and the range."""
    plain = each.choice_text or _TYPES[tuple if each.is_list else each.bare]  # type: ignore[index]
    kind = f"{plain}, {each.range}" if each.range else plain
    return f"{kind}, or none" if each.nullable else kind


def _sentence(each: Setting) -> str:
    why = each.extras.get("why")
    return f"{each.help} Why: {why}." if why else each.help


def _first_line(record: type[Settings]) -> str:
    return (record.__doc__ or "").strip().splitlines()[0]
