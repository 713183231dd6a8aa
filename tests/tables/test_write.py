"""Writing tables: only missing cells change."""

import csv
import gzip
import io

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from latentfill.core.errors import InputError
from latentfill.core.text_files import read_bytes
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table
from latentfill.tables.write import fill_frame, write_table

NAN = np.nan


def save(folder, text, name="t.csv"):
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def read_text(folder, text, **options):
    return read_table(save(folder, text), TableOptions(**options))


def filled_text(folder, table, filled, name="out.csv", **options):
    write_table(table, np.asarray(filled, dtype=float), folder / name, **options)
    return (folder / name).read_text()


# --- CSV files ----------------------------------------------------------------------------------------------


def test_only_missing_cells_are_written(tmp_path):
    text = 'date,a,"b c"\r\n2020-01-01,"1.50",NA\r\n2020-01-02,,7\r\n2020-01-03, 3.25 ,"NA"'
    table = read_text(tmp_path, text)
    out = filled_text(tmp_path, table, [[99, 5.4], [2.3456, 99], [99, 6.6]])
    assert (tmp_path / "out.csv").read_bytes().decode() == text.replace(",NA", ",5").replace(",,", ",2.35,").replace(
        '"NA"', '"7"'
    )
    assert out.count("99") == 0


def test_cells_without_an_estimate_keep_their_marker(tmp_path):
    text = "a,b\n1,NA\n,2\n3,?\n"
    table = read_text(tmp_path, text)
    assert filled_text(tmp_path, table, np.full((3, 2), NAN)) == text
    assert filled_text(tmp_path, table, table.series.values) == text


def test_filled_cells_have_the_decimals_of_their_column(tmp_path):
    table = read_text(tmp_path, "a,b\n1.0,1\n2.25,4\n,1\n")
    assert filled_text(tmp_path, table, np.full((3, 2), 2)) == "a,b\n1.0,1\n2.25,4\n2.00,1\n"


def test_filled_cells_have_the_given_precision(tmp_path):
    table = read_text(tmp_path, "a,b\n1,4\n,5\n3,9\n")
    assert filled_text(tmp_path, table, np.full((3, 2), 2.71828), precision=3) == "a,b\n1,4\n2.718,5\n3,9\n"


def test_decimal_commas_are_detected_and_written(tmp_path):
    table = read_text(tmp_path, "Datum;T;H\n01.02.2020;13,6;1\n02.02.2020;;2\n13.02.2020;-0,5;4\n")
    assert table.series.values[0, 0] == 13.6
    assert any("decimal comma" in note for note in table.notes)
    filled = np.where(np.isnan(table.series.values), 1.26, table.series.values)
    assert filled_text(tmp_path, table, filled).splitlines()[2] == "02.02.2020;1,3;2"


def test_empty_rows_at_the_end_stay_empty(tmp_path):
    text = "date;a\n2020-01-01;1\n2020-01-02;\n2020-01-03;4\n;\n;\n"
    table = read_text(tmp_path, text)
    assert table.n_rows == 3
    assert any("2 empty rows at the end of the file stay unfilled" in note for note in table.notes)
    assert filled_text(tmp_path, table, [[0], [2], [0]]) == text.replace("02;", "02;2")


def test_a_gzipped_output_has_the_same_text(tmp_path):
    table = read_text(tmp_path, "a,b\n1,4\n,5\n3,9\n")
    write_table(table, np.full((3, 2), 2.0), tmp_path / "o.csv.gz")
    assert gzip.decompress((tmp_path / "o.csv.gz").read_bytes()) == b"a,b\n1,4\n2,5\n3,9\n"


def test_bounds_are_columns_at_the_end_with_the_texts_of_observed_cells(tmp_path):
    table = read_text(tmp_path, 'a;w;b\n1,50;"x;";4\n;y;\n3,25;z;9\n')
    filled = np.array([[1.5, 4], [2, 5], [3.25, 9]])
    low, high = filled - np.array([[0, 0], [0.123, 2], [0, 0]]), filled + np.array([[0, 0], [0.456, np.nan], [0, 0]])
    write_table(table, filled, tmp_path / "o.csv", extras={"lower": low, "upper": high})
    assert (tmp_path / "o.csv").read_text() == (
        "a;w;b;a_lower;a_upper;b_lower;b_upper\n"
        '1,50;"x;";4;1,50;1,50;4;4\n'
        "2,00;y;5;1,88;2,46;3;\n"
        "3,25;z;9;3,25;3,25;9;9\n"
    )


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_bounds_are_columns_at_the_end_of_a_frame(kind):
    frame = pd.DataFrame({"a": [1.0, None, 3.0], "w": ["x", "y", "z"]}, index=[7, 8, 9])
    to_kind = {
        "pandas": lambda: frame,
        "polars": lambda: pl.from_pandas(frame),
        "pyarrow": lambda: pa.table(dict(frame)),
    }
    table = read_table(to_kind[kind](), TableOptions())
    extras = {"lower": np.array([[1.0], [np.nan], [3.0]]), "upper": np.array([[1.0], [2.5], [3.0]])}
    back = fill_frame(table, np.array([[1.0], [2.0], [3.0]]), extras=extras)
    names = back.column_names if kind == "pyarrow" else list(back.columns)
    assert names == ["a", "w", "a_lower", "a_upper"]
    upper = back["a_upper"].to_pylist() if kind == "pyarrow" else back["a_upper"].to_list()
    assert upper == [1.0, 2.5, 3.0]
    if kind == "pandas":
        assert back.index.tolist() == [7, 8, 9]


