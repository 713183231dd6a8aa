"""Files as programs and agencies write them: read at the first try, and written back byte for byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
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
