"""Base classes for records of settings. Checks, flags, `help()` and documentation all come from one declaration."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Self, get_type_hints

from latentfill.core.errors import InputError, did_you_mean
from latentfill.core.setting import EXTRAS, HELP, Part, Setting


class Settings:
    """Base of a frozen dataclass of settings; wrong values raise one `InputError` that lists all problems."""

    part: ClassVar[Part] = "method"
    panel: ClassVar[str] = "Method"  # heading of the flags in a command's help
    title: ClassVar[str] = "settings"  # first word of error messages

    def __post_init__(self) -> None:
        for each in declared(type(self)):
            object.__setattr__(self, each.field, each.converted(getattr(self, each.field)))
        given = {each.field: getattr(self, each.field) for each in declared(type(self))}
        refuse(self.title, problems_of(type(self), given, self))

    def to_dict(self) -> dict[str, object]:
        """Settings by name as values for JSON, with a dictionary for each group."""
        assert dataclasses.is_dataclass(self)
        return dataclasses.asdict(self)

    def contradictions(self) -> Iterator[str]:
        """Messages about problems that checks of type and range cannot find, such as values that exclude each other."""
        return iter(())


class GroupedSettings(Settings):
    """Base of a record with groups of settings; a setting can be given in its group or by its own name.

    ``decoder={"steps": 500}``, ``decoder=DecoderSettings(steps=500)`` and ``decoder_steps=500`` mean the same.
    """

    def __init__(self, **given: object) -> None:
        self._set_values(self._values_by_group(given))

    def replace(self, **changes: object) -> Self:
        """A copy with changed values, in the form that the constructor takes."""
        copy = object.__new__(type(self))
        copy._set_values(self._values_by_group(changes, self))
        return copy

    def value(self, name: str) -> object:
        """The value of the setting with this name, which may be any of its names."""
        each = by_name(all_declared(type(self)))[name]
        return getattr(getattr(self, each.group) if each.group else self, each.field)

    @classmethod
    def from_dict(cls, settings: Mapping[str, object]) -> Self:
        """A record from values by name; an unknown name raises an `InputError` that suggests a known one."""
        return cls(**settings)

    @classmethod
    def _values_by_group(
        cls, given: Mapping[str, object], base: Settings | None = None
    ) -> dict[str, dict[str, object]]:
        """Values by group ("" for settings without one) and field; those not given come from `base` or the defaults."""
        record_types, known = groups_of(cls), all_declared(cls)
        # `neighbours` is the name of a group and the former name of a number: the type of the value decides
        groups = {name: given[name] for name in record_types if isinstance(given.get(name), Settings | Mapping)}
        single = {name: value for name, value in given.items() if name not in groups}
        refuse_unknown(single, known)
        values: dict[str, dict[str, object]] = {group: {} for group in ("", *record_types)}
        for each in known:
            holder = base if base is None or not each.group else getattr(base, each.group)
            values[each.group][each.field] = each.default if holder is None else getattr(holder, each.field)
        for group, record in groups.items():
            values[group] |= _group_values(group, record, record_types[group])
        for name, value in single.items():
            each = by_name(known)[name]
            values[each.group][each.field] = value
        return values

    def _set_values(self, values: Mapping[str, Mapping[str, object]]) -> None:
        """Set the fields of this new record, or raise one `InputError` that lists all problems of the values."""
        groups = groups_of(type(self))
        converted = {
            group: {each.field: each.converted(values[group][each.field]) for each in declared(record)}
            for group, record in {"": type(self), **groups}.items()
        }
        own_problems = problems_of(type(self), converted[""])
        group_problems = (p for group, record in groups.items() for p in problems_of(record, converted[group]))
        refuse(self.title, (*own_problems, *group_problems))
        records = {group: record(**converted[group]) for group, record in groups.items()}
        for name, value in {**converted[""], **records}.items():
            object.__setattr__(self, name, value)


def _group_values(group: str, given_group: object, record: type[Settings]) -> dict[str, object]:
    """Values by field of a group that was given as a record or as a mapping of names."""
    if isinstance(given_group, Settings):
        if not isinstance(given_group, record):
            got = type(given_group).__name__
            raise InputError(f"settings: {group} takes {record.__name__} or a mapping, got {got}.")
        return {each.field: getattr(given_group, each.field) for each in declared(record)}
    settings = declared(record)
    fields = {each.field: each for each in settings} | by_name(settings)
    given = typing.cast(Mapping[str, object], given_group)
    refuse("settings", (did_you_mean(f"setting of {group}", name, fields) for name in given if name not in fields))
    return {fields[name].field: value for name, value in given.items()}


def declared(record: type[Settings]) -> list[Setting]:
    """The settings that a record declares itself, without those of its groups."""
    hints = get_type_hints(record)
    return [
        Setting(each.name, hints[each.name], each.default, each.metadata[HELP], each.metadata[EXTRAS], record.part)
        for each in _fields(record)
        if HELP in each.metadata
    ]


def groups_of(record: type[Settings]) -> dict[str, type[Settings]]:
    """The record type of each group of settings, by field."""
    hints = get_type_hints(record)
    types = {each.name: hints[each.name] for each in _fields(record)}
    return {name: hint for name, hint in types.items() if isinstance(hint, type) and issubclass(hint, Settings)}


def all_declared(record: type[Settings]) -> list[Setting]:
    """The settings of a record and of its groups, its own first."""
    grouped = [
        dataclasses.replace(each, group=group)
        for group, group_record in groups_of(record).items()
        for each in declared(group_record)
    ]
    return [*declared(record), *grouped]


def problems_of(record: type[Settings], given: Mapping[str, object], instance: Settings | None = None) -> list[str]:
    """Messages about all problems of the values `given` by field.

    Where a value has the wrong type, the other checks use the default. `instance` is a record that holds the values,
    if there is one; its fields that are no settings are used too.
    """
    type_problems = {each.field: each.type_problem(given[each.field]) for each in declared(record)}
    checked = object.__new__(record)
    for each in _fields(record):
        value = getattr(instance, each.name) if instance is not None else given.get(each.name, each.default)
        object.__setattr__(checked, each.name, each.default if type_problems.get(each.name) else value)
    range_problems = [each.range_problem(getattr(checked, each.field)) for each in declared(record)]
    return [problem for problem in (*type_problems.values(), *range_problems, *checked.contradictions()) if problem]


def refuse(title: str, problems: Iterable[str]) -> None:
    """Raise one `InputError` that lists all problems; do nothing if there are none."""
    if listed := list(problems):
        raise InputError(f"{title}: " + "; ".join(listed))


def by_name(settings: Iterable[Setting]) -> dict[str, Setting]:
    """Settings by all their names; `steps` of the group `decoder` is also there as `decoder.steps`."""
    named: dict[str, Setting] = {}
    for each in settings:
        dotted = (f"{each.group}.{each.field}",) if each.group else ()
        named |= dict.fromkeys((*each.names, *dotted), each)
    return named


def refuse_unknown(names: Iterable[str], known: Iterable[Setting]) -> None:
    """Raise an `InputError` if some names are unknown; it suggests the most similar known name for each."""
    known = list(known)
    known_names = by_name(known)
    current_names = [each.name for each in known]
    refuse("settings", (did_you_mean("setting", name, current_names) for name in names if name not in known_names))


def _fields(record: type[Settings]) -> tuple[dataclasses.Field[Any], ...]:
    """The dataclass fields of a record."""
    assert dataclasses.is_dataclass(record)
    return dataclasses.fields(record)
