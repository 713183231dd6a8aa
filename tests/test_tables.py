"""Tables: what is understood, what is refused, and that only missing cells are ever written."""

import csv
import datetime as dt
import gzip
import io
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import parquet

from latentfill.csv_text import read_bytes
from latentfill.errors import InputError
from latentfill.tables import (
    TableOptions,
    check_output_path,
    fill_frame,
    read_table,
    suspected_markers,
    write_table,
)

SHARED = Path(__file__).parents[2] / "shared/data"
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


def hours(n, start="2020-01-01"):
    return np.datetime64(start, "h") + np.arange(n)


# --- CSV ----------------------------------------------------------------------------------------------------


def test_values_time_and_missing_cells_are_read(tmp_path):
    table = read_text(tmp_path, "date,a,b\n2020-01-01 00:00,1,NA\n2020-01-01 01:00,,2.50\n2020-01-01 02:00,3,-\n")
    np.testing.assert_array_equal(table.series.values, [[1, NAN], [NAN, 2.5], [3, NAN]])
    assert table.series.columns == ("a", "b")
    assert table.series.time.tolist() == hours(3).astype("datetime64[ns]").tolist()
    assert table.series.step == np.timedelta64(1, "h")
    assert table.series.rows.tolist() == [0, 1, 2]
    assert table.time_columns == ("date",)
    assert table.notes == ()


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


@pytest.mark.parametrize(
    ("shown", "value", "written"),
    [
        (["5.827000141143799", "40.1", "-5.5"], 5.8270001, "5.8270"),  # a range of 45.6 leaves 4 decimals
        (["1", "2", "3"], 2.4, "2"),
        (["1.0", "2.25", "3"], 2, "2.00"),
        (["0.001", "0.002", "0.003"], 0.00212345, "0.002"),
        (["1e-3", "2e-3", "3e-3"], 0.00212345, "0.00212345"),
        (["1.5", "-1.5", "0.5"], -0.01, "0.0"),
        (["7.25", "7.25", "7.25"], 7.25, "7.25"),
        (["100000000.25", "200000000.25", "3"], 12.75, "13"),
    ],
)
def test_fills_have_the_decimals_of_their_column(tmp_path, shown, value, written):
    table = read_text(tmp_path, "a,b\n" + "".join(f"{text},1\n" for text in shown) + ",1\n", time=())
    filled = np.full((4, 2), value)
    assert filled_text(tmp_path, table, filled).splitlines()[-1].split(",")[0] == written


def test_precision_sets_the_decimals(tmp_path):
    table = read_text(tmp_path, "a,b\n1,4\n,5\n3,9\n")
    assert filled_text(tmp_path, table, np.full((3, 2), 2.71828), precision=3) == "a,b\n1,4\n2.718,5\n3,9\n"


def test_decimal_commas_are_found_and_written(tmp_path):
    table = read_text(tmp_path, "Datum;T;H\n01.02.2020;13,6;1\n02.02.2020;;2\n13.02.2020;-0,5;4\n")
    assert table.series.values[0, 0] == 13.6
    assert any("decimal comma" in note for note in table.notes)
    filled = np.where(np.isnan(table.series.values), 1.26, table.series.values)
    assert filled_text(tmp_path, table, filled).splitlines()[2] == "02.02.2020;1,3;2"


def test_a_comma_that_may_mark_thousands_is_refused_unless_told(tmp_path):
    text = "a;b\n1,234;1\n2,345;2\n"
    with pytest.raises(InputError, match=r"'a' holds '1,234'.*--decimal ,"):
        read_text(tmp_path, text)
    assert read_text(tmp_path, text, decimal=",", time=()).series.values[0, 0] == 1.234


def test_sentinels_match_as_number_and_as_text(tmp_path):
    table = read_text(tmp_path, "a,b\n-200,1.5\n7,-200.0\n8,broken\n9,3\n", missing=("-200", "Broken"))
    np.testing.assert_array_equal(table.series.values, [[NAN, 1.5], [7, NAN], [8, NAN], [9, 3]])


