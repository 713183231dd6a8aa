"""Writing scores as JSON and CSV, and reading them from JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, cast

from latentfill.core.errors import InputError
from latentfill.core.inputs import refuse_special
from latentfill.core.json_text import parse_json
from latentfill.scoring.scores import Score


def to_json(about: Mapping[str, object], scores: Sequence[Score]) -> bytes:
    """The entries of `about` (table, settings, version) and the scores as JSON text."""
    return (json.dumps({**about, "scores": [asdict(score) for score in scores]}, indent=1) + "\n").encode()


def read_json(path: Path) -> list[Score]:
    """The scores in a file that `to_json` made; raises an `InputError` for any other file."""
    refuse_special(path)
    try:
        record = cast(dict[str, Any], parse_json(path.read_text(encoding="utf-8")))
        return [Score(**score) for score in record["scores"]]
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} does not hold scores that `latentfill evaluate -o` wrote ({error}).") from error


def to_csv(scores: Sequence[Score]) -> bytes:
    """The scores as CSV text, one row each; a field that is None becomes an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [field.name for field in fields(Score)]
    writer.writerow(names)
    for score in scores:
        values = (getattr(score, name) for name in names)
        writer.writerow("" if value is None else value for value in values)
    return text.getvalue().encode()
