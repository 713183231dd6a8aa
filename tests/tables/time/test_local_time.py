"""Local time of a place whose clocks go forward and back."""

import numpy as np
import pytest

from latentfill.core.errors import InputError
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table
from latentfill.tables.write import write_table


def table_of(folder, stamps, **options):
    path = folder / "t.csv"
    path.write_text("time,x\n" + "".join(f"{stamp},{row % 5}\n" for row, stamp in enumerate(stamps)))
    return read_table(path, TableOptions(timezone="Europe/Berlin", **options))


AUTUMN = ["2023-10-29 01:00", "2023-10-29 02:00", "2023-10-29 02:00", "2023-10-29 03:00", "2023-10-29 04:00"]
SPRING = ["2023-03-26 00:00", "2023-03-26 01:00", "2023-03-26 03:00", "2023-03-26 04:00"]


@pytest.mark.parametrize(
    "stamps", [AUTUMN, SPRING, AUTUMN[::-1], [f"{s[:14]}{m}" for s in SPRING for m in ("00", "30")]]
)
def test_hours_that_are_repeated_or_left_out_by_the_clock_are_steps_like_any_other(tmp_path, stamps):
    series = table_of(tmp_path, stamps).series
    assert series.n_steps == len(stamps)
    assert series.step is not None


def test_rows_are_added_in_local_time(tmp_path):
    table = table_of(tmp_path, [AUTUMN[0], AUTUMN[1], *AUTUMN[3:]], grid=True)
    write_table(table, np.full(table.series.values.shape, 9.0), tmp_path / "out.csv")
    assert [line.split(",")[0] for line in (tmp_path / "out.csv").read_text().splitlines()[1:]] == AUTUMN


def test_a_stamp_in_the_hour_that_is_left_out_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"cannot be in Europe/Berlin.*line 3: 2023-03-26 02:30"):
        table_of(tmp_path, ["2023-03-26 01:30", "2023-03-26 02:30", "2023-03-26 03:30"])


def test_stamps_with_zones_and_unknown_zones_are_refused(tmp_path):
    with pytest.raises(InputError, match="zones of their own"):
        table_of(tmp_path, ["2023-03-26 01:30+01:00", "2023-03-26 02:30+01:00"])
    with pytest.raises(InputError, match="did you mean Europe/Berlin"):
        TableOptions(timezone="europe/berlni")


def test_an_hour_that_is_repeated_without_a_zone_is_refused_with_the_way_out(tmp_path):
    path = tmp_path / "t.csv"
    hours = [f"2023-10-{day:02d} {hour:02d}:00" for day in range(1, 31) for hour in range(24)]
    hours.insert(hours.index("2023-10-29 03:00"), "2023-10-29 02:00")
    path.write_text("time,x\n" + "".join(f"{stamp},{row % 5}\n" for row, stamp in enumerate(hours)))
    with pytest.raises(InputError, match="--timezone Europe/Berlin"):
        read_table(path)