def test_a_sentinel_that_never_occurs_is_told(tmp_path):
    notes = read_text(tmp_path, "a,b\n1,5\n7,9\n", missing=("-999",)).notes
    assert any("'-999'" in note and "no value column" in note for note in notes)


def test_text_counters_and_left_columns_are_passed_through(tmp_path):
    text = "No,v,wind,keep,flag\n5,1,N,1,true\n6,,NA,2,false\n7,4,SE,4,\n"
    table = read_text(tmp_path, text, leave=("keep",))
    assert table.series.columns == ("v",)
    assert any("'No' counts the rows" in note for note in table.notes)
    assert any("'wind', 'flag'" in note for note in table.notes)
    assert filled_text(tmp_path, table, [[0], [2], [0]]) == text.replace("6,,", "6,2,")


def test_columns_can_be_chosen(tmp_path):
    table = read_text(tmp_path, "a,b,c\n1,2,x\n4,,y\n", columns=("b",))
    assert table.series.columns == ("b",)


def test_a_named_column_without_a_value_is_a_value_column(tmp_path):
    table = read_text(tmp_path, "a,b,,\n1,,,\n3,,,\n")
    assert table.series.columns == ("a", "b")
    assert np.isnan(table.series.values[:, 1]).all()


def test_empty_rows_at_the_end_are_left_as_they_are(tmp_path):
    text = "date;a\n2020-01-01;1\n2020-01-02;\n2020-01-03;4\n;\n;\n"
    table = read_text(tmp_path, text)
    assert table.n_rows == 3
    assert any("last 2 rows" in note for note in table.notes)
    assert filled_text(tmp_path, table, [[0], [2], [0]]) == text.replace("02;", "02;2")


def test_calendar_columns_beside_a_stamp_are_left_alone(tmp_path):
    table = read_text(tmp_path, "date,hour,a\n2020-01-01 05:00,5,1\n2020-01-01 06:00,6,4\n2020-01-01 07:00,7,\n")
    assert table.series.columns == ("a",)


def test_seconds_since_the_start_are_no_value_column(tmp_path):
    table = read_text(tmp_path, "time,a\n0.0,1\n0.5,5\n1.0,\n")
    assert table.series.columns == ("a",)
    assert table.series.time is None
    assert any("No time column" in note for note in table.notes)


# --- time order and grid ------------------------------------------------------------------------------------

GAPPY = "date,a,w\n2020-01-01 00:00,1,x\n2020-01-01 01:00,,y\n2020-01-01 04:00,5,z\n2020-01-01 05:00,6,z\n"


def test_the_work_is_done_on_the_regular_grid_but_no_row_is_added(tmp_path):
    table = read_text(tmp_path, GAPPY)
    assert table.series.rows.tolist() == [0, 1, -1, -1, 2, 3]
    assert any(
        "2 rows are missing from the grid of 1 hours (2020-01-01 02:00, 2020-01-01 03:00)" in n for n in table.notes
    )
    filled = np.arange(6.0)[:, None]
    assert filled_text(tmp_path, table, filled) == GAPPY.replace("00,,y", "00,1,y")


def test_rows_of_the_grid_are_added_when_asked_for(tmp_path):
    table = read_text(tmp_path, GAPPY, grid=True)
    out = filled_text(tmp_path, table, np.arange(6.0)[:, None])
    expected = GAPPY.replace("00,,y\n", "00,1,y\n2020-01-01 02:00,2,\n2020-01-01 03:00,3,\n")
    assert out == expected


def test_added_rows_follow_a_table_whose_newest_row_comes_first(tmp_path):
    lines = GAPPY.splitlines()
    table = read_text(tmp_path, "\n".join([lines[0], *lines[:0:-1]]), grid=True)
    out = filled_text(tmp_path, table, np.arange(6.0)[:, None]).splitlines()
    assert [line[11:13] for line in out[1:]] == ["05", "04", "03", "02", "01", "00"]
    assert any("newest row" in note for note in table.notes)


