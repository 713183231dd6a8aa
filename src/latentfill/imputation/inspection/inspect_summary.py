"""Describing a summary or a file of scores: whether the files that were written with it are still those."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from latentfill.core.errors import InputError
from latentfill.core.inputs import digest

AS_WRITTEN, OTHER, MISSING = "as written", "another", "missing"


def describe_summary(path: Path) -> dict[str, object] | None:
    """What became of the files that were written together with a summary; None if `path` is no summary."""
    if path.suffix.lower() != ".json" or not path.is_file():
        return None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or not isinstance(record.get("outputs"), dict):
        return None
    states = {str(name): _state(path.parent / str(name), known) for name, known in record["outputs"].items()}
    return {"latentfill": record.get("latentfill"), "outputs": states, "problems": _problems(states)}


def _state(path: Path, known: object) -> str:
    if not path.is_file():
        return MISSING
    return AS_WRITTEN if digest(path) == known else OTHER


def _problems(states: Mapping[str, str]) -> list[str]:
    texts = {
        OTHER: "{} is not the file that was written with this summary: it is of another run, or was changed since.",
        MISSING: "{} is missing: it was moved or removed.",
    }
    found = [texts[state].format(name) for name, state in states.items() if state in texts]
    return [*found, "Run the command again to have files that belong together."] if found else []
