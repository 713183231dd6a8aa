"""Reads and writes the folder of a student: weights in `model.safetensors`, everything else in `config.json`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NotRequired, TypedDict, cast, get_type_hints

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from latentfill.core.errors import ModelFormatError
from latentfill.core.folder_digests import digest_problems, with_digests
from latentfill.core.folders import write_folder as write_whole_folder
from latentfill.core.inputs import why_unreadable
from latentfill.core.json_text import parse_json
from latentfill.core.json_types import type_problems
from latentfill.core.memory_limit import check_memory
from latentfill.core.messages import listed
from latentfill.core.output_paths import check_folder_path
from latentfill.nn.weights import value_problems, write_weights

FORMAT, READABLE = 2, (1, 2)  # format 1 has no digests
KIND = "timekd-student"
CONFIG, WEIGHTS = "config.json", "model.safetensors"
HOW_TO_MAKE = "`latentfill distil IN --embeddings OUT -m STUDENT` makes one."
MAKE_AGAIN = "Distil the student again (`latentfill distil`)."


class StudentRecord(TypedDict):
    """The content of `config.json`."""

    format: int
    kind: str
    shape: dict[str, int]  # the fields of a `StudentShape`
    weights_digest: str
    about: dict[str, Any]  # teacher, settings and errors
    digests: NotRequired[dict[str, str]]  # of the files, see `folder_digests`


class About(TypedDict):
    """What is read of `about`, beside what is only shown."""

    table_digest: NotRequired[str]
    table_sketch: NotRequired[list[int]]  # the fingerprint of the table


def write_folder(path: Path, record: Mapping[str, object], weights: Mapping[str, Tensor]) -> None:
    """Write a student's folder, which appears complete or not at all and can replace only an older student."""
    check_student_path(path)

    def write(folder: Path) -> None:
        write_weights(folder / WEIGHTS, weights)
        whole = with_digests({"format": FORMAT, "kind": KIND, **record}, folder, (WEIGHTS,))
        (folder / CONFIG).write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")

    write_whole_folder(path, write)


def read_folder(folder: Path) -> tuple[StudentRecord, dict[str, Tensor]]:
    """The record and the weights in a student's folder; a `ModelFormatError` lists all that is damaged."""
    record = read_record(folder)
    if why := why_unreadable(folder / WEIGHTS):
        raise ModelFormatError(f"{folder}/{WEIGHTS} cannot be read: {why}. Let its owner give you the right to.")
    try:
        changed = digest_problems(cast(Mapping[str, object], record), folder, (WEIGHTS,))
        problems = list(changed) if record["format"] > 1 else []
        check_memory((folder / WEIGHTS).stat().st_size, folder / WEIGHTS)
        weights = load_file(folder / WEIGHTS) if not problems else {}
    except (OSError, SafetensorError) as error:
        raise ModelFormatError(f"{folder}/{WEIGHTS} is missing or damaged: {error}. {MAKE_AGAIN}") from error
    problems = problems or value_problems({name: weight.float().numpy() for name, weight in weights.items()})
    if problems:
        raise ModelFormatError(f"{folder} is damaged: {listed(problems)}. {MAKE_AGAIN}")
    return record, weights


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
        record = parse_json((folder / CONFIG).read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelFormatError(
            f"{folder} is not a student: its {CONFIG} cannot be read ({error.strerror or error}). {HOW_TO_MAKE}"
        ) from error
    except ValueError as error:
        raise ModelFormatError(f"{folder}/{CONFIG} is damaged: {error}. {MAKE_AGAIN}") from error
    if not isinstance(record, dict) or record.get("kind") != KIND:
        raise ModelFormatError(f"{folder} is not a student: its {CONFIG} describes something else. {HOW_TO_MAKE}")
    if type(record.get("format")) is not int or record["format"] not in READABLE:
        raise ModelFormatError(
            f"{folder}/{CONFIG} has format {record.get('format')!r}, this version reads "
            f"{' and '.join(map(str, READABLE))}. {MAKE_AGAIN}"
        )
    if problems := list(_problems(record)):
        raise ModelFormatError(f"{folder}/{CONFIG} cannot be used: {listed(problems)}. {MAKE_AGAIN}")
    return cast(StudentRecord, record)


def _problems(record: Mapping[str, Any]) -> Iterator[str]:
    """Parts of `config.json` that have the wrong type."""
    yield from type_problems(record, StudentRecord)
    about = record.get("about")
    if isinstance(about, Mapping):
        yield from type_problems({name: about[name] for name in get_type_hints(About) if name in about}, About, "about")


@contextmanager
def reported_as_damage(folder: Path) -> Iterator[None]:
    """Turn errors from unusable values of a record, in the block, into a `ModelFormatError` about `config.json`."""
    try:
        yield
    except KeyError as error:
        raise ModelFormatError(f"{folder}/{CONFIG} has no {error}. {MAKE_AGAIN}") from error
    except (TypeError, ValueError) as error:
        raise ModelFormatError(f"{folder}/{CONFIG} cannot be used: {error}. {MAKE_AGAIN}") from error
