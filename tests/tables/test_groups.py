"""Stacked tables: splitting them into series, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from latentfill.core.errors import InputError, UnknownColumnError
from latentfill.tables.groups import read_groups
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table

HOURS = [f"2023-03-01 {hour:02d}:00" for hour in range(12)]


def save(folder, rows, header="station,time,x"):
    path = folder / "t.csv"
    path.write_text(header + "\n" + "".join(f"{','.join(map(str, row))}\n" for row in rows))
    return path


BLOCKS = [(name, hour, f"{row}.5") for name in ("North", "South") for row, hour in enumerate(HOURS)]
IN_TURNS = [(name, hour, f"{row}.5") for row, hour in enumerate(HOURS) for name in ("North", "South")]


@pytest.mark.parametrize("rows", [BLOCKS, IN_TURNS])
def test_each_series_has_its_own_rows_and_clock(tmp_path, rows):
    grouped = read_groups(save(tmp_path, rows), TableOptions(by="station"))
    assert [group.name for group in grouped.groups] == ["North", "South"]
    for group in grouped.groups:
        assert group.table.series.n_steps == 12
        assert group.table.series.step == np.timedelta64(1, "h")
        np.testing.assert_array_equal(group.table.series.values[:, 0], np.arange(12) + 0.5)


def test_series_are_told_apart_by_several_columns_also_of_numbers(tmp_path):
    rows = [(site, depth, hour, row) for site in (7, 8) for depth in ("a", "b") for row, hour in enumerate(HOURS)]
    grouped = read_groups(save(tmp_path, rows, "site,depth,time,x"), TableOptions(by="site,depth"))
    assert [group.labels for group in grouped.groups] == [("7", "a"), ("7", "b"), ("8", "a"), ("8", "b")]
    assert grouped.groups[0].table.series.columns == ("x",)


def test_numbers_are_read_alike_in_all_series(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(
        "s;x\n" + "".join(f"a;{row},25\n" for row in range(9)) + "".join(f"b;{row},125\n" for row in range(8))
    )
    grouped = read_groups(path, TableOptions(by="s"))
    assert grouped.groups[1].table.series.values[1, 0] == 1.125


@pytest.mark.parametrize(
    ("by", "error", "parts"),
    [
        ("sation", UnknownColumnError, ["by", "'station'"]),
        ("x", InputError, ["'x'", "each of the 12 rows"]),
    ],
)
def test_columns_that_tell_no_series_apart_are_refused(tmp_path, by, error, parts):
    with pytest.raises(error) as caught:
        read_groups(save(tmp_path, BLOCKS[:12]), TableOptions(by=by, time="time"))
    for part in parts:
        assert part in str(caught.value)


def test_two_rows_of_one_series_with_one_stamp_are_refused(tmp_path):
    rows = [*BLOCKS, ("South", HOURS[3], 1)]
    with pytest.raises(InputError, match=r"Series 'South': 1 time stamp in more than one row"):
        read_groups(save(tmp_path, rows), TableOptions(by="station"))


def test_a_stacked_table_is_never_read_as_one_series(tmp_path):
    with pytest.raises(InputError, match=r"tells them apart: `--by station`"):
        read_table(save(tmp_path, BLOCKS))
    earlier = [
        (name, hour.replace("2023", year), x)
        for (name, hour, x), year in zip(BLOCKS, ["2023"] * 12 + ["2022"] * 12, strict=True)
    ]
    with pytest.raises(InputError, match=r"stacks 2 series.*'station' changes.*--by station"):
        read_table(save(tmp_path, earlier))
    assert read_table(save(tmp_path, earlier), TableOptions(leave="station")).n_rows == 24
    frame = pd.DataFrame(BLOCKS, columns=["station", "time", "x"]).set_index(["station", "time"])
    with pytest.raises(InputError, match=r"2 levels \(station, time\).*by="):
        read_table(frame)


def test_words_that_change_within_a_series_are_no_names_of_series(tmp_path):
    rows = [("N" if row % 3 else "S", hour, row) for row, hour in enumerate(HOURS)]
    assert read_table(save(tmp_path, rows)).series.n_steps == 12


def test_repeated_stamps_are_refused_with_their_rows(tmp_path):
    times = ["2020-01-01", "2020-01-02T05:30", "2020-01-01", "2020-01-02T05:30"]
    with pytest.raises(InputError) as caught:
        read_table(save(tmp_path, [("a", time, row) for row, time in enumerate(times)]), TableOptions(time="time"))
    for part in ("2 time stamps", "2020-01-01 in lines 2, 4", "2020-01-02 05:30 in lines 3, 5", "--time none"):
        assert part in str(caught.value)


def test_rows_out_of_order_with_words_of_their_own_are_one_series(tmp_path):
    rows = [(f"note {row}", hour, row) for row, hour in enumerate(HOURS)]
    assert read_table(save(tmp_path, [*rows[6:], *rows[:6]])).series.n_steps == 12


def test_rows_of_a_part_of_a_stacked_file_are_counted_in_their_series(tmp_path):
    rows = [(station, hour, n) for n, hour in enumerate(HOURS) for station in "ab"]
    shared = read_groups(save(tmp_path, rows), TableOptions(by="station")).shared
    rows[7] = ("b", HOURS[3], "x y")
    whole = read_groups(save(tmp_path, rows), TableOptions(by="station"))
    part = read_groups(save(tmp_path, rows), TableOptions(by="station"), shared)
    assert "(line 9: 'x y')" in whole.groups[1].problem
    assert "(row 4: 'x y')" in part.groups[1].problem
