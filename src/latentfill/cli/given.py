"""What a command was given, as settings: flags win over --set, --set over the settings file, that over the defaults."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from latentfill.cli.options import Given
from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.setting import Setting
from latentfill.core.settings import Settings, all_declared, by_name, declared, groups_of
from latentfill.tables.options import TableOptions

if TYPE_CHECKING:
    from latentfill.imputation.imputer import Imputer

KNOWN: Mapping[str, Setting] = by_name((*declared(TableOptions), *all_declared(Config)))
GROUPS: Mapping[str, type[Settings]] = groups_of(Config) | {"reading": TableOptions}


def make_imputer(given: Given) -> Imputer:
    """An imputer with the settings that a command was given."""
    from latentfill.imputation.imputer import Imputer

    return Imputer(**(more_settings(given) | settings_among(given)))


def more_settings(given: Given) -> Given:
    """Settings from the file that --config names, and from --set."""
    settings = _settings_in(read_config(given["config"])) if given["config"] else {}
    settings |= dict(_name_and_value(item) for item in given["set_"] or [])
    return settings


def settings_among(given: Given, *, without: Collection[str] = ()) -> Given:
    """The settings among a command's options, those that were given."""
    return {
        name: KNOWN[name].from_text(value)
        for name, value in given.items()
        if name in KNOWN and name not in without and value is not None and value is not False
    }


def config_and_reading(given: Given, **more: object) -> tuple[Config, TableOptions]:
    """The settings of the method and `more`, and how to read a table, for commands that fit no imputer."""
    from latentfill.imputation.user_settings import divided

    return divided(None, settings_among(given) | more)


def read_config(path: Path) -> dict[str, object]:
    """Names and values from a settings file, .toml or .json."""
    import tomllib

    try:
        text = path.read_text(encoding="utf-8-sig")
        settings = tomllib.loads(text) if path.suffix.lower() == ".toml" else json.loads(text)
    except OSError as error:
        raise InputError(f"the settings file {path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        kind = path.suffix.lstrip(".") or "JSON"
        raise InputError(f"the settings file {path} is not valid {kind}: {error}.") from error
    if not isinstance(settings, dict):
        raise InputError(f"the settings file {path} must hold names and values, got {type(settings).__name__}.")
    return settings


def numbers(name: str, text: str) -> tuple[float, ...]:
    """The numbers in a comma list that a flag was given."""
    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise InputError(f"--{name} takes numbers, separated by commas, got {text!r}.") from error


def whole_numbers(name: str, text: str) -> tuple[int, ...]:
    """The whole numbers in a comma list that a flag was given."""
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise InputError(f"--{name} takes whole numbers, separated by commas, got {text!r}.") from error


def _settings_in(file: Mapping[str, object]) -> Given:
    """Settings of a file by name, those in groups too; a group is a table, such as `[decoder]`."""
    found: Given = {}
    for name, value in file.items():
        if name in GROUPS and isinstance(value, Mapping):
            names = {each.field: each.name for each in declared(GROUPS[name])}
            found |= {names.get(field, str(field)): one for field, one in value.items()}
        else:
            found[name] = value
    return {name: _read(name, value) for name, value in found.items()}


def _name_and_value(item: str) -> tuple[str, object]:
    name, equals, text = item.partition("=")
    if not equals:
        raise InputError(f"--set takes NAME=VALUE, got {item!r}.")
    name = name.strip().replace("-", "_")
    if name in KNOWN and KNOWN[name].is_list and not text.startswith("["):
        return name, _read(name, text)
    try:
        return name, _read(name, json.loads(text))
    except (ValueError, RecursionError):
        return name, _read(name, text)


def _read(name: str, value: object) -> object:
    return KNOWN[name].from_text(value) if name in KNOWN else value