def test_bounds_never_replace_a_column(tmp_path):
    table = read_text(tmp_path, "a,a_lower\n1,4\n,5\n3,9\n")
    with pytest.raises(InputError, match="already has a column 'a_lower'"):
        write_table(table, np.full((3, 2), 2.0), tmp_path / "o.csv", extras={"lower": np.full((3, 2), 2.0)})


# --- rows of the grid ---------------------------------------------------------------------------------------

GAPPY = "date,a,w\n2020-01-01 00:00,1,x\n2020-01-01 01:00,,y\n2020-01-01 04:00,5,z\n2020-01-01 05:00,6,z\n"


def test_no_row_of_the_regular_grid_is_added_by_default(tmp_path):
    table = read_text(tmp_path, GAPPY)
    assert table.series.n_steps == 6
    assert filled_text(tmp_path, table, np.arange(6.0)[:, None]) == GAPPY.replace("00,,y", "00,1,y")


def test_missing_rows_of_the_grid_are_added_with_grid_true(tmp_path):
    table = read_text(tmp_path, GAPPY, grid=True)
    out = filled_text(tmp_path, table, np.arange(6.0)[:, None])
    expected = GAPPY.replace("00,,y\n", "00,1,y\n2020-01-01 02:00,2,\n2020-01-01 03:00,3,\n")
    assert out == expected


def test_added_rows_are_in_the_order_of_a_table_with_the_newest_row_first(tmp_path):
    lines = GAPPY.splitlines()
    table = read_text(tmp_path, "\n".join([lines[0], *lines[:0:-1]]), grid=True)
    out = filled_text(tmp_path, table, np.arange(6.0)[:, None]).splitlines()
    assert [line[11:13] for line in out[1:]] == ["05", "04", "03", "02", "01", "00"]
    assert any("newest row" in note for note in table.notes)


def test_added_rows_of_an_unsorted_table_come_last(tmp_path):
    text = "date,a\n2020-01-01 03:00,5\n2020-01-01 00:00,1\n2020-01-01 01:00,\n2020-01-01 04:00,7"
    table = read_text(tmp_path, text, grid=True)
    assert table.series.rows.tolist() == [1, 2, -1, 0, 3]
    out = filled_text(tmp_path, table, np.arange(5.0)[:, None])
    assert out == text.replace("01:00,", "01:00,1") + "\n2020-01-01 02:00,2"


def test_unsorted_rows_are_written_in_their_original_order(tmp_path):
    text = "date,a\n2020-01-03,3\n2020-01-01,1\n2020-01-02,\n"
    table = read_text(tmp_path, text)
    assert table.series.values[:2, 0].tolist()[0] == 1
    assert filled_text(tmp_path, table, [[1], [2], [3]]) == text.replace("02,", "02,2")


def test_added_rows_have_time_stamps_in_several_columns(tmp_path):
    text = "year,month,day,hour,a\n2020,1,1,22,1\n2020,1,1,23,\n2020,1,2,1,4\n2020,1,2,2,5\n"
    table = read_text(tmp_path, text, grid=True)
    assert filled_text(tmp_path, table, np.full((5, 1), 2)).splitlines()[3] == "2020,1,2,0,2"
    text = "Date,Time,a\n10/03/2004,18.00.00,1\n10/03/2004,20.00.00,\n10/03/2004,21.00.00,5\n23/03/2004,18.00.00,1\n"
    table = read_text(tmp_path, "\n".join(text.splitlines()[:4]) + "\n13/03/2004,00.00.00,9\n", grid=True)
    assert filled_text(tmp_path, table, np.full((55, 1), 2.0)).splitlines()[2] == "10/03/2004,19.00.00,2"


def test_rows_are_added_to_a_monthly_table(tmp_path):
    table = read_text(tmp_path, "date,a\n2020-01-31,1\n2020-02-29,2\n2020-04-30,5\n", grid=True)
    assert table.series.step == np.timedelta64(1, "M")
    assert "2020-03-31,9" in filled_text(tmp_path, table, np.full((4, 1), 9.0))


