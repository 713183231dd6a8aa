"""CSV files as sources: edits change the edited cells and nothing else."""

import numpy as np
import pyarrow as pa

from latentfill.tables.backends.csv_reading import read_csv
from latentfill.tables.backends.csv_source import CsvSource
from latentfill.tables.backends.edits import Edits, Fill


def source_of(folder, text):
    path = folder / "t.csv"
    path.write_text(text)
    return CsvSource(read_csv(path))


def edits():
    """A third row is added with its stamp; in the second column, the second and the third row are filled."""
    cells = np.array([False, True, True, False])
    fill = Fill(np.array([1, 2.25, 2.5, 4]), cells, ["2.25", "2.50"])
    return Edits(np.array([0, 1, -1, 2]), {1: fill}, {0: ["c"]})


TEXT = 'date,a,w,\na,1,"x,y",\nb,,z,\nd,4,NA,\n'


def test_edits_change_only_the_edited_cells_of_a_csv_file(tmp_path):
    source = source_of(tmp_path, TEXT)
    assert source.names == ("date", "a", "w", "")
    assert source.texts(2).to_pylist() == ["x,y", "z", "NA"]
    assert source.to_csv(edits()).decode() == TEXT.replace("b,,z,\n", "b,2.25,z,\nc,2.50,,\n")


def test_a_csv_file_becomes_a_frame_of_floats_and_texts(tmp_path):
    out = source_of(tmp_path, TEXT).to_frame(edits())
    assert out.schema.types == [pa.string(), pa.float64(), pa.string(), pa.string()]
    assert out.to_pydict() == {
        "date": ["a", "b", "c", "d"],
        "a": [1, 2.25, 2.5, 4],
        "w": ["x,y", "z", None, "NA"],
        "unnamed_4": ["", "", None, ""],
    }


def test_empty_rows_at_the_end_can_be_left_out(tmp_path):
    text = "a,b\n1,2\n,\n3,4\n,\n , \n"
    source = source_of(tmp_path, text)
    shorter = source.without_empty_end()
    assert shorter.n_rows == 3
    assert shorter.to_csv(Edits(np.arange(3), {})).decode() == text
    assert shorter.without_empty_end() is shorter
