"""Files as programs and agencies write them: read at the first try, and written back byte for byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

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
