"""Settings given by name, divided between the method (`Config`) and the reading of tables (`TableOptions`)."""

from __future__ import annotations

from collections.abc import Mapping

from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.settings import all_declared, by_name, declared, groups_of, refuse_unknown
from latentfill.tables.options import TableOptions

READING = by_name(declared(TableOptions))  # settings of `TableOptions`, by name
METHOD = by_name(all_declared(Config))  # settings of `Config`, by name


def divide_settings(config: Config | None, settings: Mapping[str, object]) -> tuple[Config, TableOptions]:
    """The `Config` and `TableOptions` with these settings; one `InputError` lists all problems.

    If `length` is given without `stride` and is shorter than the default stride, the stride is a quarter of `length`.
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
    """Raise an `InputError` if a fitted model depends on any of the settings: they cannot be changed on it."""
    known = {**METHOD, **READING}
    refuse_unknown(settings, known.values())
    fixed = [name for name in settings if known[name].refit]
    if fixed:
        raise InputError(
            f"{', '.join(fixed)} cannot be changed on a fitted model, which depends on it. Fit again, or leave it out."
        )
