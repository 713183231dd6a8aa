"""Loads pre-trained models from a folder, the local cache or the Hugging Face hub."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from latentfill.core.errors import InputError
from latentfill.core.messages import quoted

Place = str | os.PathLike[str]  # a folder, or the name of a model on the hub


@dataclass(frozen=True, slots=True, kw_only=True)
class PretrainedKind:
    """A kind of pre-trained model: the package that loads it, and names for messages."""

    noun: str
    package: str  # to import
    install: str  # how a user gets the package
    files: str  # what the folder of a model holds
    example: str  # the name of a model on the hub


def load_pretrained(kind: PretrainedKind, loader: str, where: Place, **settings: object) -> object:
    """The result of `loader.from_pretrained(where, **settings)`, where `loader` is a class of the kind's package.

    `where` is a path, or a name that is looked up first in the local cache and then on the hub.
    """
    from_pretrained = getattr(_package_of(kind, where), loader).from_pretrained
    try:
        with quiet_transformers():
            try:
                return from_pretrained(where, **settings, local_files_only=True)
            except Exception:
                if os.path.exists(where):
                    raise
                return from_pretrained(where, **settings, local_files_only=False)
    except Exception as error:  # packages raise errors of many types for folders with other content
        raise InputError(_cannot_load(kind, where, error)) from error


def model_name(where: Place) -> str:
    """The name of the model's folder, or its name on the hub."""
    return Path(where).name if os.path.exists(where) else str(where)


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep transformers from drawing progress bars and listing unused weights inside the block."""
    logging = importlib.import_module("transformers.utils.logging")
    was_on, verbosity = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if was_on:
            logging.enable_progress_bar()


def _package_of(kind: PretrainedKind, where: Place) -> ModuleType:
    try:
        return importlib.import_module(kind.package)
    except ImportError as error:
        raise InputError(
            f"the {kind.noun} {where} cannot be loaded: it needs the package {kind.package}: {kind.install}."
        ) from error


def _cannot_load(kind: PretrainedKind, where: Place, error: Exception) -> str:
    on_hub = kind.example if os.path.isabs(where) or os.path.exists(where) else str(where)
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return (
        f"no {kind.noun} can be loaded from {quoted(str(where))} ({reason}). Give a folder that holds {kind.files}: "
        f"`hf download {on_hub} --local-dir {Path(on_hub).name}` downloads one."
    )
