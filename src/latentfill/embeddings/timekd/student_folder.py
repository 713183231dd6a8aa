"""A distilled student on disk: `model.safetensors` and a readable `config.json` in one folder; no code, no pickle."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from latentfill.core.errors import InputError, ModelFormatError

FORMAT = 1
KIND = "timekd-student"
CONFIG, WEIGHTS = "config.json", "model.safetensors"
MADE_BY = "`latentfill distil IN --embeddings OUT -m STUDENT` makes one."
AGAIN = "Distil the student again (`latentfill distil`)."


def write_folder(path: Path, record: Mapping[str, object], weights: Mapping[str, Tensor]) -> None:
    """Write a folder that appears whole or not at all; an older student there is replaced, nothing else is."""
    target = Path(os.path.realpath(path))
    check_student_path(target)
    text = json.dumps({"format": FORMAT, "kind": KIND, **record}, indent=1)
    with _replacing_folder(target) as folder:
        (folder / CONFIG).write_text(text + "\n", encoding="utf-8")
        save_file({name: weight.detach().cpu().contiguous() for name, weight in weights.items()}, folder / WEIGHTS)


def read_folder(folder: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The record and the weights that `write_folder` was given."""
    record = read_record(folder)
    try:
        return record, load_file(folder / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise ModelFormatError(f"{folder}/{WEIGHTS} is missing or damaged: {error}. {AGAIN}") from error


def is_student(path: str | os.PathLike[str]) -> bool:
    """Whether a folder holds a saved student, and nothing else."""
    try:
        read_record(Path(path))
        return {item.name for item in Path(path).iterdir()} <= {CONFIG, WEIGHTS}
    except (OSError, ModelFormatError):
        return False


def check_student_path(path: str | os.PathLike[str]) -> None:
    """Refuse a place where a student cannot go; worth a call before training one."""
    path = Path(path)
    try:
        above = next(folder for folder in path.absolute().parents if folder.exists())
        if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
            raise InputError(f"{path} cannot be made: {above} is not a folder that can be written to.")
        if path.exists() and not path.is_dir():
            raise InputError(f"{path} is a file; a student is a folder, so name a new one.")
        if path.exists() and any(path.iterdir()) and not is_student(path):
            raise InputError(f"{path} is a folder that holds something other than a student; name a new folder.")
    except OSError as error:  # such as a name too long, or a folder that may not be read
        raise InputError(f"the student cannot be written to {path}: {error.strerror or error}.") from error


@contextmanager
def _replacing_folder(target: Path) -> Iterator[Path]:
    """Gives a new folder that takes the place of `target` when the block ends well; else all stays as it was."""
    partial, old = (target.with_name(f".{uuid.uuid4().hex}.{word}") for word in ("partial", "old"))
    try:
        partial.mkdir(parents=True)
        yield partial
        if target.exists():
            target.rename(old)
        partial.rename(target)
    except OSError as error:
        raise InputError(f"the student cannot be written to {target}: {error.strerror or error}.") from error
    finally:
        if old.exists() and not target.exists():  # stopped between the two
            old.rename(target)
        for leftover in (partial, old):
            shutil.rmtree(leftover, ignore_errors=True)


def read_record(folder: Path) -> dict[str, Any]:
    """The readable part."""
    try:
        record = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelFormatError(
            f"{folder} is no student: its {CONFIG} cannot be read ({error.strerror or error}). {MADE_BY}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ModelFormatError(f"{folder}/{CONFIG} is damaged: {error}. {AGAIN}") from error
    if not isinstance(record, dict) or record.get("kind") != KIND:
        raise ModelFormatError(f"{folder} is no student: its {CONFIG} is that of something else. {MADE_BY}")
    if record.get("format") != FORMAT:
        raise ModelFormatError(
            f"{folder}/{CONFIG} has format {record.get('format')!r}, this version reads {FORMAT}. {AGAIN}"
        )
    return record


@contextmanager
def told_as_damage(folder: Path) -> Iterator[None]:
    """Whatever goes wrong inside is due to a config.json that was changed."""
    try:
        yield
    except KeyError as error:
        raise ModelFormatError(f"{folder}/{CONFIG} has no {error}. {AGAIN}") from error
    except (TypeError, ValueError) as error:
        raise ModelFormatError(f"{folder}/{CONFIG} cannot be used: {error}. {AGAIN}") from error
