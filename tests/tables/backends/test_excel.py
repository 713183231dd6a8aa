"""Spreadsheets: reading a sheet, and writing a workbook in which only missing cells change."""

import datetime as dt

import numpy as np
import openpyxl
import pytest

from latentfill.core.errors import InputError
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table
from latentfill.tables.write import write_table

START = dt.datetime(2023, 3, 1)


@pytest.fixture
def book(tmp_path):
    """A workbook with a title, names, units, 30 rows of data with a gap, and a second sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "data"
    sheet.append(["Station A12"])
    sheet.append([])
    sheet.append(["when", "t", "rh", "note"])
    sheet.append([None, "degC", "%", None])
    for hour in range(30):
        sheet.append([START + dt.timedelta(hours=hour), None if hour == 5 else hour / 4, hour % 7, "ok"])
    sheet["B12"].number_format = "0.00"
    path = tmp_path / "t.xlsx"
    book.save(path)
    return path


def add_sheet(path):
    book = openpyxl.load_workbook(path)
    book.create_sheet("other").append([1, 2])
    book.save(path)


def test_names_units_and_data_of_a_sheet_are_found(book):
    table = read_table(book)
    assert table.time_columns == ("when",)
    assert table.series.columns == ("t", "rh")
    assert table.series.n_steps == 30
    assert table.series.step == np.timedelta64(1, "h")
    assert np.flatnonzero(np.isnat(table.series.time)).size == 0
    assert np.isnan(table.series.values[5, 0])


def test_only_missing_cells_of_a_workbook_change(book, tmp_path):
    add_sheet(book)
    table = read_table(book, TableOptions(sheet="data"))
    write_table(table, np.full((30, 2), 1.25), tmp_path / "out.xlsx", extras={"low": np.full((30, 2), 0.5)})
    before, after = openpyxl.load_workbook(book), openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert after.sheetnames == ["data", "other"]
    changed = [
        cell.coordinate
        for row in after["data"]["A1:D34"]
        for cell in row
        if cell.value != before["data"][cell.coordinate].value
    ]
    assert changed == ["B10"]
    assert after["data"]["B10"].value == 1.25
    assert [after["data"].cell(3, column).value for column in (5, 6)] == ["t_low", "rh_low"]
    assert after["data"]["E5"].value == 0.5


def test_a_workbook_that_is_changed_after_it_was_read_is_written_as_it_was(book, tmp_path):
    table = read_table(book)
    write_table(table, np.full((30, 2), 1.25), tmp_path / "one.xlsx")
    book.write_bytes(b"another")
    write_table(table, np.full((30, 2), 1.25), tmp_path / "two.xlsx")
    one, two = (openpyxl.load_workbook(tmp_path / name).worksheets[0].values for name in ("one.xlsx", "two.xlsx"))
    assert list(one) == list(two)


def test_a_workbook_with_several_sheets_needs_the_name_of_one(book):
    add_sheet(book)
    with pytest.raises(InputError, match=r"several sheets: 'data', 'other'.*--sheet 'data'"):
        read_table(book)
    with pytest.raises(InputError, match=r"no sheet 'x'. Its sheets are 'data', 'other'"):
        read_table(book, TableOptions(sheet="x"))


def test_any_table_is_written_as_a_new_workbook_and_read_back(book, tmp_path):
    table = read_table(book)
    write_table(table, np.full((30, 2), 1.25), tmp_path / "a.csv")
    other = read_table(tmp_path / "a.csv")
    write_table(other, other.series.values, tmp_path / "b.xlsx")
    again = read_table(tmp_path / "b.xlsx")
    np.testing.assert_array_equal(again.series.values, other.series.values)
    assert again.series.values[5, 0] == 1.25
    assert (again.series.time == table.series.time).all()


@pytest.mark.parametrize("name", ["a.feather", "a.arrow", "a.orc", "a.parquet"])
def test_columnar_files_are_written_and_read_back(book, tmp_path, name):
    table = read_table(book)
    write_table(table, np.full((30, 2), 1.25), tmp_path / name)
    again = read_table(tmp_path / name)
    assert again.series.values[5, 0] == 1.25
    assert (again.series.time == table.series.time).all()


def test_what_is_no_spreadsheet_is_refused(tmp_path):
    (tmp_path / "t.xlsx").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="not a readable spreadsheet"):
        read_table(tmp_path / "t.xlsx")


def test_the_layout_names_all_sheets(book):
    add_sheet(book)
    layout = read_table(book, TableOptions(sheet="data")).source.layout
    assert layout == {
        "sheet": "data",
        "sheets": ["data", "other"],
        "rows_above": 2,
        "header_rows": 1,
        "units_rows": ["degC, %"],
    }
