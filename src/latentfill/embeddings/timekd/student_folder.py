"""Reads and writes the folder of a student: weights in `model.safetensors`, everything else in `config.json`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict, cast

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from latentfill.core.errors import ModelFormatError
from latentfill.core.folders import write_folder as write_whole_folder
from latentfill.core.inputs import why_unreadable
from latentfill.core.output_paths import check_folder_path
from latentfill.nn.weights import write_weights

FORMAT = 1
KIND = "timekd-student"
CONFIG, WEIGHTS = "config.json", "model.safetensors"
HOW_TO_MAKE = "`latentfill distil IN --embeddings OUT -m STUDENT` makes one."
MAKE_AGAIN = "Distil the student again (`latentfill distil`)."


class StudentRecord(TypedDict, total=False):
    """The content of `config.json`; reading it checks only `format` and `kind`."""

    format: int
    kind: str
    shape: dict[str, int]  # the fields of a `StudentShape`
    weights_digest: str
    about: dict[str, object]  # teacher, settings and errors


def write_folder(path: Path, record: Mapping[str, object], weights: Mapping[str, Tensor]) -> None:
    """Write a student's folder, which appears complete or not at all and can replace only an older student."""
    check_student_path(path)
    text = json.dumps({"format": FORMAT, "kind": KIND, **record}, indent=1)

    def write(folder: Path) -> None:
        (folder / CONFIG).write_text(text + "\n", encoding="utf-8")
        write_weights(folder / WEIGHTS, weights)

    write_whole_folder(path, write)


def read_folder(folder: Path) -> tuple[StudentRecord, dict[str, Tensor]]:
    """The record and the weights in a student's folder."""
    record = read_record(folder)
    if why := why_unreadable(folder / WEIGHTS):
        raise ModelFormatError(f"{folder}/{WEIGHTS} cannot be read: {why}. Let its owner give you the right to.")
    try:
        return record, load_file(folder / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise ModelFormatError(f"{folder}/{WEIGHTS} is missing or damaged: {error}. {MAKE_AGAIN}") from error


def is_student(path: str | os.PathLike[str]) -> bool:
    """Whether a folder holds a saved student and nothing else."""
    try:
        read_record(Path(path))
        return {item.name for item in Path(path).iterdir()} <= {CONFIG, WEIGHTS}
    except (OSError, ModelFormatError):
        return False


def check_student_path(path: str | os.PathLike[str]) -> None:
    """Raise an error if a student cannot be written to the path; call it before training, to lose no work."""
    check_folder_path(Path(path), "a student", is_student)


def read_record(folder: Path) -> StudentRecord:
    """The content of `config.json`; raises `ModelFormatError` if it does not describe a student in this format."""
    try:
        record: object = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelFormatError(
            f"{folder} is not a student: its {CONFIG} cannot be read ({error.strerror or error}). {HOW_TO_MAKE}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ModelFormatError(f"{folder}/{CONFIG} is damaged: {error}. {MAKE_AGAIN}") from error
    if not isinstance(record, dict) or record.get("kind") != KIND:
        raise ModelFormatError(f"{folder} is not a student: its {CONFIG} describes something else. {HOW_TO_MAKE}")
    if record.get("format") != FORMAT:
        raise ModelFormatError(
            f"{folder}/{CONFIG} has format {record.get('format')!r}, this version reads {FORMAT}. {MAKE_AGAIN}"
        )
    return cast(StudentRecord, record)


@contextmanager
def reported_as_damage(folder: Path) -> Iterator[None]:
    """Turn errors from unusable values of a record, in the block, into a `ModelFormatError` about `config.json`."""
    try:
        yield
    except KeyError as error:
        raise ModelFormatError(f"{folder}/{CONFIG} has no {error}. {MAKE_AGAIN}") from error
    except (TypeError, ValueError) as error:
        raise ModelFormatError(f"{folder}/{CONFIG} cannot be used: {error}. {MAKE_AGAIN}") from error
