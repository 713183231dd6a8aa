"""Damaged folders of a distilled student: loaded, described, and used to embed windows."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

import latentfill
from fuzzing.outcomes import Outcome, outcome_of
from latentfill.embeddings.protocols.embedder import RawWindows
from latentfill.embeddings.timekd.student import DistilledStudent

FILES = ("config.json", "model.safetensors")


@cache
def whole() -> Mapping[str, bytes]:
    """The files of an intact student."""
    old = DistilledStudent.load(Path(__file__).parents[1] / "embeddings/timekd/fixtures/student-1")
    with tempfile.TemporaryDirectory() as folder:
        old.save(Path(folder) / "student")
        return {file.name: file.read_bytes() for file in (Path(folder) / "student").iterdir()}


def outcome(files: Mapping[str, bytes]) -> Outcome:
    """What comes of a folder with these files."""
    with tempfile.TemporaryDirectory() as folder:
        for file, data in files.items():
            (Path(folder) / file).write_bytes(data)
        described = outcome_of(lambda: latentfill.inspect(Path(folder)))
        embedded = outcome_of(lambda: _embed(Path(folder)))
    return "refused" if "refused" in (described, embedded) else "works"


def _embed(folder: Path) -> None:
    student = DistilledStudent.load(folder)
    scaled = np.sin(np.arange(3 * student.length * 2.0)).reshape(3, student.length, 2)
    windows = RawWindows(scaled, scaled, None, ("a", "b"), np.zeros(2), None)
    assert np.isfinite(student.embed(windows)).all()
