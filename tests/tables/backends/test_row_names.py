"""Names of rows in messages: a person finds them in an editor, a spreadsheet or a frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from latentfill.core.errors import InputError
from latentfill.tables.backends.row_names import COUNTED, POSITIONS, RowNames
from latentfill.tables.groups import read_groups
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table


def test_rows_are_listed_and_long_lists_are_shortened():
    assert COUNTED.listed([0]) == "row 1"
    assert POSITIONS.listed([0, 2]) == "positions 0, 2"
    assert RowNames("line", numbers=np.arange(10, 30)).listed(range(7)) == "lines 10, 11, 12, 13, 14 and 2 more"
    assert POSITIONS.take(np.array([4, 2])).with_cells({0: "'x'", 1: "'y'"}) == "position 4: 'x', position 2: 'y'"


PREAMBLE = 'Station A\n# by hand\n"time","x","remark"\n,degC,\n'
ROWS = [f'"2024-01-0{day}",{day}.5,""\n' for day in range(1, 8)]
BAD = ROWS[5].replace("6.5", "six")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (PREAMBLE + "".join([*ROWS[:5], BAD, ROWS[6]]), 10),
        (PREAMBLE + "".join([*ROWS[:2], "# moved\n", "\n", *ROWS[2:5], BAD, ROWS[6]]), 12),
        (PREAMBLE + "".join([ROWS[0].replace('""', '"two\nlines"'), "#\n", *ROWS[1:5], BAD, ROWS[6]]), 12),
        (PREAMBLE.replace("\n", "\r\n") + "".join([*ROWS[:5], BAD, ROWS[6]]).replace("\n", "\r\n"), 10),
    ],
)
def test_rows_of_a_text_file_are_its_lines(tmp_path: Path, text: str, line: int):
    (tmp_path / "t.csv").write_bytes(text.encode())
    assert text.replace("\r\n", "\n").split("\n")[line - 1] == BAD.strip()
    with pytest.raises(InputError, match=rf"\(line {line}: 'six'\)"):
        read_table(tmp_path / "t.csv")


def test_lines_of_a_file_without_names_are_counted_from_its_first_row(tmp_path: Path):
    (tmp_path / "t.csv").write_text("2024-01-01,1\n2024-01-02,six\n2024-01-03,3\n")
    with pytest.raises(InputError, match=r"\(line 2: 'six'\)"):
        read_table(tmp_path / "t.csv", TableOptions(header_rows=0))


def test_rows_of_a_series_are_the_lines_of_the_stacked_file(tmp_path: Path):
    lines = ["station,time,x", "a,2024-01-01,1", "b,2024-01-01,1", "a,2024-01-02,1", "b,2024-01-01,1", "a,2024-01-03,2"]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError, match=r"Series 'b': 1 time stamp in more than one row: 2024-01-01 in lines 3, 5"):
        read_groups(tmp_path / "t.csv", TableOptions(by=("station",)))


def test_rows_of_a_sheet_are_those_of_the_spreadsheet(tmp_path: Path):
    book = openpyxl.Workbook()
    for row in (["Title"], [], ["time", "x"], ["2024-01-01", 1.0], ["soon", 2.0], ["2024-01-03", 3.0]):
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(InputError, match="row 5: 'soon'"):
        read_table(tmp_path / "t.xlsx", TableOptions(time=("time",)))


def test_rows_of_a_parquet_file_are_counted_from_one_and_those_of_a_frame_are_positions(tmp_path: Path):
    frame = pd.DataFrame({"time": ["2024-01-01", "soon", "2024-01-03"], "x": [1.0, 2.0, 3.0]}, index=[7, 8, 9])
    frame.to_parquet(tmp_path / "t.parquet")
    options = TableOptions(time=("time",))
    with pytest.raises(InputError, match="row 2: 'soon'"):
        read_table(tmp_path / "t.parquet", options)
    with pytest.raises(InputError, match="position 1: 'soon'"):
        read_table(frame, options)


def test_repeated_stamps_of_an_index_are_named_by_position():
    index = pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-02"])
    with pytest.raises(InputError, match="2024-01-02 in positions 1, 2"):
        read_table(pd.DataFrame({"x": [1.0, 2.0, 3.0]}, index=index))
