"""Damaged binary files as targets for long runs: HDF5 files, stored embeddings, model folders and students."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from fuzzing import banks, h5, models, students
from fuzzing.damage import byte_changes, changed_bytes
from fuzzing.outcomes import REFUSED, Target


def _file(outcome: Callable[[bytes, str], str], whole: bytes, kind: str) -> Target:
    """A file of one kind, of which a few bytes are changed."""
    inputs = byte_changes().map(lambda changes: changed_bytes(whole, changes))
    return Target(f"damaged {kind}", lambda data: outcome(data, kind), inputs)


def _bytes(drawn: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    return drawn.map(lambda value: json.dumps(value).encode())


def model(data: bytes) -> str:
    """What becomes of a model, given its name, a file of it and the changes of its bytes as JSON."""
    try:
        name, file, changes = json.loads(data)
        files = models.whole(name)
        damaged = {**files, file: changed_bytes(files[file], changes)}
    except (ValueError, KeyError, TypeError, AttributeError):
        return REFUSED  # no such change
    return models.outcome(models.signed(damaged), name)


def student(data: bytes) -> str:
    """What becomes of a distilled student, given a file of it and the changes of its bytes as JSON."""
    try:
        file, changes = json.loads(data)
        files = students.whole()
        damaged = {**files, file: changed_bytes(files[file], changes)}
    except (ValueError, KeyError, TypeError, AttributeError):
        return REFUSED
    return students.outcome(models.signed(damaged))


MODELS = st.sampled_from(models.NAMES)
TARGETS = [
    *(_file(h5.outcome, h5.whole(kind), kind) for kind in h5.KINDS),
    *(_file(banks.outcome, banks.whole(ending), ending) for ending in banks.ENDINGS),
    Target(
        "damaged model", model, _bytes(st.tuples(*map(st.sampled_from, (models.NAMES, models.FILES)), byte_changes()))
    ),
    Target("damaged student", student, _bytes(st.tuples(st.sampled_from(students.FILES), byte_changes()))),
]
