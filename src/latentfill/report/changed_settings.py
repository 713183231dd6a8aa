"""The settings of a run that differ from the defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict

from latentfill.core.config import Config
from latentfill.tables.options import TableOptions


def changed_settings(about: Mapping[str, object]) -> dict[str, object]:
    """Names and values of the `settings` and of the `reading` of a run that differ from the defaults."""
    parts = {"settings": Config().to_dict(), "reading": asdict(TableOptions())}
    changed: dict[str, object] = {}
    for part, defaults in parts.items():
        usual = dict(_flat(defaults))
        of_run = about.get(part, {})
        assert isinstance(of_run, Mapping)
        changed |= {name: value for name, value in _flat(of_run) if value != usual.get(name)}
    return changed


def _flat(settings: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """The settings, those of a group named `GROUP.NAME`; lists are tuples, as JSON does not tell them apart."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{inner}", each) for inner, each in _flat(value))
        else:
            yield name, tuple(value) if isinstance(value, list) else value
