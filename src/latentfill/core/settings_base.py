"""Base classes for records of settings. Checks, flags, `help()` and documentation all come from one declaration."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Self, get_type_hints

from latentfill.core.errors import InputError, did_you_mean
from latentfill.core.messages import quoted
from latentfill.core.setting_type import EXTRAS, HELP, Part, Setting

_DECLARED: dict[type[Settings], tuple[Setting, ...]] = {}  # cache of `declared`: reading type hints is slow
_BY_NAME: dict[type[Settings], Mapping[str, Setting]] = {}  # cache of `_all_by_name`: values are looked up one by one


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
        each = _all_by_name(type(self))[name]
        return getattr(getattr(self, each.group) if each.group else self, each.field)

    @classmethod
    def from_dict(cls, settings: Mapping[str, object]) -> Self:
        """A record from values by name; an unknown name raises an `InputError` that suggests a known one."""
        return cls(**settings)

    @classmethod
    def completed(cls, given: Mapping[str, object], base: Settings | None) -> Mapping[str, object]:
        """The settings `given` by name, and settings that depend on them; the base class adds none."""
        return given

    @classmethod
    def _values_by_group(
        cls, given: Mapping[str, object], base: Settings | None = None
    ) -> dict[str, dict[str, object]]:
        """Values by group ("" for settings without one) and field; those not given come from `base` or the defaults."""
        values: dict[str, dict[str, object]] = {group: {} for group in ("", *groups_of(cls))}
        flat = cls.completed(by_current_name(given, declared(cls), groups_of(cls)), base)
        for each in all_declared(cls):
            holder = base if base is None or not each.group else getattr(base, each.group)
            default = each.default if holder is None else getattr(holder, each.field)
            values[each.group][each.field] = flat.get(each.name, default)
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


def by_current_name(
    given: Mapping[str, object], own: Iterable[Setting], groups: Mapping[str, type[Settings]]
) -> dict[str, object]:
    """Values by current name of settings that are given by any of their names, or in groups.

    `own` are the settings without a group. A mapping for a group and single settings must agree; single settings
    override a record. Raises an `InputError` that lists all names that are unknown or given twice.
    """
    known = by_name((*own, *_grouped(groups)))
    values: dict[str, object] = {}
    single: list[tuple[str, object]] = []
    problems: list[str] = []
    for name, value in given.items():
        if name in groups and isinstance(value, Settings):
            values |= _record_values(name, value, groups[name])
        elif name in groups and isinstance(value, Mapping):
            fields = {each.field: each for each in declared(groups[name])} | by_name(declared(groups[name]))
            single += [(fields[field].name, of_field) for field, of_field in value.items() if field in fields]
            problems += [did_you_mean(f"setting of {name}", field, fields) for field in value if field not in fields]
        elif name in known:
            single.append((known[name].name, value))
        else:
            problems.append(_unknown(name, value, known, groups))
    refuse("settings", (*problems, *_given_twice(single)))
    return values | dict(single)


def _given_twice(settings: Iterable[tuple[str, object]]) -> Iterator[str]:
    """Messages about settings that have two different values."""
    first: dict[str, object] = {}
    for name, value in settings:
        known = first.setdefault(name, value)
        if known is not value and known != value:
            yield f"{name} is given twice ({quoted(known)} and {quoted(value)}): leave one out"


def _record_values(group: str, given: Settings, record: type[Settings]) -> dict[str, object]:
    """Values by name of a group that was given as a record."""
    if not isinstance(given, record):
        raise InputError(f"settings: {group} takes {record.__name__} or a mapping, got {type(given).__name__}.")
    return {each.name: getattr(given, each.field) for each in declared(record)}


def _unknown(name: str, value: object, known: Mapping[str, Setting], groups: Mapping[str, type[Settings]]) -> str:
    """Message about a name that is not a setting: it may be a group without a mapping, or look like a known name."""
    if name in groups:
        first = declared(groups[name])[0]
        example = {first.field: first.default}
        return f"{name} is a group of settings: give a mapping such as {quoted(example)}, got {quoted(value)}"
    if isinstance(value, Mapping):
        return did_you_mean("group of settings", name, groups)
    return did_you_mean("setting", name, dict.fromkeys(each.name for each in known.values()))


def declared(record: type[Settings]) -> tuple[Setting, ...]:
    """The settings that a record declares itself, without those of its groups."""
    if record not in _DECLARED:
        hints = get_type_hints(record)
        _DECLARED[record] = tuple(
            Setting(each.name, hints[each.name], each.default, each.metadata[HELP], each.metadata[EXTRAS], record.part)
            for each in _fields(record)
            if HELP in each.metadata
        )
    return _DECLARED[record]


def groups_of(record: type[Settings]) -> dict[str, type[Settings]]:
    """The record type of each group of settings, by field."""
    makers: dict[str, object] = {each.name: each.default_factory for each in _fields(record)}
    return {name: maker for name, maker in makers.items() if isinstance(maker, type) and issubclass(maker, Settings)}


def all_declared(record: type[Settings]) -> tuple[Setting, ...]:
    """The settings of a record and of its groups, its own first."""
    return (*declared(record), *_grouped(groups_of(record)))


def _all_by_name(record: type[Settings]) -> Mapping[str, Setting]:
    if record not in _BY_NAME:
        _BY_NAME[record] = by_name(all_declared(record))
    return _BY_NAME[record]


def _grouped(groups: Mapping[str, type[Settings]]) -> Iterator[Setting]:
    """The settings of all groups, with the name of their group in `group`."""
    for group, record in groups.items():
        yield from (dataclasses.replace(each, group=group) for each in declared(record))


def problems_of(record: type[Settings], given: Mapping[str, object], instance: Settings | None = None) -> list[str]:
    """Messages about all problems of the values `given` by field.

    Where a value has the wrong type, the other checks use the default. `instance` is a record that holds the values,
    if there is one; its fields that are not settings are used too.
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


def _fields(record: type[Settings]) -> tuple[dataclasses.Field[Any], ...]:
    """The dataclass fields of a record."""
    assert dataclasses.is_dataclass(record)
    return dataclasses.fields(record)