# --- frames to files ----------------------------------------------------------------------------------------


def test_a_frame_is_written_as_plain_csv(tmp_path):
    frame = pd.DataFrame({"f": np.array([0.1, NAN], dtype="float32"), "s": ["x", None], "i": [2**60, 3]})
    out = filled_text(tmp_path, read_table(frame), np.full((2, 2), 7.5))
    assert out == "f,s,i\n0.1,x,1152921504606846976\n7.5,,3\n"


def test_a_pandas_frame_is_written_with_its_index(tmp_path):
    index = pd.DatetimeIndex(["2020-01-01", "2020-01-02", "2020-01-04"], name="day", tz="Europe/Berlin")
    frame = pd.DataFrame({"f": np.array([0.1, NAN, 0.3], dtype="float32")}, index=index)
    table = read_table(frame)
    write_table(table, np.full((4, 1), 7.5), tmp_path / "out.parquet")
    back = pd.read_parquet(tmp_path / "out.parquet")
    assert back.index.tolist() == frame.index.tolist()
    assert back["f"].dtype == np.dtype("float32")
    assert filled_text(tmp_path, table, np.full((4, 1), 7.5)).splitlines()[1] == "2020-01-01 00:00:00+01:00,0.1"
    assert filled_text(tmp_path, table, np.full((4, 1), 7.5), "o.tsv").splitlines()[0] == "day\tf"


# --- real files ---------------------------------------------------------------------------------------------


def interpolated(values):
    steps = np.arange(len(values))
    filled = values.copy()
    for column in range(values.shape[1]):
        observed = ~np.isnan(values[:, column])
        filled[:, column] = np.interp(steps, steps[observed], values[observed, column])
    return filled


@pytest.mark.parametrize(
    ("name", "options", "shape", "missing"),
    [
        ("airquality_uci/AirQualityUCI.csv", {}, (9357, 13), 0),
        ("airquality_uci/AirQualityUCI.csv", {"missing": ("-200",)}, (9357, 13), 16701),
        ("airquality_uci/AirQualityUCI.csv", {"missing": ("-200",), "time": ("Date", "Time")}, (9357, 13), 16701),
        ("beijing_pm25/PRSA_data_2010_2014.csv", {}, (43824, 7), 2067),
        (
            "beijing_pm25/PRSA_data_2010_2014.csv",
            {"time": ("year", "month", "day", "hour")},
            (43824, 7),
            2067,
        ),
        ("beijing_multisite/PRSA_Data_Aotizhongxin_20130301-20170228.csv.gz", {}, (35064, 11), 7190),
        ("beijing_multisite/PRSA_Data_Dongsi_20130301-20170228.csv.gz", {}, (35064, 11), 7522),
        ("cambridge_buildings/electricity_hourly_2016_2019.csv.gz", {"missing": ("0",)}, (35064, 56), 5415),
        ("ETT/ETTh1.csv", {}, (17420, 7), 0),
        ("timekd/cambridge5.csv", {}, (600, 5), 0),
    ],
)
def test_real_files_change_only_in_missing_cells(tmp_path, shared_data, name, options, shape, missing):
    source = shared_data / name
    if not source.exists():
        pytest.skip(f"{source} is not there")
    table = read_table(source, TableOptions(**options))
    assert table.series.values.shape == shape
    assert int(np.isnan(table.as_read).sum()) == missing
    assert table.series.step == np.timedelta64(1, "h")
    out = tmp_path / source.name
    write_table(table, table.series.values, out)
    assert read_bytes(out) == read_bytes(source)
    write_table(table, interpolated(table.series.values), out)
    before, after = (csv.reader(io.StringIO(read_bytes(path).decode(), newline="")) for path in (source, out))
    markers = {"NA", *options.get("missing", ()), *(f"{text}.0" for text in options.get("missing", ()))}
    changed = [
        (old, new)
        for old_row, new_row in zip(before, after, strict=True)
        for old, new in zip(old_row, new_row, strict=True)
        if old != new
    ]
    assert len(changed) == missing
    assert {old for old, _ in changed} <= markers


def test_filled_cells_of_ett_have_only_meaningful_digits(tmp_path, shared_data):
    source = shared_data / "ETT/ETTh1.csv"
    if not source.exists():
        pytest.skip(f"{source} is not there")
    lines = source.read_text().splitlines()[:500]
    lines[5] = lines[5].split(",")[0] + "," * 7
    table = read_text(tmp_path, "\n".join(lines))
    row = filled_text(tmp_path, table, interpolated(table.series.values)).splitlines()[5].split(",")
    assert all(len(cell.partition(".")[2]) in (4, 5) for cell in row[1:])
