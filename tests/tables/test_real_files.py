"""Files as programs and agencies write them: read at the first try, and written back byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from latentfill.core.errors import InputError
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table
from latentfill.tables.table import Table
from latentfill.tables.write import write_table


def round_trip(table: Table, path: Path) -> bytes:
    """The bytes of a table that is written without filling anything."""
    write_table(table, np.full(table.series.values.shape, np.nan), path)
    return path.read_bytes()


def test_davis_weatherlink(tmp_path: Path):
    """Two rows of names, of which the first begins with empty cells; times such as 12:30a; dashes for missing cells."""
    head = "\t\tTemp\tHi\tOut\tWind\tWind\t\tIn \nDate\tTime\tOut\tTemp\tHum\tSpeed\tDir\tBar  \tTemp\n"
    clocks = [f"{(hour % 12) or 12}:{minute:02d}{'ap'[hour >= 12]}" for hour in range(24) for minute in (0, 30)]
    rows = [
        f"6/14/17\t{c}\t{20 + i % 7}.5\t21.0\t{50 + i % 3}\t1.0\tNNE\t1013.2\t22.{i % 9}" for i, c in enumerate(clocks)
    ]
    rows[4] = rows[4].replace("24.5", "---")
    text = head + "\n".join(rows) + "\n"
    (tmp_path / "t.txt").write_bytes(text.encode())
    table = read_table(tmp_path / "t.txt")
    assert table.series.columns == ("Temp Out", "Hi Temp", "Out Hum", "Wind Speed", "Bar", "In Temp")
    assert table.time_columns == ("Date", "Time")
    assert table.series.step == np.timedelta64(30, "m")
    assert table.series.time[0] == np.datetime64("2017-06-14T00:00")
    assert np.argwhere(np.isnan(table.series.values)).tolist() == [[4, 0]]
    assert round_trip(table, tmp_path / "out.txt") == text.encode()


@pytest.mark.parametrize(("am", "pm"), [("a", "p"), (" a.m.", " p.m."), ("am", "pm"), (" AM", " PM"), ("A", "P")])
def test_added_rows_get_the_half_of_the_day_as_it_is_written(tmp_path: Path, am: str, pm: str):
    stamps = [f"2017-06-14 {clock}" for clock in (f"10:30{am}", f"11:00{am}", f"11:30{am}", f"12:00{pm}", f"12:30{pm}")]
    path = tmp_path / "t.csv"
    path.write_text("time,x\n" + "".join(f"{stamp},1.5\n" for stamp in stamps if "12:00" not in stamp))
    table = read_table(path, TableOptions(grid=True))
    write_table(table, np.full((5, 1), 7.0), tmp_path / "out.csv")
    assert [line.split(",")[0] for line in (tmp_path / "out.csv").read_text().splitlines()[1:]] == stamps


@pytest.mark.parametrize(
    ("form", "mark"), [("%d.%m.%Y %H:%M", " - "), ("%d/%m/%Y %H:%M:%S", " - "), ("%Y-%m-%dT%H:%M:%SZ", "/")]
)
def test_entsoe_intervals_as_stamps(tmp_path: Path, form: str, mark: str):
    """Day-ahead prices of ENTSO-E; a row that is added gets an interval as long as the others."""
    hours = pd.date_range("2024-01-28", periods=96, freq="h")
    stamps = [f"{t:{form}}{mark}{t + pd.Timedelta('1h'):{form}}" for t in hours]
    head = '"MTU (CET/CEST)","Day-ahead Price [EUR/MWh]","Currency"\n'
    rows = [f'"{stamp}","{80 + i % 7}.5","EUR"\n' for i, stamp in enumerate(stamps)]
    path = tmp_path / "t.csv"
    path.write_text(head + "".join(rows[:5] + rows[6:]))
    table = read_table(path, TableOptions(grid=True))
    assert (table.series.columns, table.series.time[0]) == (("Day-ahead Price [EUR/MWh]",), hours[0].to_datetime64())
    write_table(table, np.full((96, 1), 81.5), tmp_path / "out.csv")
    written = (tmp_path / "out.csv").read_text().splitlines()
    assert written[6] == f"{stamps[5]},81.5,"
    assert [line + "\n" for line in written[1:6] + written[7:]] == rows[:5] + rows[6:]


def test_plain_stamps_are_no_intervals(tmp_path: Path):
    (tmp_path / "t.csv").write_text("time,x\n" + "".join(f"2024-01-{day} - 00:00,{day}.5\n" for day in range(10, 20)))
    assert read_table(tmp_path / "t.csv").axis.format == "%Y-%m-%d - %H:%M"


def read(tmp_path: Path, text: str, options: TableOptions | None = None, name: str = "t.txt") -> Table:
    """The table in a file with this text; written back without changes, the file has the same bytes."""
    (tmp_path / name).write_bytes(text.encode())
    table = read_table(tmp_path / name, options)
    assert round_trip(table, tmp_path / f"out.{name}") == text.encode()
    return table


HOURS = pd.date_range("2023-03-01", periods=30, freq="h")


def test_noaa_isd_lite(tmp_path: Path):
    """Integers below each other without names: year, month, day, hour, and the measurements."""
    rows = [f"{t:%Y %m %d %H}{50 + i % 9:6d}{-12 - i % 5:6d}{10132 + i % 3:6d}\n" for i, t in enumerate(HOURS)]
    table = read(tmp_path, "".join(rows))
    assert table.time_columns == ("year", "month", "day", "hour")
    assert table.series.columns == ("column_5", "column_6", "column_7")
    assert table.series.step == np.timedelta64(1, "h")
    assert "they are called year, month, day, hour, column_5 to column_7." in table.notes[0]


def test_meteostat_without_names(tmp_path: Path):
    rows = [f"{t:%Y-%m-%d},{t.hour},{5 + i % 4}.5,,{70 + i % 7}\n" for i, t in enumerate(HOURS)]
    table = read(tmp_path, "".join(rows), name="t.csv")
    assert (table.time_columns, table.series.step) == (("date", "hour"), np.timedelta64(1, "h"))


def test_psmsl_sea_level(tmp_path: Path):
    rows = [f" {1993 + (m + 0.5) / 12:.4f};{7000 + m % 9:6d}; 0;000\n" for m in range(30)]
    table = read(tmp_path, "".join(rows))
    assert (table.time_columns, table.series.step) == (("decimal_date",), np.timedelta64(1, "M"))


@pytest.mark.parametrize(
    "row",
    [
        lambda i: f"{1990 + i},{i % 12 + 1},{i}.5",  # a year and a month that are not enough: one row a year
        lambda i: f"{2000 + i % 3},{i % 12 + 1},{i}.5",  # back and forth
        lambda i: f"{40 + i},{i % 12 + 1},{i}.5",
        lambda i: f"{1800 + i}.5,{i},3",  # one decimal
        lambda i: f"2023-03-{i + 1:02d},{i % 24},{i}.5",  # one row a day
    ],
)
def test_other_numbers_in_front_of_a_file_without_names_are_no_time(tmp_path: Path, row: Callable[[int], str]):
    table = read(tmp_path, "".join(f"{row(i)}\n" for i in range(25)), name="t.csv")
    assert {"year", "decimal_date", "date", "hour"}.isdisjoint(table.source.names)


def test_usgs_rdb(tmp_path: Path):
    """Comments, names, a row of formats, and a word for ice among the numbers."""
    head = "# Data provided for site 01646500\n#\nagency_cd\tsite_no\tdatetime\ttz_cd\t69929_00060\t69929_00060_cd\n"
    rows = [f"USGS\t01646500\t{t:%Y-%m-%d %H:%M}\tEST\t{9000 + i % 50}\tP\n" for i, t in enumerate(HOURS)]
    rows[7] = rows[7].replace("\t9007\t", "\tIce\t")
    table = read(tmp_path, head + "5s\t15s\t20d\t6s\t14n\t10s\n" + "".join(rows), name="t.rdb")
    assert (table.time_columns, table.series.columns) == (("datetime",), ("69929_00060",))
    assert np.flatnonzero(np.isnat(table.series.time) | np.isnan(table.series.values[:, 0])).tolist() == [7]
    assert table.source.layout["units_rows"] == ["5s\t15s\t20d\t6s\t14n\t10s"]


def test_open_meteo(tmp_path: Path):
    """A table of the place, with more columns than the data, above the names."""
    head = "latitude,longitude,elevation,utc_offset_seconds,timezone,timezone_abbreviation\n"
    head += "52.54833,13.407822,38.0,0,GMT,GMT\n\ntime,temperature_2m (°C),relative_humidity_2m (%)\n"
    table = read(tmp_path, head + "".join(f"{t:%Y-%m-%dT%H:%M},{i}.5,70\n" for i, t in enumerate(HOURS)), name="t.csv")
    assert table.series.columns == ("temperature_2m (°C)", "relative_humidity_2m (%)")
    assert (table.series.n_steps, table.source.layout["lines_above"]) == (30, 3)


def test_garmin(tmp_path: Path):
    """The first name is empty, and all numbers have a unit."""
    days = pd.date_range("2023-01-01", periods=30)
    rows = [f"{d:%b} {d.day} {d.year},{50 + d.day % 7} bpm,{70 + d.day % 9} bpm\n" for d in days]
    with pytest.raises(InputError, match=r"Column 'Resting'.*`--flags bpm`"):
        read(tmp_path, ",Resting,High\n" + "".join(rows), name="t.csv")
    table = read(tmp_path, ",Resting,High\n" + "".join(rows), TableOptions(flags="bpm"), name="t.csv")
    assert (table.series.columns, table.series.step) == (("Resting", "High"), np.timedelta64(1, "D"))
    assert table.series.values[0].tolist() == [51, 71]


def test_grafana_with_units_in_the_cells_is_refused_with_one_flag_for_all(tmp_path: Path):
    rows = [f"{t:%Y-%m-%d %H:%M:%S},{i}.5 °C,55.{i % 10}%\n" for i, t in enumerate(HOURS)]
    text = '"Time","Living room","Humidity"\n' + "".join(rows)
    with pytest.raises(InputError) as caught:
        read(tmp_path, text, name="t.csv")
    assert str(caught.value).count("`--flags '°C%'`") == 2
    assert read(tmp_path, text, TableOptions(flags="°C%"), name="t.csv").series.values[3].tolist() == [3.5, 55.3]


def test_numbers_with_letters_that_multiply_them_are_not_read_as_if_these_were_signs(tmp_path: Path):
    text = "Date,Price,Vol.\n" + "".join(f"{t:%Y-%m-%d %H}:00,{i}.5,{i}.2{'MK'[i % 2]}\n" for i, t in enumerate(HOURS))
    with pytest.raises(InputError, match=r"'Vol\.'.*multiply numbers are not read.*`--leave 'Vol\.'`"):
        read(tmp_path, text, name="t.csv")


def test_words_of_plant_historians_are_missing_values_and_others_are_named_in_one_flag(tmp_path: Path):
    words = {4: "Bad", 9: "I/O Timeout", 10: "Comm Fail", 11: "No Data"}
    rows = [f"{t:%d-%b-%y %H:%M:%S};{words.get(i, f'{i}.25')};Good\n" for i, t in enumerate(HOURS)]
    text = "Timestamp;FI101.PV;FI101.Status\n" + "".join(rows)
    assert np.flatnonzero(np.isnan(read(tmp_path, text, name="t.csv").series.values)).tolist() == [4, 9, 10, 11]
    other = text.replace("Bad;", "[-11059] No Good;").replace("No Data;", "Tripped;")
    flag = "FI101.PV=[-11059] No Good,FI101.PV=I/O Timeout,FI101.PV=Comm Fail,FI101.PV=Tripped"
    with pytest.raises(InputError) as caught:
        read(tmp_path, other, name="t.csv")
    assert f"`--missing '{flag}'`" in str(caught.value)
    read(tmp_path, other, TableOptions(missing=tuple(flag.split(","))), name="t.csv")


def test_filled_cells_of_a_padded_column_stay_below_the_others(tmp_path: Path):
    """Rows of the KNMI, whose header is a comment."""
    head = "# BRON: KNMI\n#\n# STN,YYYYMMDD,   HH,    T,    U\n\n"
    rows = [f"  260,{t:%Y%m%d},{t.hour + 1:5d},{i:5d},{70 + i % 5:5d}\n" for i, t in enumerate(HOURS)]
    rows[8] = rows[8].replace("    8,", "     ,")
    table = read(tmp_path, head + "".join(rows))
    assert (table.time_columns, table.series.columns) == (("YYYYMMDD", "HH"), ("T", "U"))
    write_table(table, np.full((30, 2), 12.0), tmp_path / "filled.txt")
    assert (tmp_path / "filled.txt").read_text().splitlines()[12] == "  260,20230301,    9,   12,   73"
