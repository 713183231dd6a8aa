"""Opens an engine by its name; a new engine is registered here."""

from __future__ import annotations

from typing import Final

from latentfill.core.errors import InputError, did_you_mean
from latentfill.engines.engine import Engine

ENGINES: Final = ("local", "ray")


def open_engine(name: str, address: str | None = None) -> Engine:
    """The engine with this name; `address` is that of a cluster, without one it is started on this machine.

    Raises an `InputError` for an unknown engine, and for one that is not installed.
    """
    if name == "ray":
        from latentfill.engines.ray_engine import RayEngine

        return RayEngine.installed(address)
    if name != "local":
        raise InputError(f"engine: {did_you_mean('engine', name, ENGINES)}.")
    if address is not None:
        raise InputError("--address is that of a cluster, and --engine local has none: leave it out, or give ray.")
    from latentfill.engines.local_engine import LocalEngine

    return LocalEngine()
