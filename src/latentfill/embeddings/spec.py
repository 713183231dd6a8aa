"""What one text says of an encoder: KIND, KIND:WHERE, or KIND:WHERE+NAME=VALUE+NAME with settings of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from latentfill.core.errors import InputError, did_you_mean


def _yes(text: str) -> bool:
    if text:
        raise ValueError("it is there or not, and takes no value")
    return True


# Flag of `latentfill embed` -> the setting, and how it is read. A comma ends an encoder, so + joins views of inputs.
SETTINGS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "layers": ("layers", int),
    "lm-dtype": ("dtype", str),
    "decimals": ("decimals", int),
    "truncate": ("truncate", _yes),
    "rough-fill": ("rough_fill", str),
    "missing-word": ("missing_word", str),
    "plain-attention": ("plain_attention", _yes),
    "privileged": ("privileged", _yes),
    "inputs": ("inputs", lambda text: text.replace("+", ",")),
}
FLAGS: Mapping[str, str] = {setting: flag for flag, (setting, _) in SETTINGS.items()}
_BARE = "|".join(flag for flag, (_, read) in SETTINGS.items() if read is _yes)
_NEXT = re.compile(rf"\+(?=[a-z][a-z-]*=|(?:{_BARE})(?:\+|$))")  # there may be a + in a path


@dataclass(frozen=True, slots=True)
class EncoderName:
    """An encoder's name taken apart."""

    kind: str
    where: str  # empty if not said
    settings: Mapping[str, Any]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Of `timekd:gpt2+layers=6+truncate` and the like; a setting that cannot be read is an `InputError`."""
        place, *said = _NEXT.split(text)
        kind, _, where = place.partition(":")  # the first colon alone: there may be more in a path
        settings: dict[str, Any] = {}
        for name, value in (_setting(text, one) for one in said):
            if name in settings:
                raise InputError(f"encoder {text!r} says {FLAGS[name]} twice. Leave one of them out.")
            settings[name] = value
        return cls(kind.strip(), where.strip(), settings)


def _setting(text: str, said: str) -> tuple[str, Any]:
    """One setting with its value."""
    flag, _, value = said.partition("=")
    if flag not in SETTINGS:
        raise InputError(f"encoder {text!r}: {did_you_mean('setting', flag, SETTINGS)}.")
    name, read = SETTINGS[flag]
    try:
        return name, read(value.strip())
    except ValueError as error:
        raise InputError(f"encoder {text!r}: {flag}={value} cannot be read: {error}.") from error
