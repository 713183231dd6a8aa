"""Encoders of any origin, opened: an attribute of a Python package, a TorchScript file, a torch.export file.

All three run code of whoever wrote them: open only what you trust, as you would a program.
"""

from __future__ import annotations

import difflib
import hashlib
import importlib
import importlib.util
import inspect
import os
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from latentfill.core.errors import InputError

DECLARED = "latentfill_inputs"  # attribute of a module, or extra file of a saved one: what it takes, as `Inputs` reads
EXPORT_MARKS = ("archive_format", "serialized_exported_program.json")  # files inside; the second of torch before 2.8
SCRIPT_MARKS = ("constants.pkl",)


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """Something that makes vectors of tensors, in evaluation mode, and what is known of it."""

    call: Callable[..., Any]
    about: Mapping[str, object]  # where it comes from, JSON values
    weights: Mapping[str, Tensor] | None = None  # None: it does not tell
    inputs: str | None = None  # what it says it takes
    sizes: tuple[int | None, ...] = ()  # of the axes of its first input, None where any size will do


def open_attribute(where: str, device: torch.device) -> Opened:
    """`package.attr`: a module or function, or a class or function without arguments that makes one.

    What lies in the current folder can be imported too.
    """
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())  # the last, so that no file that happens to be there hides what is installed
    call = _made(_resolved(where), where)
    if isinstance(call, nn.Module):
        call = call.to(device).eval()
    declared = getattr(call, DECLARED, None)
    return Opened(call, {"module": where}, _weights_of(call), None if declared is None else str(declared))


def open_torchscript(where: str, device: torch.device) -> Opened:
    """A file that `torch.jit.save` wrote."""
    path = _checked(where, SCRIPT_MARKS, "a TorchScript file, as torch.jit.save writes it")
    extra = {DECLARED: ""}
    with _told_as_unreadable(path), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch 2.13 would rather see torch.export
        load: Any = torch.jit.load  # untyped
        call = load(str(path), map_location=device, _extra_files=extra).eval()
    return Opened(call, _about(path), _weights_of(call), _text(extra[DECLARED]))


def open_export(where: str, device: torch.device) -> Opened:
    """A file that `torch.export.save` wrote; it is as it was exported, so that must have been in evaluation mode."""
    path = _checked(where, EXPORT_MARKS, "a file as torch.export.save writes it")
    extra = {DECLARED: ""}
    with _told_as_unreadable(path), path.open("rb") as file:
        from torch.export.passes import move_to_device_pass

        program = move_to_device_pass(torch.export.load(file, extra_files=extra), device)
        call, sizes = program.module(), _sizes(program)
    return Opened(call, _about(path), _weights_of(call), _text(extra[DECLARED]), sizes)


def _sizes(program: torch.export.ExportedProgram) -> tuple[int | None, ...]:
    """Of the axes of the first input, None where it takes any."""
    first = next(iter(program.graph_signature.user_inputs), None)
    given = next((node for node in program.graph.nodes if node.op == "placeholder" and node.name == first), None)
    shape = () if given is None else given.meta["val"].shape
    return tuple(size if isinstance(size, int) else None for size in shape)


def _resolved(where: str) -> Any:
    """What `package.module.attr.attr` names."""
    parts = where.split(".")
    found: Any = _imported(parts[0], where)
    for count, part in enumerate(parts[1:], start=2):
        name = ".".join(parts[:count])
        if hasattr(found, part):
            found = getattr(found, part)
        elif isinstance(found, ModuleType) and hasattr(found, "__path__") and importlib.util.find_spec(name):
            found = _imported(name, where)
        else:
            known = [one for one in dir(found) if not one.startswith("_")]
            close = difflib.get_close_matches(part, known, n=5) or known[:20]  # a package may hold a thousand
            owner = ".".join(parts[: count - 1])
            raise InputError(f"module:{where}: {owner} has no {part!r}. It has {', '.join(close) or 'nothing'}.")
    return found


def _imported(name: str, where: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:  # whatever a user's module does when it is imported
        raise InputError(
            f"module:{where} cannot be imported: {in_a_line(error)}. It is looked for among what is installed, and "
            f"then in {os.getcwd()}."
        ) from error


def _made(found: Any, where: str) -> Callable[..., Any]:
    """`found`, or what it makes if it is a class or a function without arguments."""
    made = found
    if inspect.isclass(found) or (not isinstance(found, nn.Module) and callable(found) and _takes_nothing(found)):
        try:
            made = found()
        except (Exception, SystemExit) as error:  # whatever a user's class or function does
            raise InputError(
                f"module:{where} cannot be made without arguments: {in_a_line(error)}. Write a function without "
                "arguments that makes it."
            ) from error
    if not callable(made):
        what = "is" if made is found else "makes"
        raise InputError(
            f"module:{where} {what} a {type(made).__name__}, which cannot be called. Name a torch module, or a "
            "function that takes tensors and returns one: module:package.attr."
        )
    encoder: Callable[..., Any] = made
    return encoder


def _takes_nothing(function: Callable[..., Any]) -> bool:
    """Whether a function is called without arguments, and so makes an encoder rather than being one."""
    try:
        signature = inspect.signature(function)
        signature.bind()
    except (TypeError, ValueError):  # it needs some; or it is built in and does not tell
        return False
    return all(one.kind is not one.VAR_POSITIONAL for one in signature.parameters.values())


def _weights_of(call: Callable[..., Any]) -> dict[str, Tensor] | None:
    """Parameters and buffers by name."""
    if not isinstance(call, nn.Module):
        return None
    return {name: value for name, value in call.state_dict().items() if isinstance(value, Tensor)}


def _checked(where: str, marks: tuple[str, ...], wanted: str) -> Path:
    """A file whose archive holds what files of its kind do: torch tells that of others in a page of its own."""
    path = Path(where)
    try:
        with zipfile.ZipFile(path) as archive:
            held = {name.rpartition("/")[2] for name in archive.namelist()}
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except zipfile.BadZipFile as error:
        raise InputError(f"{path} is not {wanted}.") from error
    if not held.intersection(marks):
        kinds = {"export": EXPORT_MARKS, "torchscript": SCRIPT_MARKS}
        other = next((f" Give it as {kind}:{path}." for kind, these in kinds.items() if held.intersection(these)), "")
        raise InputError(f"{path} is not {wanted}.{other}")
    return path


@contextmanager
def _told_as_unreadable(path: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # torch has no type of its own for a damaged file
        raise InputError(
            f"{path} cannot be loaded: {in_a_line(error)}. Save it again, with this version of torch."
        ) from error


def _about(path: Path) -> dict[str, object]:
    """The name of a file, and the SHA-256 of its bytes: the code in it is part of the encoder."""
    with path.open("rb") as file:
        return {"file": path.name, "file_digest": hashlib.file_digest(file, "sha256").hexdigest()}


def _text(extra: str | bytes) -> str | None:
    """What an extra file holds; None if it is not there."""
    return (extra.decode() if isinstance(extra, bytes) else extra) or None


def in_a_line(error: BaseException) -> str:
    """What an error says, its last line where it has several: the one that names the cause, torch puts it there."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[-1].strip()}" if lines else type(error).__name__