def test_added_rows_of_an_unsorted_table_come_last(tmp_path):
    table = read_text(
        tmp_path, "date,a\n2020-01-01 03:00,5\n2020-01-01 00:00,1\n2020-01-01 01:00,\n2020-01-01 04:00,7", grid=True
    )
    assert table.series.rows.tolist() == [1, 2, -1, 0, 3]
    out = filled_text(tmp_path, table, np.arange(5.0)[:, None])
    assert out == (
        "date,a\n2020-01-01 03:00,5\n2020-01-01 00:00,1\n2020-01-01 01:00,1\n2020-01-01 04:00,7\n2020-01-01 02:00,2"
    )
    assert any("not in time order" in note for note in table.notes)


def test_unsorted_rows_are_written_in_their_own_order(tmp_path):
    text = "date,a\n2020-01-03,3\n2020-01-01,1\n2020-01-02,\n"
    table = read_text(tmp_path, text)
    assert table.series.values[:2, 0].tolist()[0] == 1
    assert filled_text(tmp_path, table, [[1], [2], [3]]) == text.replace("02,", "02,2")


def test_added_rows_are_written_by_component_and_by_pair(tmp_path):
    text = "year,month,day,hour,a\n2020,1,1,22,1\n2020,1,1,23,\n2020,1,2,1,4\n2020,1,2,2,5\n"
    table = read_text(tmp_path, text, grid=True)
    assert filled_text(tmp_path, table, np.full((5, 1), 2)).splitlines()[3] == "2020,1,2,0,2"
    text = "Date,Time,a\n10/03/2004,18.00.00,1\n10/03/2004,20.00.00,\n10/03/2004,21.00.00,5\n23/03/2004,18.00.00,1\n"
    table = read_text(tmp_path, "\n".join(text.splitlines()[:4]) + "\n13/03/2004,00.00.00,9\n", grid=True)
    assert filled_text(tmp_path, table, np.full((55, 1), 2.0)).splitlines()[2] == "10/03/2004,19.00.00,2"


def test_months_make_a_grid(tmp_path):
    table = read_text(tmp_path, "date,a\n2020-01-31,1\n2020-02-29,2\n2020-04-30,5\n", grid=True)
    assert table.series.step == np.timedelta64(1, "M")
    assert "2020-03-31,9" in filled_text(tmp_path, table, np.full((4, 1), 9.0))


def test_regular_false_keeps_to_the_rows_there_are(tmp_path):
    table = read_text(tmp_path, GAPPY, regular=False)
    assert table.series.rows.tolist() == [0, 1, 2, 3]
    assert table.series.step is None


def test_a_sparse_grid_is_not_worked_on_unless_asked_for(tmp_path):
    text = "date,a\n2020-01-01,1\n2020-01-02,\n2020-01-12,5\n"
    assert read_text(tmp_path, text).series.n_steps == 3
    assert read_text(tmp_path, text, grid=True).series.n_steps == 12


@pytest.mark.parametrize("last", ["2020-01-01 05:00:07", "2030-01-01 00:00"])
def test_rows_cannot_be_added_without_a_grid(tmp_path, last):
    with pytest.raises(InputError, match=r"no regular grid.*--grid"):
        read_text(tmp_path, GAPPY + f"{last},1,z\n", grid=True)


