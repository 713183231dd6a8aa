"""A distilled student on disk: `model.safetensors` and a readable `config.json` in one folder; no code, no pickle."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from latentfill.core.errors import ModelFormatError
from latentfill.core.files import check_folder_path, replacing_folder
from latentfill.nn.weights import write_weights

FORMAT = 1
KIND = "timekd-student"
CONFIG, WEIGHTS = "config.json", "model.safetensors"
MADE_BY = "`latentfill distil IN --embeddings OUT -m STUDENT` makes one."
AGAIN = "Distil the student again (`latentfill distil`)."


def write_folder(path: Path, record: Mapping[str, object], weights: Mapping[str, Tensor]) -> None:
    """Write a folder that appears whole or not at all; an older student there is replaced, nothing else is."""
    check_student_path(path)
    text = json.dumps({"format": FORMAT, "kind": KIND, **record}, indent=1)
    with replacing_folder(path) as folder:
        (folder / CONFIG).write_text(text + "\n", encoding="utf-8")
        write_weights(folder / WEIGHTS, weights)


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
    check_folder_path(Path(path), "a student", is_student)


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
