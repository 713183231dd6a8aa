"""Declared settings as text: in docstrings, on the settings page of the documentation, and as a config file."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator
from types import NoneType
from typing import TypeVar

from latentfill.core.setting_type import Setting
from latentfill.core.settings_base import Settings, declared, groups_of

INTRODUCTION = """\
# Settings

A setting can be given by its name in Python (`Imputer(decoder_steps=500)`), with `--set decoder_steps=500` or its flag
on the command line, and in a TOML or JSON file for `--config`. Settings also lie in groups: in Python
`Imputer(decoder={"steps": 500})`, in a file `steps = 500` below `[decoder]`. A name in a group leaves out the name of
the group. `latentfill settings` prints a file with all settings, to edit.

The last column says what has to be done after a change: nothing, another fit, or other embeddings.
"""
TOML_HEAD = "# All settings at their defaults. Remove the # before a line and change its value; use with --config.\n"
Record = TypeVar("Record", bound=Settings)
_TYPES = {bool: "bool", int: "int", float: "float", str: "str", tuple: "list of str", NoneType: "None"}


def documented(record: type[Record]) -> type[Record]:
    """Class decorator that adds every setting to the docstring, so that `help()` shows them."""
    lines = [line for each in declared(record) for line in _docstring_lines(each)]
    for name, group in groups_of(record).items():
        inner = textwrap.indent("\n".join(line for each in declared(group) for line in _docstring_lines(each)), "    ")
        lines += [f"{name} : {group.__name__}", f"    {_first_line(group)}", "", inner]
    listed = textwrap.indent("\n".join(("Attributes", "----------", *lines)), "    ")
    record.__doc__ = f"{(record.__doc__ or '').rstrip()}\n\n{listed}\n"
    return record


def to_markdown(*records: type[Settings]) -> str:
    """The settings page in Markdown: an introduction, and a table for each record and group."""
    return "\n".join((INTRODUCTION, *(line for record in records for line in _markdown_lines(record))))


def to_toml(*records: type[Settings]) -> str:
    """A config file with every setting at its default, commented out, below its help text."""
    return "\n".join((TOML_HEAD, *(line for record in records for line in _toml_lines(record))))


def _docstring_lines(each: Setting) -> tuple[str, str]:
    name = each.field if each.name == each.field else f"{each.field} (or {each.name})"
    return f"{name} : {_type_text(each)}, default {each.default!r}", f"    {_help_text(each)}"


def _markdown_lines(record: type[Settings]) -> Iterator[str]:
    yield from _markdown_section("", record)
    for name, group in groups_of(record).items():
        yield from _markdown_section(name, group)


def _markdown_section(name: str, record: type[Settings]) -> Iterator[str]:
    place = "latentfill embed" if record.part == "embedding" else name
    title = f"`{place}`: {_first_line(record)}" if place else _first_line(record)
    yield from (f"## {title.rstrip('.')}", "", "| setting | flag | type | default | meaning | after a change |")
    yield "|---|---|---|---|---|---|"
    for each in declared(record):
        other_names = f" ({', '.join(f'`{name}`' for name in each.names[1:])})" if each.names[1:] else ""
        flag = f"`{each.flag}`" if each.flag else ""
        next_step = "nothing" if not each.refit else "embed again" if each.part == "embedding" else "fit again"
        cells = (
            f"`{each.name}`{other_names}",
            flag,
            _type_text(each),
            f"`{json.dumps(each.default)}`",
            _help_text(each).replace("|", "\\|"),
            next_step,
        )
        yield f"| {' | '.join(cells)} |"
    yield ""


def _toml_lines(record: type[Settings]) -> Iterator[str]:
    yield from _toml_entries(declared(record))
    for name, group in groups_of(record).items():
        yield from (f"# {_first_line(group)}", f"[{name}]", *_toml_entries(declared(group)))


def _toml_entries(settings: Iterable[Setting]) -> Iterator[str]:
    for each in settings:
        unset = "..." if each.extras.get("none") is not None else "none"
        value = unset if each.default is None else each.default
        yield f"# {_help_text(each)}"
        yield f"# {each.field} = {json.dumps(value)}"
    yield ""


def _type_text(each: Setting) -> str:
    """The type in words, such as `int, from 0 to 64, or none`; for a `Literal`, its choices."""
    name = each.choice_text or _TYPES[tuple if each.is_list else each.base_type]  # type: ignore[index]
    text = f"{name}, {each.range}" if each.range else name
    return f"{text}, or none" if each.nullable else text


def _help_text(each: Setting) -> str:
    why = each.extras.get("why")
    return f"{each.help} Why: {why}." if why else each.help


def _first_line(record: type[Settings]) -> str:
    return (record.__doc__ or "").strip().splitlines()[0]
