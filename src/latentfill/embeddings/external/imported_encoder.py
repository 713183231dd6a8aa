"""Imports encoders by their dotted names, from Python packages or the current folder.

Importing runs code, which `registry` allows only where the user trusts it.
"""

from __future__ import annotations

import difflib
import hashlib
import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any, TypeGuard

import torch
from torch import nn

from latentfill.core.errors import InputError
from latentfill.embeddings.external.opened import INPUTS_ATTRIBUTE, OpenedEncoder, one_line, weights_of

NAMES_SHOWN = 20  # attributes in a message; a package may have a thousand


def import_encoder(name: str, device: torch.device) -> OpenedEncoder:
    """The encoder called `name`, such as `package.attr`: a torch module, a function, or a factory without arguments.

    Modules in the current folder can be imported too.
    """
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())  # last, so that no file there hides an installed package
    target = _object_at(name)
    call = _encoder_of(target, name)
    if isinstance(call, nn.Module):
        call = call.to(device).eval()
    declared = getattr(call, INPUTS_ATTRIBUTE, None)
    return OpenedEncoder(
        call,
        {"module": name, "code_digest": _code_digest(target, call)},
        weights_of(call),
        None if declared is None else str(declared),
    )


def code_of(name: str) -> str:
    """What importing `name` would run, in words; nothing is imported to find out."""
    package = name.partition(".")[0]
    found = PathFinder.find_spec(package, [*sys.path, os.getcwd()])
    place = None if found is None else found.origin or next(iter(found.submodule_search_locations or ()), None)
    return f"the code of the module {package}" + (f" in {place}" if place else "")


def _code_digest(*objects: object) -> str:
    """SHA-256 of the files in which the objects or their classes are defined; of their names if there are no files."""
    digest = hashlib.sha256()
    for each in objects:
        is_code = inspect.isroutine(each) or inspect.isclass(each)
        definition: Any = each if is_code else type(each)
        try:
            digest.update(Path(inspect.getfile(definition)).read_bytes())
        except (TypeError, OSError):  # built in, or made in a session
            digest.update(f"{definition.__module__}.{definition.__qualname__}".encode())
    return digest.hexdigest()


def _object_at(name: str) -> object:
    """The object that `package.module.attr.attr` names."""
    parts = name.split(".")
    current: object = _import(parts[0], name)
    for end, part in enumerate(parts[1:], start=2):
        path = ".".join(parts[:end])
        if hasattr(current, part):
            current = getattr(current, part)
        elif isinstance(current, ModuleType) and hasattr(current, "__path__") and importlib.util.find_spec(path):
            current = _import(path, name)
        else:
            raise InputError(_no_such_attribute(current, part, ".".join(parts[: end - 1]), name))
    return current


def _no_such_attribute(owner: object, part: str, path: str, name: str) -> str:
    known = [attribute for attribute in dir(owner) if not attribute.startswith("_")]
    close = difflib.get_close_matches(part, known, n=5) or known[:NAMES_SHOWN]
    return f"module:{name}: {path} has no {part!r}. It has {', '.join(close) or 'nothing'}."


def _import(module: str, name: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except (Exception, SystemExit) as error:  # user code may raise anything
        raise InputError(
            f"module:{name} cannot be imported: {one_line(error)}. Installed packages and then "
            f"{os.getcwd()} were searched."
        ) from error


def _encoder_of(target: object, name: str) -> Callable[..., object]:
    """`target`, or its result if it is a factory."""
    encoder = target
    if _is_factory(target):
        try:
            encoder = target()
        except (Exception, SystemExit) as error:  # user code may raise anything
            raise InputError(
                f"module:{name} cannot be called without arguments: {one_line(error)}. Write a function without "
                "arguments that returns the encoder."
            ) from error
    if not callable(encoder):
        verb = "is" if encoder is target else "returns"
        raise InputError(
            f"module:{name} {verb} a {type(encoder).__name__}, which cannot be called. Name a torch module, or a "
            "function that takes tensors and returns one: module:package.attr."
        )
    return encoder


def _is_factory(target: object) -> TypeGuard[Callable[[], object]]:
    """Whether an object is a class or a function without arguments, which returns an encoder when called."""
    if inspect.isclass(target):
        return True
    return callable(target) and not isinstance(target, nn.Module) and _takes_no_arguments(target)


def _takes_no_arguments(function: Callable[..., object]) -> bool:
    """Whether a function can be called without arguments, and has no *args."""
    try:
        signature = inspect.signature(function)
        signature.bind()
    except (TypeError, ValueError):  # it needs arguments, or has no signature as it is written in C
        return False
    return all(parameter.kind is not parameter.VAR_POSITIONAL for parameter in signature.parameters.values())
