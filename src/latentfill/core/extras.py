"""Packages that only some commands need, which the extras of the installation bring."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

from latentfill.core.errors import InputError


def check_extra(purpose: str, packages: Sequence[str], extra: str) -> None:
    """Raise an `InputError` that names the `packages` of an extra which are not installed; `purpose` needs them."""
    missing = [name for name in packages if not is_installed(name)]
    if missing:
        raise InputError(f"{purpose} needs {', '.join(missing)}: pip install 'latentfill[{extra}]'.")


def is_installed(package: str) -> bool:
    """Whether a package can be imported, by the name that it has there."""
    return importlib.util.find_spec(package) is not None
