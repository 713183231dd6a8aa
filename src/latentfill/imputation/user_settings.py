"""Settings by name, as a user gives them, divided between the method and the reading of tables."""

from __future__ import annotations

from collections.abc import Mapping

from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.settings import all_declared, by_name, declared, groups_of, refuse_unknown
from latentfill.tables.options import TableOptions

READING = by_name(declared(TableOptions))
METHOD = by_name(all_declared(Config))


def divided(config: Config | None, settings: Mapping[str, object]) -> tuple[Config, TableOptions]:
    """A config and table options from names and values; all their problems are raised in one `InputError`.

    Without a stride of its own, a window shorter than the default stride gets one of a quarter of its length.
    """
    groups = groups_of(Config)
    known = (*declared(TableOptions), *all_declared(Config))
    refuse_unknown((name for name in settings if name not in groups), known)
    reading = {READING[name].field: value for name, value in settings.items() if name in READING}
    method = {name: value for name, value in settings.items() if name not in READING}
    base = config or Config()
    length = method.get("length")
    if isinstance(length, int) and length < base.windows.stride:
        method.setdefault("stride", max(1, length // 4))
    problems: list[str] = []
    options = TableOptions()
    try:
        base = base.replace(**method)
    except InputError as error:
        problems.append(str(error))
    try:
        options = TableOptions(**reading)  # type: ignore[arg-type]
    except InputError as error:
        problems.append(str(error))
    if problems:
        raise InputError("; ".join(problems))
    return base, options


def refuse_refit(settings: Mapping[str, object]) -> None:
    """An `InputError` for settings that a fitted model depends on, so that they cannot be changed on it."""
    known = {**METHOD, **READING}
    refuse_unknown(settings, known.values())
    fixed = [name for name in settings if known[name].refit]
    if fixed:
        raise InputError(
            f"{', '.join(fixed)} cannot be changed on a fitted model, which depends on it. Fit again, or leave it out."
        )
