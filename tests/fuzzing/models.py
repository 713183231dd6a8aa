"""Damaged model folders: loaded, described, and applied to a table."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from safetensors.numpy import load, save

import latentfill
from fuzzing.damage import ARRAY_CHANGES, changed_json
from fuzzing.outcomes import Outcome, outcome_of
from latentfill.core.folder_digests import DIGESTS, with_digests

FIXTURES = Path(__file__).parents[1] / "imputation/saving/fixtures"
CONFIG, SCALER, ARRAYS = FILES = ("config.json", "scaler.json", "model.safetensors")
NAMES = ("model", "past", "kinds")

Files = Mapping[str, bytes]  # content by name


@cache
def whole(name: str) -> Files:
    """The files of an intact model: with networks, of the past alone, or with columns of many kinds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        if name == "kinds":
            latentfill.Imputer(effort="quick", fill_text=True).fit(_kinds()).save(path)
        else:
            latentfill.Imputer.load(FIXTURES / "format-8" / name).save(path)
        return {file.name: file.read_bytes() for file in path.iterdir()}


@cache
def table(name: str) -> pd.DataFrame:
    """A table that the model can be applied to."""
    return _kinds() if name == "kinds" else pd.read_csv(FIXTURES / "table.csv", parse_dates=["time"])


def _kinds() -> pd.DataFrame:
    rng, hours = np.random.default_rng(0), np.arange(240)
    wave = np.sin(2 * np.pi * hours / 24)
    frame = pd.DataFrame(
        {
            "time": pd.date_range("2024-01-01", periods=240, freq="h"),
            "wind_dir": (350 + 30 * wave + rng.normal(size=240)).round() % 360,
            "meter": np.cumsum(rng.integers(0, 5, 240)).astype(float),
            "rain": np.where(rng.random(240) < 0.7, 0.0, rng.exponential(size=240)).round(1),
            "status": np.where(hours % 24 < 8, 1.0, 3.0),
            "x": wave + 0.1 * rng.normal(size=240),
        }
    )
    for start in (30, 90, 160):
        frame.iloc[start : start + 5, 1:] = np.nan
    frame["word"] = np.where(hours % 24 < 8, "idle", "busy")
    frame.loc[50:54, "word"] = None
    return frame


def outcome(files: Files, name: str) -> Outcome:
    """What comes of a folder with these files, in place of the model `name`."""
    with tempfile.TemporaryDirectory() as folder:
        for file, data in files.items():
            (Path(folder) / file).write_bytes(data)
        described = outcome_of(lambda: json.dumps(latentfill.inspect(Path(folder))))
        applied = outcome_of(lambda: _apply(Path(folder), name))
    return "refused" if "refused" in (described, applied) else "works"


def _apply(folder: Path, name: str) -> None:
    imputation = latentfill.Imputer.load(folder, intervals=0.9).fill(table(name))
    filled = imputation.filled.values
    assert not np.isinf(filled).any(), "infinite values"
    json.dumps(imputation.summary)


def signed(files: Files) -> Files:
    """The files with digests as if they had been written so; unchanged if config.json is no longer a record."""
    try:
        record = json.loads(files[CONFIG])
        del record[DIGESTS]
    except (ValueError, KeyError, TypeError):
        return files
    with tempfile.TemporaryDirectory() as folder:
        for file, data in files.items():
            (Path(folder) / file).write_bytes(data)
        names = [file for file in files if file != CONFIG]
        return {**files, CONFIG: json.dumps(with_digests(record, Path(folder), names)).encode()}


def with_json(files: Files, file: str, changes: Sequence[tuple[float, Any]]) -> Files:
    """The files with other values in one of those of JSON, and digests that fit."""
    return signed({**files, file: changed_json(files[file], changes)})


def with_arrays(files: Files, changes: Sequence[tuple[float, str]]) -> Files:
    """The files with damaged arrays, and digests that fit."""
    arrays = load(files[ARRAYS])
    for share, what in changes:
        name = sorted(arrays)[int(share * len(arrays))]
        arrays[name] = np.ascontiguousarray(ARRAY_CHANGES[what](arrays[name]))
    return signed({**files, ARRAYS: save(arrays)})
