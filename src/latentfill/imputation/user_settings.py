"""Settings as a user gives them, divided between the method and the reading of tables."""

from __future__ import annotations

from collections.abc import Mapping

from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.messages import quoted
from latentfill.core.setting_type import Setting
from latentfill.core.settings_base import Settings, all_declared, by_current_name, by_name, declared, groups_of
from latentfill.tables.options import TableOptions

READING: Mapping[str, Setting] = by_name(declared(TableOptions))
METHOD: Mapping[str, Setting] = by_name(all_declared(Config))
GROUPS: Mapping[str, type[Settings]] = {**groups_of(Config), "reading": TableOptions}


def settings_by_name(given: Mapping[str, object]) -> dict[str, object]:
    """Values by current name of settings that are given by any of their names, or in groups such as `decoder`.

    Raises an `InputError` for names that are unknown or given twice.
    """
    return by_current_name(given, declared(Config), GROUPS)


def divide_settings(config: Config | None, given: Mapping[str, object]) -> tuple[Config, TableOptions]:
    """The `Config` and `TableOptions` with the given settings; one `InputError` lists all problems."""
    if config is not None and not isinstance(config, Config):
        raise InputError(f"config must be a latentfill.Config, got {quoted(config)}. Give single settings by name.")
    settings = settings_by_name(given)
    method = {name: value for name, value in settings.items() if name in METHOD}
    reading = {READING[name].field: value for name, value in settings.items() if name in READING}
    base, options = config or Config(), TableOptions()
    problems: list[str] = []
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


def changes_to_fitted(given: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """Settings of the method and of reading to change on a fitted model, by current name.

    Raises an `InputError` for settings that the fit depends on.
    """
    settings = settings_by_name(given)
    fixed = [name for name in settings if {**METHOD, **READING}[name].refit]
    if fixed:
        raise InputError(
            f"{', '.join(fixed)} cannot be changed on a fitted model, which depends on it. Fit again, or leave it out."
        )
    method = {name: value for name, value in settings.items() if name in METHOD}
    return method, {name: value for name, value in settings.items() if name in READING}
