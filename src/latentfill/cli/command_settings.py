"""Settings from the options of a command. Flags override --set, --set the config file, the config file the defaults."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from latentfill.cli.options import Given
from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.inputs import refuse_special
from latentfill.core.setting_type import Setting
from latentfill.imputation.user_settings import METHOD, READING, divide_settings, settings_by_name
from latentfill.tables.options import TableOptions

if TYPE_CHECKING:
    from latentfill.imputation.imputer import Imputer

KNOWN: Mapping[str, Setting] = {**METHOD, **READING}


def make_imputer(given: Given) -> Imputer:
    """An imputer with the settings from a command's flags, --set and config file."""
    from latentfill.imputation.imputer import Imputer

    return Imputer(covariates=given["covariates"], **(file_and_set_settings(given) | flag_settings(given)))


def file_and_set_settings(given: Given) -> Given:
    """Settings from the file that --config names and from --set; --set overrides the file."""
    in_file = read_config(given["config"]) if given["config"] else {}
    settings = {name: _from_text(name, value) for name, value in settings_by_name(in_file).items()}
    settings |= dict(_name_and_value(item) for item in given["set_"] or [])
    return settings


def flag_settings(given: Given) -> Given:
    """Settings from the flags that were given."""
    return {
        name: KNOWN[name].from_text(value)
        for name, value in given.items()
        if name in KNOWN and value is not None and value is not False
    }


def config_and_reading(given: Given) -> tuple[Config, TableOptions]:
    """The settings of the method and the options for reading the table, for commands that fit no imputer."""
    return divide_settings(None, flag_settings(given))


def read_config(path: Path) -> dict[str, object]:
    """Names and values from a config file, .toml or .json."""
    import tomllib

    refuse_special(path)
    kind = path.suffix.lower().lstrip(".")
    if kind not in ("toml", "json"):
        raise InputError(
            f"the config file {path} must end in .toml or .json; `latentfill settings` prints a .toml file."
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
        settings = tomllib.loads(text) if kind == "toml" else json.loads(text)
    except OSError as error:
        raise InputError(f"the config file {path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"the config file {path} is not valid {kind}: {error}.") from error
    if not isinstance(settings, dict):
        raise InputError(f"the config file {path} must hold names and values, got {type(settings).__name__}.")
    return settings


def parse_numbers(name: str, text: str) -> tuple[float, ...]:
    """The numbers in the value `text` of the flag `name`, separated by commas."""
    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise InputError(f"--{name} takes numbers, separated by commas, got {text!r}.") from error


def parse_whole_numbers(name: str, text: str) -> tuple[int, ...]:
    """The whole numbers in the value `text` of the flag `name`, separated by commas."""
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise InputError(f"--{name} takes whole numbers, separated by commas, got {text!r}.") from error


def _name_and_value(item: str) -> tuple[str, object]:
    """Name and value of an item of --set; the value is read as JSON if it is valid JSON, else as text."""
    name, equals, text = item.partition("=")
    if not equals:
        raise InputError(f"--set takes NAME=VALUE, got {item!r}.")
    name = name.strip().replace("-", "_")
    if name in KNOWN and KNOWN[name].is_list and not text.startswith("["):
        return name, _from_text(name, text)
    try:
        return name, _from_text(name, json.loads(text))
    except (ValueError, RecursionError):
        return name, _from_text(name, text)


def _from_text(name: str, value: object) -> object:
    return KNOWN[name].from_text(value) if name in KNOWN else value