# --- refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "options", "parts"),
    [
        ("a,b\n1,2\n", {}, ["1 row", "at least two"]),
        ("a,b\nx,y\nz,w\n", {}, ["No column to fill", "'a', 'b'", "--delimiter"]),
        ("a,b\nNA,\n,\n", {}, ["All cells of 'a', 'b' are missing"]),
        ("a,a,b\n1,2,3\n4,5,6\n", {}, ["same name", "'a'", "Rename"]),
        ("a,,\n1,2,3\n4,5,6\n", {}, ["same name", "''"]),
        (
            "a,b\n1,2\n2.5,x\n3,low\n5,4\n",
            {},
            ["'b'", "2 numbers and 2 other", "row 2: 'x'", "--missing=x", "--leave 'b'"],
        ),
        ("a,b\n1,2\n5,inf\n", {}, ["'b'", "infinite", "row 2", "--missing=inf"]),
        ("a,bee\n1,2\n5,3\n", {"leave": ("be",)}, ["leave names 'be'", "did you mean 'bee'", "The table has a, bee"]),
        ("a,b\n1,2\n5,3\n", {"time": ("T",), "columns": ("q",)}, ["time names 'T'", "columns names 'q'"]),
        ("a,b\nx,2\ny,3\n", {"columns": ("a", "b")}, ["'a'", "0 numbers and 2 other texts"]),
        ("date,a\n2020-01-01,1\n2020-01-01,2\n", {}, ["1 stamps", "2020-01-01 in rows 1, 2", "--time none"]),
        ("date,a\n2020-01-01,1\nnever,2\n", {"time": ("date",)}, ["'date'", "row 2: 'never'", "--time-format"]),
        ("date,a\n2020-01-01,1\n,2\n", {}, ["'date' is empty in 1 rows (row 2)"]),
        ("a,b\n1,2\n5,3\n", {"grid": True}, ["no time column", "--grid"]),
        ("a,b\n1,2\n5,3\n", {"time_format": "%Y-%m"}, ["--time-format '%Y-%m'", "--time COLUMN"]),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_clear_words(tmp_path, text, options, parts):
    with pytest.raises(InputError) as caught:
        read_text(tmp_path, text, **options)
    for part in parts:
        assert part in str(caught.value)


def test_all_problems_of_the_options_are_told_at_once():
    with pytest.raises(InputError) as caught:
        TableOptions(time="date", decimal=";", delimiter=",,", encoding="klingon", time_format="%Q", columns=())
    for part in ("tuple of texts, got 'date'", "decimal", "delimiter", "'klingon'", "%Q", "columns is empty"):
        assert part in str(caught.value)
    with pytest.raises(InputError, match="columns cannot be filled and also left alone or used as time: a"):
        TableOptions(columns=("a",), leave=("a",))


def test_files_that_are_no_tables_are_refused(tmp_path):
    for name, data, words in (
        ("t.xlsx", b"", "no table that can be read"),
        ("t.parquet", b"PAR1 and then nothing", "not a readable Parquet"),
    ):
        with pytest.raises(InputError, match=words):
            read_table(save(tmp_path, data, name))
    with pytest.raises(InputError, match="folder"):
        read_table(tmp_path)
    with pytest.raises(InputError, match="no file"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(InputError, match="int is no table"):
        read_table(3)
    with pytest.raises(InputError, match=r"\.collect\(\)"):
        read_table(pl.LazyFrame({"a": [1.0, None]}))
    with pytest.raises(InputError, match="several columns named 'a'"):
        read_table(pd.DataFrame([[1.0, 2.0]] * 3, columns=["a", "a"]))


def test_an_output_that_cannot_be_written_is_refused_before_the_work(tmp_path):
    source = save(tmp_path, "a,b\n1,2\n")
    (tmp_path / "link.csv").symlink_to(source)
    (tmp_path / "folder.csv").mkdir()
    for output, words in (
        (source, "input file itself"),
        (tmp_path / "link.csv", "input file itself"),
        (tmp_path / "none" / "o.csv", "no folder"),
        (tmp_path / "folder.csv", "is a folder"),
        (tmp_path / "o.xls", r"\.csv, \.tsv"),
    ):
        with pytest.raises(InputError, match=words):
            check_output_path(source, output)
    check_output_path(source, tmp_path / "o.parquet")


def test_filled_values_of_another_shape_are_refused(tmp_path):
    table = read_text(tmp_path, "a,b\n1,2\n,5\n")
    with pytest.raises(InputError, match=r"\(3, 1\).*\(2, 2\)"):
        fill_frame(table, np.zeros((3, 1)))
    with pytest.raises(InputError, match="infinities"):
        fill_frame(table, np.full((2, 2), np.inf))


# --- undeclared sentinels -----------------------------------------------------------------------------------


def test_a_far_repeated_value_is_suspected():
    rng = np.random.default_rng(0)
    ordinary = rng.normal(20, 5, 2000).round(1)
    assert list(suspected_markers(np.append(ordinary, [-200.0] * 40))) == [(-200.0, 40)]
    assert list(suspected_markers(np.append(ordinary, [9999.0] * 3))) == [(9999.0, 3)]
    assert list(suspected_markers(np.append(ordinary + 100, [0.0] * 5))) == [(0.0, 5)]


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).normal(20, 5, 2000).round(1),
        np.random.default_rng(0).normal(0, 1, 2000).round(0),
        np.minimum(np.random.default_rng(0).lognormal(4, 1, 5000).round(0), 999.0),  # a sensor ceiling
        np.where(np.arange(3000) % 40 == 0, np.random.default_rng(0).exponential(3, 3000).round(1), 0.0),  # rain
        np.where(np.arange(3000) % 2 == 0, np.random.default_rng(0).normal(1450, 10, 3000), 0.0),  # on and off
        np.repeat([0.0, 1.0], 100),
        np.array([0.0, 0.0, 0.0, 5.0, 6.0]),
    ],
)
def test_ordinary_data_is_not_suspected(values):
    assert list(suspected_markers(values)) == []


