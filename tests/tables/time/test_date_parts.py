"""Columns that hold parts of time stamps, in any naming."""

import numpy as np
import pytest

from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table
from latentfill.tables.write import write_table

MONTHS = [(1990 + month // 12, 1 + month % 12) for month in range(40)]
HALF_HOURS = [(2018, 100 + (step + 1) // 48, (step + 1) % 48 / 2) for step in range(120)]
DAYS = np.arange("2020-01-20", "2020-03-20", dtype="datetime64[D]").astype(str).tolist()


def table_of(folder, header, rows, **options):
    path = folder / "t.csv"
    path.write_text(header + ",v\n" + "".join(f"{','.join(map(str, row))},{i % 7}\n" for i, row in enumerate(rows)))
    return read_table(path, TableOptions(**options))


@pytest.mark.parametrize(
    ("header", "rows", "time", "first", "step"),
    [
        ("yyyy,mm", MONTHS, ("yyyy", "mm"), "1990-01-01T00:00", np.timedelta64(1, "M")),
        ("Year,DoY", [(2018, day) for day in range(100, 150)], ("Year", "DoY"), "2018-04-10T00:00", "1D"),
        ("Year,DoY,Hour", HALF_HOURS, ("Year", "DoY", "Hour"), "2018-04-10T00:30", "30m"),
        (
            "YY,MM,DD,hh,mm",
            [(11, 12, 30, h, 50) for h in range(24)],
            ("YY", "MM", "DD", "hh", "mm"),
            "2011-12-30T00:50",
            "1h",
        ),
        ("YEAR,WEEK", [(2019, week) for week in range(30, 53)], ("YEAR", "WEEK"), "2019-07-22T00:00", "7D"),
        ("STN,YYYYMMDD", [(260, day.replace("-", "")) for day in DAYS], ("YYYYMMDD",), "2020-01-20T00:00", "1D"),
        ("day,x", [(day.replace("-", ""), 5.5) for day in DAYS], ("day",), "2020-01-20T00:00", "1D"),
        (
            "Data,Hora UTC,UMIDADE NA HORA ANT",
            [("2020/01/01", f"{h:02d}00 UTC", 50 + h) for h in range(24)],
            ("Data", "Hora UTC"),
            "2020-01-01T00:00",
            "1h",
        ),
        ("DATE,TIME", [("20200101", 100 * h + 30) for h in range(24)], ("DATE", "TIME"), "2020-01-01T00:30", "1h"),
        ("time,x", [(f"20200101:{h:02d}10", 0) for h in range(24)], ("time",), "2020-01-01T00:10", "1h"),
        ("ts,x", [(1577836800 + 3600 * h, 0) for h in range(24)], ("ts",), "2020-01-01T00:00", "1h"),
        ("YYYYMMDD,HH", [("20200101", h) for h in range(1, 25)], ("YYYYMMDD", "HH"), "2020-01-01T01:00", "1h"),
        ("Date,Sunshine hours", [(day, 5 + i % 9) for i, day in enumerate(DAYS)], ("Date",), "2020-01-20T00:00", "1D"),
        ("Date,processing time", [(day, 5 + i % 9) for i, day in enumerate(DAYS)], ("Date",), "2020-01-20T00:00", "1D"),
        (
            "year,month,day,min",
            [(2020, 1, d, d % 9) for d in range(1, 31)],
            ("year", "month", "day"),
            "2020-01-01T00:00",
            "1D",
        ),
    ],
)
def test_the_columns_of_the_time_are_found(tmp_path, header, rows, time, first, step):
    table = table_of(tmp_path, header, rows)
    assert table.time_columns == time
    assert table.series.time[0] == np.datetime64(first)
    expected = step if isinstance(step, np.timedelta64) else np.timedelta64(int(step[:-1]), step[-1])
    assert table.series.step == expected


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("yyyy,mm", MONTHS),
        ("Year,DoY,Hour", HALF_HOURS),
        ("YEAR,WEEK", [(2019 + (week > 52), (week - 1) % 52 + 1) for week in range(40, 70)]),
        ("DATE,TIME", [("20200101", 100 * hour) for hour in range(24)]),
    ],
)
def test_missing_rows_are_added_with_all_parts_of_their_time(tmp_path, header, rows):
    table = table_of(tmp_path, header, [*rows[:7], *rows[9:]], grid=True)
    write_table(table, np.full(table.series.values.shape, 1.0), tmp_path / "out.csv")
    lines = (tmp_path / "out.csv").read_text().splitlines()[1:]
    written = [tuple(float(cell) for cell in line.split(",")[:-1]) for line in lines]
    assert written == [tuple(float(part) for part in row) for row in rows]


def test_weeks_of_epidemiology_are_known_by_a_week_53(tmp_path):
    weeks = [(2014, week) for week in range(30, 54)] + [(2015, week) for week in range(1, 20)]
    series = table_of(tmp_path, "YEAR,WEEK", weeks).series
    assert series.step == np.timedelta64(7, "D")
    assert series.time[0] == np.datetime64("2014-07-20")  # a Sunday
