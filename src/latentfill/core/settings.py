"""Records of settings that are declared once: checks, flags, `help()`, the settings page and the config file follow."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Self, get_type_hints

from latentfill.core.errors import InputError, did_you_mean
from latentfill.core.setting import EXTRAS, HELP, Part, Setting


class Settings:
    """Base of a record of declared settings, a frozen dataclass; all its problems are raised in one `InputError`."""

    part: ClassVar[Part] = "method"
    panel: ClassVar[str] = "Method"  # heading of its flags in a command's help
    title: ClassVar[str] = "settings"  # how messages begin

    def __post_init__(self) -> None:
        for each in declared(type(self)):
            object.__setattr__(self, each.field, each.converted(getattr(self, each.field)))
        given = {each.field: getattr(self, each.field) for each in declared(type(self))}
        refuse(self.title, problems_of(type(self), given, self))

    def to_dict(self) -> dict[str, object]:
        """Plain JSON values, by group where there are groups."""
        assert dataclasses.is_dataclass(self)
        return dataclasses.asdict(self)

    def contradictions(self) -> Iterator[str]:
        """Problems beyond type and range: values that do not go together, or that need a closer look."""
        return iter(())


class GroupedSettings(Settings):
    """Base of a record whose settings lie in groups, and can be given with their group or by their own name.

    ``decoder={"steps": 500}``, ``decoder=DecoderSettings(steps=500)`` and ``decoder_steps=500`` say the same.
    """

    def __init__(self, **given: object) -> None:
        self._take(self._sorted_out(given))

    def replace(self, **changes: object) -> Self:
        """A copy with other values, given as to the constructor."""
        made = object.__new__(type(self))
        made._take(self._sorted_out(changes, self))
        return made

    def value(self, name: str) -> object:
        """The value of a setting by any of its names."""
        each = by_name(all_declared(type(self)))[name]
        return getattr(getattr(self, each.group) if each.group else self, each.field)

    @classmethod
    def from_dict(cls, settings: Mapping[str, object]) -> Self:
        """A record from names and values; unknown names are an `InputError` that suggests the known ones."""
        return cls(**settings)

    @classmethod
    def _sorted_out(cls, given: Mapping[str, object], base: Settings | None = None) -> dict[str, dict[str, object]]:
        """Values by group ("" for the record's own) and field: those given, the others as in `base` or the defaults."""
        groups, known = groups_of(cls), all_declared(cls)
        # `neighbours` was the name of a number before it became that of a group: the value tells which is meant
        whole = {name: given[name] for name in groups if isinstance(given.get(name), Settings | Mapping)}
        single = {name: value for name, value in given.items() if name not in whole}
        refuse_unknown(single, known)
        values: dict[str, dict[str, object]] = {group: {} for group in ("", *groups)}
        for each in known:
            holder = base if base is None or not each.group else getattr(base, each.group)
            values[each.group][each.field] = each.default if holder is None else getattr(holder, each.field)
        for group, record in whole.items():
            values[group] |= _of_group(group, record, groups[group])
        for name, value in single.items():
            each = by_name(known)[name]
            values[each.group][each.field] = value
        return values

    def _take(self, values: Mapping[str, Mapping[str, object]]) -> None:
        """Put values into this new record, or raise all that is wrong with them."""
        groups = groups_of(type(self))
        ready = {
            group: {each.field: each.converted(values[group][each.field]) for each in declared(record)}
            for group, record in {"": type(self), **groups}.items()
        }
        problems = problems_of(type(self), ready[""])
        refuse(
            self.title, (*problems, *(p for group, record in groups.items() for p in problems_of(record, ready[group])))
        )
        made = {group: record(**ready[group]) for group, record in groups.items()}
        for name, value in {**ready[""], **made}.items():
            object.__setattr__(self, name, value)


def _of_group(group: str, record: object, kind: type[Settings]) -> dict[str, object]:
    """The values of one group by field, given as a record or as a mapping of names."""
    if isinstance(record, Settings):
        if not isinstance(record, kind):
            raise InputError(f"settings: {group} takes {kind.__name__} or a mapping, got {type(record).__name__}.")
        return {each.field: getattr(record, each.field) for each in declared(kind)}
    settings = declared(kind)
    fields = {each.field: each for each in settings} | by_name(settings)
    given = typing.cast(Mapping[str, object], record)
    refuse("settings", (did_you_mean(f"setting of {group}", name, fields) for name in given if name not in fields))
    return {fields[name].field: value for name, value in given.items()}


def declared(record: type[Settings]) -> list[Setting]:
    """The settings that a record declares itself, in their order."""
    hints = get_type_hints(record)
    return [
        Setting(each.name, hints[each.name], each.default, each.metadata[HELP], each.metadata[EXTRAS], record.part)
        for each in _fields(record)
        if HELP in each.metadata
    ]


def groups_of(record: type[Settings]) -> dict[str, type[Settings]]:
    """The groups of settings that a record holds, by field."""
    hints = get_type_hints(record)
    named = {each.name: hints[each.name] for each in _fields(record)}
    return {name: kind for name, kind in named.items() if isinstance(kind, type) and issubclass(kind, Settings)}


def all_declared(record: type[Settings]) -> list[Setting]:
    """The settings of a record and of its groups, its own first."""
    grouped = [
        dataclasses.replace(each, group=group) for group, kind in groups_of(record).items() for each in declared(kind)
    ]
    return [*declared(record), *grouped]


def problems_of(record: type[Settings], given: Mapping[str, object], made: Settings | None = None) -> list[str]:
    """Everything that is wrong with values by field; those of a wrong type are taken for the defaults after that.

    `made` is a record with these values, where there is one: it may have fields that are not declared.
    """
    wrong = {each.field: each.wrong_kind(given[each.field]) for each in declared(record)}
    sound = object.__new__(record)
    for each in _fields(record):
        value = getattr(made, each.name) if made is not None else given.get(each.name, each.default)
        object.__setattr__(sound, each.name, each.default if wrong.get(each.name) else value)
    ranges = [each.out_of_range(getattr(sound, each.field)) for each in declared(record)]
    return [problem for problem in (*wrong.values(), *ranges, *sound.contradictions()) if problem]


def refuse(title: str, problems: Iterable[str]) -> None:
    """All problems in one `InputError`, if there are any."""
    if listed := list(problems):
        raise InputError(f"{title}: " + "; ".join(listed))


def by_name(settings: Iterable[Setting]) -> dict[str, Setting]:
    """Settings by every name under which they can be given: `steps` of the group `decoder` as `decoder.steps` too."""
    found: dict[str, Setting] = {}
    for each in settings:
        dotted = (f"{each.group}.{each.field}",) if each.group else ()
        found |= dict.fromkeys((*each.names, *dotted), each)
    return found


def refuse_unknown(names: Iterable[str], known: Iterable[Setting]) -> None:
    """An `InputError` that suggests the known name for each unknown one."""
    known = list(known)
    taken = by_name(known)
    listed = [each.name for each in known]
    refuse("settings", (did_you_mean("setting", name, listed) for name in names if name not in taken))


def _fields(record: type[Settings]) -> tuple[dataclasses.Field[Any], ...]:
    """The fields of a record; every record of settings is a dataclass."""
    assert dataclasses.is_dataclass(record)
    return dataclasses.fields(record)
