"""The text that names an encoder: KIND, KIND:WHERE, or with settings KIND:WHERE+NAME=VALUE+NAME."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

from latentfill.core.errors import InputError, did_you_mean
from latentfill.core.messages import quoted
from latentfill.core.setting_type import Setting
from latentfill.embeddings.protocols.encoder_settings import BY_NAME

SettingValues: TypeAlias = Mapping[str, Any]  # name of a setting -> value, of the type that `_read_value` returns


# A comma separates encoders in a list, so the views of `inputs` are joined by + here.
SETTINGS: Mapping[str, Setting] = {each.flag.removeprefix("--"): each for each in BY_NAME.values()}
_SWITCHES = "|".join(flag for flag, each in SETTINGS.items() if each.base_type is bool)
_BEFORE_SETTING = re.compile(rf"\+(?=[a-z][a-z-]*=|(?:{_SWITCHES})(?:\+|$))")  # a path may hold a + too


@dataclass(frozen=True, slots=True)
class EncoderName:
    """The parts of an encoder's name."""

    kind: str
    where: str  # folder, file, model or Python name; empty if the text gives none
    settings: SettingValues

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `timekd:gpt2+layers=6+truncate` and the like; `InputError` if a setting cannot be read."""
        place, *parts = _BEFORE_SETTING.split(text)
        kind, _, where = place.partition(":")  # at the first colon, as a path may hold more
        settings: dict[str, object] = {}
        for name, value in (_read_setting(text, part) for part in parts):
            if name in settings:
                raise InputError(f"encoder {quoted(text)} sets {flag_of(name)} twice. Leave one of them out.")
            settings[name] = value
        return cls(kind.strip(), where.strip(), settings)


def _read_setting(text: str, part: str) -> tuple[str, object]:
    """Name and value of a setting, from a part of the text such as `layers=6`."""
    flag, _, value = part.partition("=")
    if flag not in SETTINGS:
        raise InputError(f"encoder {quoted(text)}: {did_you_mean('setting', flag, SETTINGS)}.")
    try:
        return SETTINGS[flag].name, _read_value(SETTINGS[flag], value.strip())
    except ValueError as error:
        raise InputError(f"encoder {quoted(text)}: {flag}={value} cannot be read: {error}.") from error


def _read_value(setting: Setting, text: str) -> object:
    if setting.base_type is bool:
        if text:
            raise ValueError("it is a switch, and takes no value")
        return True
    return int(text) if setting.base_type is int else text.replace("+", ",") if setting.name == "inputs" else text


def flag_of(name: str) -> str:
    """The name of a setting in an encoder's name, such as `rough-fill`."""
    return BY_NAME[name].flag.removeprefix("--")