def test_a_suspected_marker_is_told_once_with_its_columns(tmp_path):
    rows = "".join(f"{i % 7 + i / 100:.2f},{i % 5 + i / 50:.2f}\n" for i in range(60)) + "-200,-200\n" * 4
    notes = [note for note in read_text(tmp_path, "a,b\n" + rows).notes if "-200" in note]
    assert len(notes) == 1
    for part in ("'a' 4 times", "'b' 4 times", "--missing=-200"):
        assert part in notes[0]


# --- Parquet and frames -------------------------------------------------------------------------------------


def arrow_table():
    schema = pa.schema(
        [
            pa.field("t", pa.timestamp("ms", tz="Europe/Berlin"), metadata={"unit": "h"}),
            pa.field("i", pa.int16()),
            pa.field("f", pa.float32()),
            pa.field("d", pa.decimal128(8, 2)),
            pa.field("big", pa.int64()),
            pa.field("s", pa.dictionary(pa.int8(), pa.string())),
            pa.field("b", pa.bool_()),
        ],
        metadata={"owner": "me"},
    )
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    columns = [
        [start + dt.timedelta(hours=hour) for hour in (0, 1, 3)],
        [1, None, 30_000],
        [0.1, None, 0.3],
        [Decimal("1.50"), None, Decimal("2.25")],
        [2**60 + 1, None, 3],
        ["x", None, "y"],
        [True, None, False],
    ]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


def test_parquet_keeps_schema_metadata_and_observed_bits(tmp_path):
    parquet.write_table(arrow_table(), tmp_path / "t.parquet")
    table = read_table(tmp_path / "t.parquet")
    assert table.series.columns == ("i", "f", "d", "big")
    assert table.series.rows.tolist() == [0, 1, -1, 2]
    write_table(table, np.full((4, 4), 7.6), tmp_path / "out.parquet")
    out = parquet.read_table(tmp_path / "out.parquet")
    assert out.schema.equals(arrow_table().schema, check_metadata=True)
    assert out["i"].to_pylist() == [1, 8, 30_000]
    assert out["f"].to_pylist() == pa.array([0.1, 7.6, 0.3], pa.float32()).to_pylist()
    assert out["d"].to_pylist() == [Decimal("1.50"), Decimal("7.60"), Decimal("2.25")]
    assert out["big"].to_pylist() == [2**60 + 1, 8, 3]
    assert out.select(["t", "s", "b"]).equals(arrow_table().select(["t", "s", "b"]))


def test_nothing_filled_gives_the_same_frame():
    table = read_table(arrow_table())
    assert fill_frame(table, table.series.values).equals(arrow_table())


