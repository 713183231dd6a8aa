"""Damaged HDF5 files: of all windows, of single windows in a folder, and of PyPOTS."""

from __future__ import annotations

import io
import tempfile
from functools import cache
from pathlib import Path

import h5py
import numpy as np

import latentfill
from fuzzing.outcomes import Outcome, outcome_of
from latentfill.embeddings.stored.opening import open_embeddings

KINDS = ("all windows", "one window", "a set")


@cache
def whole(kind: str) -> bytes:
    """An intact file."""
    rng, buffer = np.random.default_rng(0), io.BytesIO()
    with h5py.File(buffer, "w") as file:
        if kind == "all windows":
            file.create_dataset("train/embeddings", data=rng.normal(size=(6, 2, 5)).astype("f4"), compression="gzip")
        elif kind == "one window":
            file.create_dataset("embeddings", data=rng.normal(size=(2, 5)).astype("f4"))
        else:
            panel = rng.normal(size=(4, 12, 2))
            panel[1, 3:5] = np.nan
            file["train/X"] = panel
    return buffer.getvalue()


def outcome(data: bytes, kind: str) -> Outcome:
    """What comes of a file with these bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("1.h5" if kind == "one window" else "a.h5")
        path.write_bytes(data)
        if kind == "one window":
            for number in (0, 2):
                (path.parent / f"{number}.h5").write_bytes(whole(kind))
            return _of_embeddings(path.parent)
        return _of_embeddings(path) if kind == "all windows" else outcome_of(lambda: _fill(path))


def _of_embeddings(path: Path) -> Outcome:
    described = outcome_of(lambda: latentfill.inspect(path))
    read = outcome_of(lambda: _read(path))
    return "refused" if "refused" in (described, read) else "works"


def _read(path: Path) -> None:
    stored = open_embeddings(path)
    for split in stored.splits:
        assert np.isfinite(stored.read(split)).all()


def _fill(path: Path) -> None:
    filled = latentfill.impute(path, strategy="linear")
    assert filled is not None
