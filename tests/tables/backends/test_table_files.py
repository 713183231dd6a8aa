"""Table files: Parquet, new CSV files, and paths that are refused."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from latentfill.core.errors import InputError
from latentfill.tables.backends.edits import Edits
from latentfill.tables.backends.read_request import ReadRequest
from latentfill.tables.backends.table_files import (
    check_output_path,
    read_source,
    write_columns,
    write_source,
)


def test_a_parquet_file_is_written_and_read_back(tmp_path):
    frame = pa.table({"a": [1, None, 3]})
    source = read_source(frame, ReadRequest())
    write_source(source, Edits(np.arange(3), {}), tmp_path / "t.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["t.parquet"]
    assert parquet.read_table(tmp_path / "t.parquet").equals(frame)
    source = read_source(tmp_path / "t.parquet", ReadRequest())
    assert source.names == ("a",)
    assert source.n_rows == 3


@pytest.mark.parametrize("name", ["o.csv", "o.parquet"])
def test_columns_are_written_under_their_names_with_empty_cells_for_nan(tmp_path, name):
    columns = {"a": np.array([1, 3, 5], dtype="uint8"), "b,c": np.array([0.5, np.nan, 6]), "m": np.full(3, "x1")}
    write_columns(columns, tmp_path / name)
    back = pd.read_csv(tmp_path / name) if name == "o.csv" else pd.read_parquet(tmp_path / name)
    assert back["a"].tolist() == [1, 3, 5]
    assert back["b,c"].isna().tolist() == [False, True, False]
    assert back["m"].tolist() == ["x1"] * 3


def test_files_that_are_no_tables_are_refused(tmp_path):
    (tmp_path / "t.doc").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    (tmp_path / "t.parquet").write_bytes(b"PAR1 and then nothing")
    for name, words in (
        ("t.doc", "does not say what kind of table"),
        ("t.parquet", "not a readable Parquet"),
        ("none.csv", "no file"),
        ("empty", "folder without tables"),
    ):
        with pytest.raises(InputError, match=words):
            read_source(tmp_path / name, ReadRequest())


def test_an_output_that_cannot_be_written_is_refused(tmp_path):
    source = tmp_path / "t.csv"
    source.write_text("a,b\n1,2\n")
    (tmp_path / "link.csv").symlink_to(source)
    (tmp_path / "folder.csv").mkdir()
    for output, words in (
        (source, "input file itself"),
        (tmp_path / "link.csv", "input file itself"),
        (source / "o.csv", "is not a folder that can be written to"),
        (tmp_path / "folder.csv", "is a folder"),
        (tmp_path / "o.doc", r"\.csv, \.tsv"),
    ):
        with pytest.raises(InputError, match=words):
            check_output_path(source, output)
    check_output_path(source, tmp_path / "o.parquet")


def test_structures_lists_and_maps_pass_through(tmp_path):
    frame = pa.table(
        {
            "a": [1.5, None, 3.0],
            "structure": [{"n": 1, "text": "x"}, {"n": 2, "text": "y"}, None],
            "list": [["u"], ["v", "w"], []],
            "map": pa.array([[("k", 1)], [], [("l", 2)]], pa.map_(pa.string(), pa.int64())),
            "dotted.name": ["p", "q", "r"],
        }
    )
    parquet.write_table(frame, tmp_path / "t.parquet")
    source = read_source(tmp_path / "t.parquet", ReadRequest())
    write_source(source, Edits(np.arange(3), {}), tmp_path / "o.parquet")
    assert parquet.read_table(tmp_path / "o.parquet").equals(parquet.read_table(tmp_path / "t.parquet"))
