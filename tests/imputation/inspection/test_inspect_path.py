"""Descriptions of tables and models by `inspect_path`."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from latentfill import Imputer
from latentfill.core.errors import InputError, ModelFormatError
from latentfill.imputation.inspection.inspect_path import inspect_path
from latentfill.imputation.saving.model_state import FORMAT
from latentfill.tables.options import TableOptions


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    frame = pd.DataFrame({"a": [1.0, None, None, 4.0, 5.0] * 8, "b": [2.0, 3.0, None, 1.0, 0.0] * 8})
    frame.insert(0, "time", pd.date_range("2024-01-01", periods=40, freq="h"))
    frame.to_csv(path, index=False)
    return path


def test_a_table_is_described_by_column_and_gap_length(table: Path):
    description = inspect_path(table, TableOptions())
    assert json.loads(json.dumps(description)) == description
    assert (description["kind"], description["rows"], description["missing_cells"]) == ("table", 40, 24)
    assert description["time"]["columns"] == ["time"]
    assert description["time"]["last"] == "2024-01-02T15:00:00"
    a = description["columns"]["a"]
    assert (a["observed"], a["missing"], a["min"], a["max"], a["longest_gap"]) == (24, 16, 1.0, 5.0, 2)
    assert a["gaps"] == {"1": 0, "2-3": 8, "4-6": 0, "7-24": 0, "25-168": 0, ">168": 0}


def test_a_model_is_described_without_reading_its_weights(table: Path, tmp_path: Path):
    Imputer(strategy="linear").fit(table).save(tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").write_bytes(b"no weights")
    description = inspect_path(tmp_path / "model", TableOptions())
    assert (description["kind"], description["columns"], description["bytes"]) == ("model", ["a", "b"], 10)
    assert list(description["held_out_error"]) == ["built-in"]
    (tmp_path / "model" / "config.json").write_text(json.dumps({"format": FORMAT}))
    with pytest.raises(ModelFormatError, match="cannot be read as a model: it has no 'builtin'"):
        inspect_path(tmp_path / "model", TableOptions())


def test_a_path_that_is_not_there_or_holds_no_embeddings_is_refused(table: Path, tmp_path: Path):
    with pytest.raises(InputError, match="does not exist"):
        inspect_path(tmp_path / "none", TableOptions())
    with pytest.raises(InputError, match=r"--beside goes with embeddings, and .* holds none"):
        inspect_path(table, TableOptions(), beside=table)
