"""Years with fractions as time stamps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from latentfill.tables.backends.column import Column
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table
from latentfill.tables.time.decimal_years import decimal_axis, is_decimal_name, may_be_clock
from latentfill.tables.write import write_table

MID_MONTHS = ("1958.2027", "1958.2877", "1958.3699", "1958.4548", "1958.5370", "1958.6219", "1958.7068", "1958.7890")


def text_column(name: str, texts: list[str]) -> Column:
    return Column.of_texts(name, pa.array(texts, pa.string()))


def written(axis: object) -> list[str]:
    """The stamps of an axis as it writes them."""
    return axis.write(axis.time, np.zeros(len(axis.time), dtype=np.int64))[0]


@pytest.mark.parametrize(
    ("texts", "first", "second"),
    [
        (MID_MONTHS, "1958-03-16", "1958-04-16"),  # days counted from the start of the year
        (("1993.0417", "1993.1250", "1993.2083", "1993.2917"), "1993-01-01", "1993-02-01"),  # middles of twelfths
        (("2000.000", "2000.083", "2000.167", "2000.250"), "2000-01-01", "2000-02-01"),
        (("2001.00137", "2001.00411", "2001.00685"), "2001-01-01", "2001-01-02"),  # noon of each day
        (("2019.000114", "2019.000228", "2019.000342"), "2019-01-01T01", "2019-01-01T02"),
    ],
)
def test_stamps_are_the_months_days_or_hours_that_numbers_stand_for(texts: tuple[str, ...], first: str, second: str):
    axis = decimal_axis(text_column("decimal date", list(texts)), 0)
    assert axis.time[:2].tolist() == np.array([first, second], dtype="datetime64[ns]").tolist()
    assert written(axis) == list(texts)


def test_uneven_stamps_keep_their_distances():
    texts = ["1993.011526", "1993.038692", "1993.065858", "1993.101000"]
    axis = decimal_axis(text_column("year", texts), 0)
    assert written(axis) == texts
    days = np.diff(axis.time).astype("timedelta64[s]").astype(float) / 86_400
    np.testing.assert_allclose(days, [9.9156, 9.9156, 12.8268], atol=1e-3)


def test_numbers_without_a_fixed_number_of_decimals_are_written_so():
    axis = decimal_axis(Column.of_numbers("decyear", np.array([2000.0, 2000.25, 2000.5, 2000.75])), 0)
    assert written(axis) == ["2000.0", "2000.25", "2000.5", "2000.75"]


@pytest.mark.parametrize("name", ["decimal date", "decimal_year", "Decimal", "DecYear", "year_dec", "yr_frac"])
def test_names_of_years_with_fractions(name: str):
    assert is_decimal_name(name)
    assert may_be_clock(text_column(name, list(MID_MONTHS)))


@pytest.mark.parametrize("name", ["dec", "declination", "date", "decimal places", "co2"])
def test_other_names(name: str):
    assert not is_decimal_name(name)
    assert not may_be_clock(text_column(name, list(MID_MONTHS)))


@pytest.mark.parametrize(
    "texts",
    [
        ["1958", "1959", "1960"],  # whole years
        ["2020.01", "2020.02", "2020.12"],  # year and month
        ["1.5", "2.5", "3.5"],
        ["1958.2", "1960.7", "1950.1", "1970.3", "1951.2"],  # back and forth
        ["1958.2", "", "1958.4"],
    ],
)
def test_other_numbers_below_year_are_no_clock(texts: list[str]):
    assert not may_be_clock(text_column("year", texts))


def write(path: Path, header: str, rows: list[str]) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_added_rows_get_stamps_with_as_many_decimals(tmp_path: Path):
    stamps = [stamp for stamp in MID_MONTHS if stamp != "1958.5370"]
    path = write(tmp_path / "t.csv", "decimal date,co2", [f"{stamp},{315 + n}.5" for n, stamp in enumerate(stamps)])
    table = read_table(path, TableOptions(grid=True))
    assert (table.time_columns, table.series.columns, table.series.step) == (
        ("decimal date",),
        ("co2",),
        np.timedelta64(1, "M"),
    )
    write_table(table, np.full((8, 1), 318.0), tmp_path / "out.csv")
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == list(MID_MONTHS)
    assert lines[5] == "1958.5370,318.0"


def test_year_and_month_are_preferred_and_the_decimal_date_is_left_alone(tmp_path: Path):
    rows = [f"1958,{month},{stamp},{310 + month % 3}.1" for month, stamp in enumerate(MID_MONTHS, start=3)]
    table = read_table(write(tmp_path / "t.csv", "year,month,decimal date,average", rows))
    assert (table.time_columns, table.series.columns) == (("year", "month"), ("average",))
    assert table.left_alone == {"decimal date": "holds the time as years with fractions"}
    assert any("'decimal date' (holds the time as years with fractions)" in note for note in table.notes)


def test_a_column_of_dates_is_preferred(tmp_path: Path):
    rows = [f"{stamp},1958-0{month}-15,{310 + month % 3}.1" for month, stamp in enumerate(MID_MONTHS[:6], start=3)]
    table = read_table(write(tmp_path / "t.csv", "decimal date,day,average", rows))
    assert (table.time_columns, table.series.columns) == (("day",), ("average",))


def test_a_column_of_any_name_is_read_if_it_is_given(tmp_path: Path):
    path = write(tmp_path / "t.csv", "t,x", [f"{stamp},{n}.5" for n, stamp in enumerate(MID_MONTHS)])
    assert read_table(path, TableOptions(time=("t",))).series.time[0] == np.datetime64("1958-03-16")


def test_a_frame_keeps_its_numbers(tmp_path: Path):
    frame = pd.DataFrame({"decimal_year": [2000.0, 2000.25, 2000.5, 2000.75], "x": [1.0, np.nan, 3.0, 4.0]})
    table = read_table(frame)
    assert (table.time_columns, table.series.columns) == (("decimal_year",), ("x",))
    assert table.series.step == np.timedelta64(3, "M")
