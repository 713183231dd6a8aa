"""The text that names an encoder: KIND, KIND:WHERE, or KIND:WHERE+NAME=VALUE+NAME with settings of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

from latentfill.core.errors import InputError, did_you_mean

SettingValues: TypeAlias = Mapping[str, Any]  # name of an encoder's setting -> its value, of the type read below


def _read_switch(text: str) -> bool:
    """True for a setting that is switched on by its name alone."""
    if text:
        raise ValueError("it is switched on by its name, and takes no value")
    return True


# Flag of `latentfill embed` -> name of the setting, and how its value is read. A comma separates encoders in a list, so
# the views of `inputs` are joined by + here.
SETTINGS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "layers": ("layers", int),
    "lm-dtype": ("dtype", str),
    "decimals": ("decimals", int),
    "truncate": ("truncate", _read_switch),
    "rough-fill": ("rough_fill", str),
    "missing-word": ("missing_word", str),
    "plain-attention": ("plain_attention", _read_switch),
    "privileged": ("privileged", _read_switch),
    "inputs": ("inputs", lambda text: text.replace("+", ",")),
}
FLAGS: Mapping[str, str] = {setting: flag for flag, (setting, _) in SETTINGS.items()}
_SWITCHES = "|".join(flag for flag, (_, read) in SETTINGS.items() if read is _read_switch)
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
                raise InputError(f"encoder {text!r} sets {FLAGS[name]} twice. Leave one of them out.")
            settings[name] = value
        return cls(kind.strip(), where.strip(), settings)


def _read_setting(text: str, part: str) -> tuple[str, object]:
    """Name and value of a setting, from a part of the text such as `layers=6`."""
    flag, _, value = part.partition("=")
    if flag not in SETTINGS:
        raise InputError(f"encoder {text!r}: {did_you_mean('setting', flag, SETTINGS)}.")
    name, read = SETTINGS[flag]
    try:
        return name, read(value.strip())
    except ValueError as error:
        raise InputError(f"encoder {text!r}: {flag}={value} cannot be read: {error}.") from error