def test_rows_are_added_to_an_arrow_table():
    table = read_table(arrow_table(), TableOptions(grid=True))
    out = fill_frame(table, np.full((4, 4), 7.6))
    assert out.schema.equals(arrow_table().schema, check_metadata=True)
    assert out["t"].to_pylist()[2] == dt.datetime(2020, 1, 1, 2, tzinfo=dt.UTC)
    assert out["i"].to_pylist() == [1, 8, 8, 30_000]
    assert out["s"].to_pylist() == ["x", None, None, "y"]


def test_a_csv_table_becomes_parquet_with_float_and_text_columns(tmp_path):
    table = read_text(tmp_path, 'date,a,w,\n2020-01-01,1,"x,y",\n2020-01-02,,z,\n2020-01-04,4,NA,\n', grid=True)
    write_table(table, np.full((4, 1), 2.345), tmp_path / "out.parquet")
    out = parquet.read_table(tmp_path / "out.parquet")
    assert out.schema.types == [pa.string(), pa.float64(), pa.string(), pa.string()]
    assert out.to_pydict() == {
        "date": ["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04"],
        "a": [1, 2.345, 2.345, 4],
        "w": ["x,y", "z", None, "NA"],
        "unnamed_4": ["", "", None, ""],
    }


def test_a_frame_is_written_as_plain_csv(tmp_path):
    table = read_table(arrow_table().drop_columns(["t"]))
    assert filled_text(tmp_path, table, np.full((3, 4), 7.5)) == (
        "i,f,d,big,s,b\n1,0.1,1.50,1152921504606846977,x,True\n8,7.5,7.50,8,,\n30000,0.3,2.25,3,y,False\n"
    )


def pandas_frame():
    return pd.DataFrame(
        {
            "i": np.array([1, -999, 3], dtype="int32"),
            "I": pd.array([1, None, 2**60 + 1], dtype="Int64"),
            "f": np.array([0.1, NAN, 0.3], dtype="float32"),
            "o": np.array(["1.25", "NA", "2.5"], dtype=object),
            "m": np.array([1, None, 2.5], dtype=object),
            "s": ["a", None, "c"],
            "b": [True, False, True],
            "c": pd.Categorical(["a", "b", "a"]),
        },
        index=pd.DatetimeIndex(["2020-01-01", "2020-01-02", "2020-01-04"], name="day", tz="Europe/Berlin"),
    )


def test_pandas_keeps_index_types_and_observed_cells():
    frame = pandas_frame()
    table = read_table(frame, TableOptions(missing=("-999",)))
    assert table.series.columns == ("i", "I", "f", "o", "m")
    assert table.series.time[0] == np.datetime64("2019-12-31T23:00", "ns")
    assert table.series.rows.tolist() == [0, 1, -1, 2]
    out = fill_frame(table, np.full((4, 5), 7.512))
    pd.testing.assert_index_equal(out.index, frame.index)
    assert out.dtypes.to_dict() == frame.dtypes.to_dict()
    assert out["i"].tolist() == [1, 8, 3]
    assert out["I"].tolist() == [1, 8, 2**60 + 1]
    assert out["f"].tolist() == np.array([0.1, 7.512, 0.3], dtype="float32").tolist()
    assert out["o"].tolist() == ["1.25", "7.51", "2.5"]
    assert out["m"].tolist() == [1, 7.512, 2.5]
    pd.testing.assert_frame_equal(out[["s", "b", "c"]], frame[["s", "b", "c"]])
    pd.testing.assert_frame_equal(frame, pandas_frame())  # the input is not written to
    pd.testing.assert_frame_equal(fill_frame(table, table.series.values), frame)


def test_rows_are_added_to_a_pandas_frame_with_a_time_index():
    table = read_table(pandas_frame(), TableOptions(missing=("-999",), grid=True))
    out = fill_frame(table, np.full((4, 5), 7.512))
    assert [str(day.date()) for day in out.index] == ["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04"]
    assert out.index.name == "day"
    assert str(out.index.tz) == "Europe/Berlin"
    assert out["i"].tolist() == [1, 8, 8, 3]
    assert out["i"].dtype == np.dtype("int32")
    assert out["f"].dtype == np.dtype("float32")
    assert out["b"].isna().tolist() == [False, False, True, False]


