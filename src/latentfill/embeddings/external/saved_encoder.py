"""Loads encoders from files of `torch.jit.save` or `torch.export.save`.

Such a file contains code, which `registry` allows only where the user trusts it.
"""

from __future__ import annotations

import hashlib
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from latentfill.core.errors import InputError
from latentfill.embeddings.external.opened import INPUTS_ATTRIBUTE, OpenedEncoder, one_line, weights_of


@dataclass(frozen=True, slots=True)
class SavedKind:
    """A kind of file, and how to recognise it."""

    noun: str
    marks: frozenset[str]  # names of files in its archive, at least one of which must exist


KINDS: Mapping[str, SavedKind] = {
    "torchscript": SavedKind("a TorchScript file, as torch.jit.save writes it", frozenset({"constants.pkl"})),
    "export": SavedKind(  # torch before 2.8 writes the second mark
        "a file as torch.export.save writes it", frozenset({"archive_format", "serialized_exported_program.json"})
    ),
}


def load_torchscript(where: str, device: torch.device) -> OpenedEncoder:
    """The module in a file that `torch.jit.save` wrote, in evaluation mode."""
    path = _checked(where, "torchscript")
    extra = {INPUTS_ATTRIBUTE: ""}
    with _reported_as_unloadable(path), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch 2.13 recommends torch.export instead
        module = torch.jit.load(str(path), map_location=device, _extra_files=extra)  # type: ignore[no-untyped-call]
        call = module.eval()
    return OpenedEncoder(call, _source(path), weights_of(call), _text(extra[INPUTS_ATTRIBUTE]))


def load_export(where: str, device: torch.device) -> OpenedEncoder:
    """The program in a file that `torch.export.save` wrote, in the mode in which it was exported."""
    path = _checked(where, "export")
    extra = {INPUTS_ATTRIBUTE: ""}
    with _reported_as_unloadable(path), path.open("rb") as file:
        from torch.export.passes import move_to_device_pass

        program = move_to_device_pass(torch.export.load(file, extra_files=extra), device)
        call, sizes = program.module(), _sizes_of_first_input(program)
    return OpenedEncoder(call, _source(path), weights_of(call), _text(extra[INPUTS_ATTRIBUTE]), sizes)


def _sizes_of_first_input(program: torch.export.ExportedProgram) -> tuple[int | None, ...]:
    """The size of each axis of the first input, None for any size."""
    name = next(iter(program.graph_signature.user_inputs), None)
    node = next((node for node in program.graph.nodes if node.op == "placeholder" and node.name == name), None)
    shape = () if node is None else node.meta["val"].shape
    return tuple(size if isinstance(size, int) else None for size in shape)


def _checked(where: str, kind: str) -> Path:
    """The path of a file, checked to be of this kind, as torch's own errors are a page long."""
    path = Path(where)
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.rpartition("/")[2] for name in archive.namelist()}
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except zipfile.BadZipFile as error:
        raise InputError(f"{path} is not {KINDS[kind].noun}.") from error
    if not names & KINDS[kind].marks:
        others = [f" Give it as {other}:{path}." for other, saved in KINDS.items() if names & saved.marks]
        raise InputError(f"{path} is not {KINDS[kind].noun}.{''.join(others)}")
    return path


@contextmanager
def _reported_as_unloadable(path: Path) -> Iterator[None]:
    """Turn any error in the block into an `InputError` about the file."""
    try:
        yield
    except Exception as error:  # torch raises errors of many types for damaged files
        raise InputError(
            f"{path} cannot be loaded: {one_line(error)}. Save it again with the version of torch installed here."
        ) from error


def _source(path: Path) -> dict[str, object]:
    """Name and SHA-256 of a file, as its code is part of the encoder."""
    with path.open("rb") as file:
        return {"file": path.name, "file_digest": hashlib.file_digest(file, "sha256").hexdigest()}


def _text(extra: str | bytes) -> str | None:
    """The text of an extra file; None if it is missing or empty."""
    return (extra.decode() if isinstance(extra, bytes) else extra) or None
