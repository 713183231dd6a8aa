"""Settings that are declared once: checks, flags, `help()`, the settings page and the config file follow from it."""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any, ClassVar, Literal, Self, TypeVar, get_args, get_origin, get_type_hints

from latentfill.core.errors import InputError, did_you_mean

Part = Literal["reading", "method", "writing"]
SettingsType = TypeVar("SettingsType", bound="Settings")
_DECLARED = "setting"  # key of a dataclass field's metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What is declared of a setting beside its type and default."""

    help: str  # what it is, and its unit
    why: str  # the reason for the default, or for the range
    flag: str  # of the command line; "" where only --set and the config file reach it
    more_flags: tuple[str, ...]  # other spellings of the flag that are accepted
    panel: str  # heading of the flag in a command's help; "" for the one of its group
    names: tuple[str, ...]  # what it is called outside its group, today's name first; () for the name of its field
    least: float | None  # smallest value allowed
    most: float | None  # largest value allowed
    above: float | None  # values must be larger than this
    below: float | None  # values must be smaller than this
    refit: bool  # whether another value asks for another fit; else it can be changed on a fitted model
    none: object  # what the word "none" stands for in a command or a file


def setting(
    default: object,
    help: str,
    *,
    why: str = "",
    flag: str = "",
    more_flags: tuple[str, ...] = (),
    panel: str = "",
    names: tuple[str, ...] = (),
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
    below: float | None = None,
    refit: bool = True,
    none: object = None,
) -> Any:
    """A field of a `Settings` record; see `Declaration` for the arguments."""
    told = Declaration(
        help=help,
        why=why,
        flag=flag,
        more_flags=more_flags,
        panel=panel,
        names=names,
        least=least,
        most=most,
        above=above,
        below=below,
        refit=refit,
        none=none,
    )
    return dataclasses.field(default=default, metadata={_DECLARED: told})


@dataclass(frozen=True, slots=True)
class Setting:
    """A declared setting, as checks, options and pages see it."""

    field: str  # its name within its group
    kind: object  # its type
    default: object
    declaration: Declaration
    part: Part
    group: str = ""  # the field of the config that holds its group; "" for the config's own settings

    @property
    def name(self) -> str:
        """What it is called in messages, in `--set NAME=VALUE` and as a keyword."""
        return self.names[0]

    @property
    def names(self) -> tuple[str, ...]:
        """All names under which it can be given without its group, today's first."""
        return self.declaration.names or (self.field,)

    @property
    def choices(self) -> tuple[str, ...]:
        """The words allowed, where it takes one of a few."""
        return get_args(self.bare) if get_origin(self.bare) is Literal else ()

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
        d = self.declaration
        low = f"above {d.above:g}" if d.above is not None else f"at least {d.least}" if d.least is not None else ""
        high = f"below {d.below:g}" if d.below is not None else f"at most {d.most}" if d.most is not None else ""
        if d.least is not None and d.most is not None:
            return f"from {d.least} to {d.most}"
        return " and ".join(filter(None, (low, high)))

    def converted(self, value: object) -> object:
        """`value` with lists as tuples, and a text with commas as the list that it stands for."""
        if not self.is_list:
            return value
        return split_names(value) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value

    def from_text(self, value: object) -> object:
        """A value from a command or a file, where the word "none" stands for None."""
        if value == "none" and (self.nullable or self.declaration.none is not None) and "none" not in self.choices:
            return self.declaration.none
        return value

    def wrong_kind(self, value: object) -> str:
        """What is wrong with the type of `value`, or ""."""
        if value is None and self.nullable:
            return ""
        if self.choices:
            wanted = "" if value in self.choices else f"one of {', '.join(self.choices)}"
        else:
            kind = tuple if self.is_list else self.bare
            wanted = "" if _is_a(value, kind) else _WANTED[typing.cast(type, kind)]
        return f"{self.name} must be {wanted}{self._or_none}, got {value!r}" if wanted else ""

    def out_of_range(self, value: object) -> str:
        """What is wrong with a `value` of the right type, or ""."""
        if not isinstance(value, int | float):
            return ""
        d = self.declaration
        low = (d.least is None or value >= d.least) and (d.above is None or value > d.above)
        high = (d.most is None or value <= d.most) and (d.below is None or value < d.below)
        return "" if low and high else f"{self.name} must be {self.range}{self._or_none}, got {value}"

    @property
    def _or_none(self) -> str:
        return ", or none" if self.nullable else ""


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

    def to_dict(self) -> dict[str, object]:
        """Plain JSON values by group, the inverse of `from_dict`."""
        return dataclasses.asdict(typing.cast(Any, self))

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
        Setting(each.name, hints[each.name], each.default, each.metadata[_DECLARED], record.part)
        for each in dataclasses.fields(typing.cast(Any, record))
        if _DECLARED in each.metadata
    ]


def groups_of(record: type[Settings]) -> dict[str, type[Settings]]:
    """The groups of settings that a record holds, by field."""
    hints = get_type_hints(record)
    named = {each.name: hints[each.name] for each in dataclasses.fields(typing.cast(Any, record))}
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
    for each in dataclasses.fields(typing.cast(Any, record)):
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