def test_rows_are_added_to_a_pandas_frame_with_a_time_column():
    frame = pd.DataFrame({"t": ["2020-01-01", "2020-01-02", "2020-01-04"], "v": [1.0, NAN, 4.0], "n": [3, 4, 9]})
    out = fill_frame(read_table(frame, TableOptions(grid=True)), np.full((4, 2), 2.0))
    assert out["t"].tolist() == ["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04"]
    assert out["v"].tolist() == [1, 2, 2, 4]
    assert out["n"].tolist() == [3, 4, 2, 9]
    assert out.index.tolist() == [0, 1, 2, 3]
    other = frame.set_index(pd.Index([7, 8, 9]))
    assert fill_frame(read_table(other), np.full((4, 2), 2.0)).index.tolist() == [7, 8, 9]
    with pytest.raises(InputError, match="reset_index"):
        fill_frame(read_table(other, TableOptions(grid=True)), np.full((4, 2), 2.0))


def test_columns_of_a_pandas_frame_may_be_numbered():
    out = fill_frame(read_table(pd.DataFrame([[1.0, 2.0], [NAN, 5.0], [7.0, NAN]])), np.full((3, 2), 3.5))
    assert out.columns.tolist() == [0, 1]
    assert out.to_numpy().tolist() == [[1, 2], [3.5, 5], [7, 3.5]]


def polars_frame():
    return pl.DataFrame(
        {
            "t": pl.Series([dt.date(2020, 1, 1), dt.date(2020, 1, 2), dt.date(2020, 1, 4)]),
            "f": pl.Series([0.1, NAN, None], dtype=pl.Float32),
            "i": pl.Series([2**60 + 1, None, 3], dtype=pl.Int64),
            "u": pl.Series([1, None, 3], dtype=pl.UInt8),
            "o": ["1.5", None, "2.5"],
            "s": ["a", None, "b"],
            "none": [None, None, None],
        }
    )


def test_polars_nan_and_null_are_both_missing_and_types_are_kept():
    table = read_table(polars_frame())
    assert table.series.columns == ("f", "i", "u", "o", "none")
    out = fill_frame(table, np.full((4, 5), [-3.0, 7.5, -3.0, 7.25, NAN]))
    assert out.schema == polars_frame().schema
    assert out["f"].to_list() == pl.Series([0.1, -3, -3], dtype=pl.Float32).to_list()
    assert out["i"].to_list() == [2**60 + 1, 8, 3]
    assert out["u"].to_list() == [1, 0, 3]  # as near to -3 as the type can hold
    assert out["o"].to_list() == ["1.5", "7.2", "2.5"]
    assert out["s"].to_list() == ["a", None, "b"]
    unchanged = fill_frame(table, np.full((4, 5), NAN))
    assert unchanged.equals(polars_frame(), null_equal=True)


def test_rows_are_added_to_a_polars_frame():
    out = fill_frame(read_table(polars_frame(), TableOptions(grid=True)), np.full((4, 5), 7.5))
    assert out["t"].to_list()[2] == dt.date(2020, 1, 3)
    assert out["i"].to_list() == [2**60 + 1, 8, 8, 3]
    assert out["none"].to_list() == [7.5] * 4
    assert out["s"].to_list() == ["a", None, None, "b"]


def test_a_pandas_frame_is_written_to_files_with_its_index(tmp_path):
    frame = pandas_frame()[["f"]]
    table = read_table(frame)
    write_table(table, np.full((4, 1), 7.5), tmp_path / "out.parquet")
    back = pd.read_parquet(tmp_path / "out.parquet")
    assert back.index.tolist() == frame.index.tolist()
    assert back["f"].dtype == np.dtype("float32")
    assert filled_text(tmp_path, table, np.full((4, 1), 7.5)).splitlines()[1] == "2020-01-01 00:00:00+01:00,0.1"
    assert filled_text(tmp_path, table, np.full((4, 1), 7.5), "o.tsv").splitlines()[0] == "day\tf"


