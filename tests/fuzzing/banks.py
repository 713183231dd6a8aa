"""Damaged packed files, and array files of embeddings: opened, and paired with a table."""

from __future__ import annotations

import io
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save

import latentfill
from fuzzing.outcomes import Outcome, outcome_of
from latentfill.core.config import Config
from latentfill.core.series import Series
from latentfill.embeddings.pairing import pair_embeddings
from latentfill.embeddings.protocols.record import Provenance, RecordedTable
from latentfill.embeddings.stored.packed_digest import seal
from latentfill.embeddings.stored.packed_writing import BesideVectors, SplitVectors, save_packed_file

ENDINGS = (".packed", ".npy", ".npz", ".pt", ".safetensors")
ROWS, LENGTH = 40, 12


def series() -> Series:
    """The table that the embeddings belong to."""
    values = np.sin(np.arange(ROWS)[:, None] / 3 + np.arange(2))
    return Series(values, ("a", "b"), None, np.arange(ROWS))


@cache
def whole(ending: str) -> bytes:
    """An intact file with the embeddings of all windows."""
    vectors = np.random.default_rng(0).normal(size=(ROWS - LENGTH + 1, 2, 4)).astype(np.float32)
    buffer = io.BytesIO()
    if ending == ".packed":
        return _packed(vectors)
    if ending == ".safetensors":
        return save({"embeddings": vectors})
    if ending == ".npy":
        np.save(buffer, vectors)
    elif ending == ".npz":
        np.savez_compressed(buffer, embeddings=vectors)
    else:
        torch.save(torch.tensor(vectors), buffer)
    return buffer.getvalue()


def _packed(vectors: np.ndarray) -> bytes:
    plan = {"split": "none", "seq_len": LENGTH, "pred_len": 0, "embedding_stride": 1, "features": "M", "target": "b"}
    provenance = Provenance(encoder="student", source="computed", settings={"size": 4}, window=plan)
    beside = BesideVectors({"mix": np.ones((2, 2), np.float32)}, RecordedTable.of(series()))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.packed"
        windows = SplitVectors(vectors.shape, vectors, np.arange(len(vectors)))
        save_packed_file(path, {"all": windows}, provenance, beside)
        return path.read_bytes()


def sealed(data: bytes) -> bytes:
    """A packed file with a digest as if it had been written so; unchanged if its header has no place for one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.packed"
        path.write_bytes(data)
        try:
            seal(path)
        except (AssertionError, OverflowError, MemoryError):
            return data
        return path.read_bytes()


def outcome(data: bytes, ending: str) -> Outcome:
    """What comes of a file with these bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{ending}"
        path.write_bytes(data)
        described = outcome_of(lambda: latentfill.inspect(path))
        paired = outcome_of(lambda: _pair(path))
    return "refused" if "refused" in (described, paired) else "works"


def _pair(path: Path) -> None:
    config = Config(embeddings=str(path), seq_len=LENGTH, pred_len=0, split="none")
    for embeddings in pair_embeddings(config, series(), "a").splits.values():
        assert np.isfinite(np.asarray(embeddings.vectors[:])).all()
