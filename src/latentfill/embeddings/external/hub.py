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
from latentfill.core.json_text import parse_json

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

    `where` is a path, or a name that is looked up first in the local cache and then on the hub. Code that comes with a
    model is never run.
    """
    _check_file_names(kind, where)
    settings = {**settings, "trust_remote_code": False}
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


def _check_file_names(kind: PretrainedKind, where: Place) -> None:
    """Raise an `InputError` if an index of weights in a folder names files outside of it."""
    for path in sorted(Path(where).glob("*.index.json")) if os.path.isdir(where) else ():
        try:
            index = parse_json(path.read_text(encoding="utf-8"))
            names = {str(name) for name in index["weight_map"].values()}  # type: ignore[index]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{path} is no index of weights: {error}. Download the {kind.noun} again.") from error
        if outside := sorted(name for name in names if Path(name).name != name):
            raise InputError(
                f"{path} names weights outside of its folder, such as {outside[0]!r}, which are not read. Download the "
                f"{kind.noun} again, from where you trust it."
            )


def _cannot_load(kind: PretrainedKind, where: Place, error: Exception) -> str:
    if "trust_remote_code" in str(error):
        return (
            f"the {kind.noun} {str(where)!r} comes with code of its own (auto_map in its config.json), which is never "
            f"run. Use one of a kind that the package {kind.package} knows, or write a module that loads it: "
            "--encoder module:package.attr --trust-code."
        )
    if "weights_only" in str(error):
        return (
            f"the weights of the {kind.noun} {str(where)!r} hold more than numbers, such as code that would be run "
            "when they are loaded, so they are not. Use a model with weights in safetensors files."
        )
    on_hub = kind.example if os.path.isabs(where) or os.path.exists(where) else str(where)
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return (
        f"no {kind.noun} can be loaded from {str(where)!r} ({reason}). Give a folder that holds {kind.files}: "
        f"`hf download {on_hub} --local-dir {Path(on_hub).name}` downloads one."
    )