def test_year_month_and_day_of_a_frame_make_the_time_and_are_added():
    frame = pd.DataFrame({"year": [2020] * 3, "month": [1] * 3, "day": [1, 2, 4], "v": [1.0, NAN, 3.5]})
    out = fill_frame(read_table(frame, TableOptions(grid=True)), np.full((4, 1), 2.0))
    assert out["day"].tolist() == [1, 2, 3, 4]
    assert out.dtypes.to_dict() == frame.dtypes.to_dict()


# --- real files ---------------------------------------------------------------------------------------------


def interpolated(values):
    steps = np.arange(len(values))
    filled = values.copy()
    for column in range(values.shape[1]):
        seen = ~np.isnan(values[:, column])
        filled[:, column] = np.interp(steps, steps[seen], values[seen, column])
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
def test_real_files_change_only_where_they_were_missing(tmp_path, name, options, shape, missing):
    source = SHARED / name
    if not source.exists():
        pytest.skip(f"{source} is not there: it is kept beside the repository, not in it")
    table = read_table(source, TableOptions(**options))
    assert table.series.values.shape == shape
    assert int(np.isnan(table.series.values).sum()) == missing
    assert table.series.step == np.timedelta64(1, "h")
    out = tmp_path / source.name
    write_table(table, table.series.values, out)
    assert read_bytes(out) == read_bytes(source)
    write_table(table, interpolated(table.series.values), out)
    before, after = (csv.reader(io.StringIO(read_bytes(path).decode(), newline="")) for path in (source, out))
    markers = {"NA", *options.get("missing", ()), *(f"{text}.0" for text in options.get("missing", ()))}
    changed = [
        (old, new)
        for one, two in zip(before, after, strict=True)
        for old, new in zip(one, two, strict=True)
        if old != new
    ]
    assert len(changed) == missing
    assert {old for old, _ in changed} <= markers


@pytest.mark.parametrize(
    ("name", "suspected"),
    [
        ("airquality_uci/AirQualityUCI.csv", "-200"),
        ("cambridge_buildings/electricity_hourly_2016_2019.csv.gz", "0"),
        ("ETT/ETTh1.csv", None),
        ("beijing_pm25/PRSA_data_2010_2014.csv", None),
        ("beijing_multisite/PRSA_Data_Dongsi_20130301-20170228.csv.gz", None),
        ("timekd/cambridge5.csv", None),
    ],
)
def test_undeclared_sentinels_of_real_files_are_told(name, suspected):
    if not (SHARED / name).exists():
        pytest.skip(f"{SHARED / name} is not there: it is kept beside the repository, not in it")
    notes = [note for note in read_table(SHARED / name).notes if "may stand for missing" in note]
    assert [note.split()[0] for note in notes] == ([suspected] if suspected else [])


def test_hidden_cells_of_ett_are_written_with_meaningful_digits(tmp_path):
    source = SHARED / "ETT/ETTh1.csv"
    if not source.exists():
        pytest.skip(f"{source} is not there: it is kept beside the repository, not in it")
    lines = source.read_text().splitlines()[:500]
    lines[5] = lines[5].split(",")[0] + "," * 7
    table = read_text(tmp_path, "\n".join(lines))
    row = filled_text(tmp_path, table, interpolated(table.series.values)).splitlines()[5].split(",")
    assert all(len(cell.partition(".")[2]) in (4, 5) for cell in row[1:])


def test_a_gzipped_output_holds_the_same_text(tmp_path):
    table = read_text(tmp_path, "a,b\n1,4\n,5\n3,9\n")
    write_table(table, np.full((3, 2), 2.0), tmp_path / "o.csv.gz")
    assert gzip.decompress((tmp_path / "o.csv.gz").read_bytes()) == b"a,b\n1,4\n2,5\n3,9\n"
