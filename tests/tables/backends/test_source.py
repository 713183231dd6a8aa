"""Files of tables: kinds by name, CSV to Parquet and back, and what is refused."""

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from latentfill.core.errors import InputError
from latentfill.tables.backends.edits import Edits, Fill
from latentfill.tables.backends.source import file_kind, read_source, write_parquet


def sheet_of(folder, text):
    path = folder / "t.csv"
    path.write_text(text)
    return read_source(path, delimiter=None, encoding=None)


def changes():
    """Three rows become four: the third is added with its stamp, and the second column is filled there and before."""
    cells = np.array([False, True, True, False])
    fill = Fill(np.array([1, 2.25, 2.5, 4]), cells, ["2.25", "2.50"])
    return Edits(np.array([0, 1, -1, 2]), {1: fill}, {0: ["c"]})


TEXT = 'date,a,w,\na,1,"x,y",\nb,,z,\nd,4,NA,\n'


def test_a_csv_file_takes_changes_and_keeps_the_rest(tmp_path):
    sheet = sheet_of(tmp_path, TEXT)
    assert sheet.names == ("date", "a", "w", "")
    assert sheet.column(2).texts.to_pylist() == ["x,y", "z", "NA"]
    assert sheet.to_csv(changes()).decode() == TEXT.replace("b,,z,\n", "b,2.25,z,\nc,2.50,,\n")


def test_a_csv_file_becomes_a_frame_of_floats_and_texts(tmp_path):
    out = sheet_of(tmp_path, TEXT).to_frame(changes())
    assert out.schema.types == [pa.string(), pa.float64(), pa.string(), pa.string()]
    assert out.to_pydict() == {
        "date": ["a", "b", "c", "d"],
        "a": [1, 2.25, 2.5, 4],
        "w": ["x,y", "z", None, "NA"],
        "unnamed_4": ["", "", None, ""],
    }


@pytest.mark.parametrize(
    ("name", "kind"), [("a.csv", "csv"), ("A.TSV.GZ", "csv"), ("b.txt", "csv"), ("c.pq", "parquet")]
)
def test_the_kind_of_a_file_is_in_its_name(name, kind):
    assert file_kind(name) == kind


def test_parquet_is_read_as_it_was_written(tmp_path):
    frame = pa.table({"a": [1, None, 3]})
    write_parquet(frame, tmp_path / "t.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["t.parquet"]
    assert parquet.read_table(tmp_path / "t.parquet").equals(frame)
    sheet = read_source(tmp_path / "t.parquet", delimiter=None, encoding=None)
    assert sheet.names == ("a",)
    assert sheet.n_rows == 3


def test_files_that_are_no_tables_are_refused(tmp_path):
    (tmp_path / "t.xlsx").write_bytes(b"")
    (tmp_path / "t.parquet").write_bytes(b"PAR1 and then nothing")
    for name, words in (
        ("t.xlsx", "no table that can be read"),
        ("t.parquet", "not a readable Parquet"),
        ("none.csv", "no file"),
        ("", "folder"),
    ):
        with pytest.raises(InputError, match=words):
            read_source(tmp_path / name, delimiter=None, encoding=None)
