"""Layouts of text files as loggers and agencies write them; each is written back byte for byte."""

from pathlib import Path

import numpy as np
import pytest

from latentfill.core.errors import InputError
from latentfill.tables.backends.arrow import text_array
from latentfill.tables.backends.csv_reading import read_csv
from latentfill.tables.backends.csv_source import CsvSource
from latentfill.tables.backends.csv_text import CsvText
from latentfill.tables.backends.edits import Edits, Extra, Fill
from latentfill.tables.backends.read_request import ReadRequest

HOURS = [f"2023-03-0{1 + hour // 24} {hour % 24:02d}:00" for hour in range(60)]


def read(folder: Path, text: str, **request: object) -> CsvText:
    path = folder / "t.csv"
    path.write_bytes(text.encode())
    read = read_csv(path, ReadRequest(**request))
    assert CsvSource(read).to_csv(Edits(np.arange(read.n_rows), {})).decode() == text
    return read


def column(text: CsvText, position: int) -> list[str]:
    return text.cells[position].to_pylist()


def lines(delimiter: str = ",", n: int = 60) -> str:
    return "".join(f"{delimiter.join((HOURS[row], f'{row / 7:.2f}', str(50 + row % 9)))}\n" for row in range(n))


LAYOUTS = {
    "comments": ("# station: X\n# lat: 51.2, lon: 7.1\ntime,t,rh\n" + lines(), 0),
    "a delimiter named for a spreadsheet": ("sep=;\ntime;t;rh\n" + lines(";"), 0),
    "a header in a comment above an empty one": ("# made, today\n# time,t,rh\n#\n" + lines(), 0),
    "a header in a comment": ("# made today\n# time,t,rh\n" + lines(), 0),
    "units": ("time,t,rh\nTS,degC,%\n,Avg,Smp\n" + lines(), 2),
    "prose": ("Weather of a town\nMissing data are marked, always, by nothing at all.\n\ntime;t;rh\n" + lines(";"), 0),
    "names and values above": ("Station;A12\nHeight;12,5\n\ntime;t;rh\n" + lines(";"), 0),
    "a logger": ('"TOA5","X","CR1000"\n"time","t","rh"\n"TS","degC","%"\n"","Avg","Smp"\n' + lines(), 2),
    "tabs and pipes": ("time|t|rh\n" + lines("|"), 0),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_names_and_data_are_found_below_a_preamble_and_above_units(tmp_path, name):
    whole, units = LAYOUTS[name]
    text = read(tmp_path, whole)
    assert text.names == ("time", "t", "rh")
    assert text.n_rows == 60
    assert column(text, 0) == HOURS
    assert len(text.header) == 1 + units


def test_comments_and_blank_lines_between_rows_stay_in_their_place(tmp_path):
    text = read(tmp_path, "# a\ntime,t,rh\n" + lines(n=3) + "# sensor changed\n\n" + lines(n=3) + "# end\n")
    assert text.n_rows == 6
    assert text.between == {2: "# sensor changed\n\n"}


def test_lines_below_the_table_are_no_rows_and_are_kept(tmp_path):
    text = read(tmp_path, "time,t,rh\n" + lines() + "\nSource: the office\nprovisional\n")
    assert text.n_rows == 60
    assert text.tail == "\nSource: the office\nprovisional\n" or text.tail == "Source: the office\nprovisional\n"
    assert "2 lines below the table" in text.notes[-1]


def test_a_row_that_was_cut_off_is_no_line_below_the_table(tmp_path):
    with pytest.raises(InputError, match="line 62 has 2 fields"):
        read(tmp_path, "time,t,rh\n" + lines() + "2023-03-09 00:00,5\n")


ALIGNED = "A town\nData with a * are estimates.\n   yyyy  mm   tmax    tmin\n              degC    degC\n" + "".join(
    f"   {1900 + month // 12}  {1 + month % 12:2d}  {month % 20 + 0.5:5.1f}   {-(month % 9):5.1f}\n"
    for month in range(60)
)


def test_cells_are_separated_by_any_number_of_spaces(tmp_path):
    text = read(tmp_path, ALIGNED)
    assert text.names == ("yyyy", "mm", "tmax", "tmin")
    assert column(text, 3)[:3] == ["0.0", "-1.0", "-2.0"] or column(text, 3)[1:3] == ["-1.0", "-2.0"]
    assert len(text.header) == 2


def test_an_empty_cell_between_aligned_cells_is_known_by_its_place_and_filled_there(tmp_path):
    gappy = ALIGNED.replace("   1901   3   14.5    -5.0\n", "   1901   3           -5.0\n")
    text = read(tmp_path, gappy)
    row = 14
    assert [cells[row].as_py() for cells in text.cells] == ["1901", "3", "", "-5.0"]
    filled = np.zeros(60, bool)
    filled[row] = True
    out = CsvSource(text).to_csv(Edits(np.arange(60), {2: Fill(np.zeros(60), filled, ["14.5"])})).decode()
    assert out == ALIGNED


def test_new_columns_get_a_name_in_the_header_and_nothing_in_rows_of_units(tmp_path):
    text = read(tmp_path, LAYOUTS["units"][0])
    extra = Extra("t_low", np.arange(60.0), text_array(map(str, range(60))))
    out = CsvSource(text).to_csv(Edits(np.arange(60), {}, extras=[extra])).decode().splitlines()
    assert out[:4] == ["time,t,rh,t_low", "TS,degC,%,", ",Avg,Smp,", "2023-03-01 00:00,0.00,50,0"]


def test_a_file_without_names_counts_its_columns(tmp_path):
    text = read(tmp_path, lines())
    assert text.names == ("column_1", "column_2", "column_3")
    assert text.n_rows == 60
    assert "--names" in text.notes[0]
    assert read(tmp_path, lines(), names=("a", "b", "c")).names == ("a", "b", "c")


def test_numbers_that_count_the_columns_are_names(tmp_path):
    assert read(tmp_path, "0,1\n5.5,1\n3.5,2\n").names == ("0", "1")
    assert read(tmp_path, "time,80421,80422\n" + lines()).names == ("time", "80421", "80422")


def test_names_in_two_rows_are_joined(tmp_path):
    text = read(tmp_path, ",air,,soil\ntime,t,rh,t\n" + "".join(line + ",3\n" for line in lines().splitlines()))
    assert text.names == ("time", "air t", "air rh", "soil t")


def test_what_the_user_says_about_the_layout_is_done(tmp_path):
    whole = "a,b\n1,2\nx,y\n3,4\n5,6\n7,8\n"
    assert read(tmp_path, whole, skip_rows=2).names == ("x", "y")
    assert read(tmp_path, whole, header_rows=1, units_row=2).n_rows == 3
    assert read(tmp_path, "a,b\nc,d\n3,4\n5,6\n", header_rows=2).names == ("a c", "b d")
    assert read(tmp_path, "1,2\n3,4\n5,6\n", header_rows=1).names == ("1", "2")
    assert read(tmp_path, "* x\na,b\n1,2\n3,4\n", comment="*").n_rows == 2


@pytest.mark.parametrize(
    ("text", "request_", "parts"),
    [
        ("a,b\n1,2\n3,4\n", {"names": ("x",)}, ["2 columns", "names has 1"]),
        ("a,b\n1,2\n3,4\n", {"skip_rows": 9}, ["3 lines", "skip_rows leaves out 9"]),
        ("a,b,c\n" + "1,2\n" * 9, {}, ["line 1", "3 fields", "rows have 2", "--header-rows 0"]),
    ],
)
def test_a_header_that_does_not_fit_is_refused(tmp_path, text, request_, parts):
    with pytest.raises(InputError) as caught:
        read(tmp_path, text, **request_)
    for part in parts:
        assert part in str(caught.value)


def test_rows_with_a_delimiter_at_their_end_have_an_empty_column(tmp_path):
    text = read(tmp_path, "time,t,rh\n" + lines().replace("\n", ",\n"))
    assert text.names == ("time", "t", "rh", "")


def test_rows_with_a_name_that_the_header_lacks_begin_with_it(tmp_path):
    text = read(tmp_path, "time,t,rh\n" + "".join(f"{row},{line}\n" for row, line in enumerate(lines().splitlines())))
    assert text.names == ("", "time", "t", "rh")


def test_names_and_row_names_in_quotes_are_separated_by_spaces(tmp_path):
    text = read(tmp_path, '"t" "x"\n' + "".join(f'"{row}" {row / 3:.2f} NA\n' for row in range(30)))
    assert text.names == ("", "t", "x")


def test_two_rows_of_comments_hold_names_and_units(tmp_path):
    rows = "".join(f"2020 01 01 {row % 24:02d} {5 + row % 3}.0 10{10 + row}.1\n" for row in range(24))
    text = read(tmp_path, "#YY  MM DD hh WSPD   PRES\n#yr  mo dy hr m/s    hPa\n" + rows)
    assert text.names == ("YY", "MM", "DD", "hh", "WSPD", "PRES")


def test_lines_with_as_many_cells_as_names_are_not_needed_below_a_table(tmp_path):
    rows = "".join(f"202001{1 + h // 24:02d}:{h % 24:02d}10,{h}.5,2.1\n" for h in range(60))
    text = read(tmp_path, "time,G,T\n" + rows + "\nG: irradiance\n\n(c) A, 2001-2020\n")
    assert text.n_rows == 60


def test_a_blank_inside_time_stamps_divides_no_cells(tmp_path):
    rows = "".join(f"{hour}:00,{'rain' if n % 2 else 'sun'},a\n" for n, hour in enumerate(HOURS))
    text = read(tmp_path, "time,x,y\n" + rows)
    assert text.names == ("time", "x", "y")
    assert column(text, 1)[:2] == ["sun", "rain"]


def test_comments_that_look_like_rows_are_named(tmp_path):
    rows = "".join(f"{'#b' if n % 3 == 1 else 'a'},{hour},{n}\n" for n, hour in enumerate(HOURS[:30]))
    text = read(tmp_path, "station,time,x\n" + rows)
    (note,) = [note for note in text.notes if "comments" in note]
    assert note.startswith("10 lines with as many cells as rows, such as '#b,2023-03-01 01:00,1', begin with '#'")
    assert "`--comment //`" in note
    again = read(tmp_path, "station,time,x\n" + rows, comment="//")
    assert again.n_rows == 30
    assert not [note for note in again.notes if "comments" in note]
