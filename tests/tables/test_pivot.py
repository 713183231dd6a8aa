"""Long tables: read as wide ones, and written back as long ones."""

import numpy as np
import pytest

from latentfill.core.errors import InputError, RepeatedTimeError, UnknownColumnError
from latentfill.tables.groups import read_groups
from latentfill.tables.options import TableOptions
from latentfill.tables.pivot import MOST_PARAMETERS
from latentfill.tables.read import read_table
from latentfill.tables.write import write_table
from latentfill.windows.gaps import interpolate

PIVOT = {"pivot": "parameter=value"}
ROWS = [  # NO2 lacks hour 2 and O3 hour 3; O3 is empty at hour 1; no row has hour 4
    "A,2023-03-01 00:00,NO2,10.5,ug,ok",
    "A,2023-03-01 00:00,O3,50,ug,ok",
    "A,2023-03-01 01:00,NO2,11.5,ug,ok",
    "A,2023-03-01 01:00,O3,,ug,bad",
    "A,2023-03-01 02:00,O3,52,ug,ok",
    "A,2023-03-01 03:00,NO2,13.5,ug,ok",
    "A,2023-03-01 05:00,NO2,15.5,ug,ok",
    "A,2023-03-01 05:00,O3,55,ug,ok",
]
HEADER = "station,time,parameter,value,unit,quality"


def save(folder, rows=ROWS, header=HEADER):
    path = folder / "t.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def filled(path, **options):
    """The lines of a file below its header after linear interpolation."""
    table = read_table(path, TableOptions(**{**PIVOT, **options}))
    out = path.with_name("out.csv")
    write_table(table, interpolate(table.series.values), out)
    return out.read_text().splitlines()[1:]


def test_each_parameter_becomes_a_column_with_a_row_for_each_stamp(tmp_path):
    series = read_table(save(tmp_path), TableOptions(**PIVOT)).series
    assert series.columns == ("NO2", "O3")
    assert series.step == np.timedelta64(1, "h")
    nan = np.nan
    expected = [[10.5, 50], [11.5, nan], [nan, 52], [13.5, nan], [nan, nan], [15.5, 55]]
    np.testing.assert_array_equal(series.values, expected)
    np.testing.assert_array_equal(series.rows, [0, 1, 2, 3, -1, 4])


def test_the_long_table_is_written_back_with_its_cells_filled_and_readings_added(tmp_path):
    expected = ROWS.copy()
    expected[3] = "A,2023-03-01 01:00,O3,51,ug,bad"
    expected.insert(5, ",2023-03-01 02:00,NO2,12.5,,")
    expected.insert(7, ",2023-03-01 03:00,O3,53,,")
    assert filled(save(tmp_path)) == expected


def test_the_grid_adds_readings_at_stamps_that_no_row_has(tmp_path):
    lines = filled(save(tmp_path), grid=True)
    assert lines[7:10] == [
        ",2023-03-01 03:00,O3,53,,",
        ",2023-03-01 04:00,NO2,14.5,,",
        ",2023-03-01 04:00,O3,54,,",
    ]
    assert len(lines) == len(ROWS) + 4


def test_all_but_the_filled_cells_is_kept_byte_for_byte(tmp_path):
    path = tmp_path / "t.csv"
    raw = "# from a logger\r\ntime;parameter;value;note\r\n"
    raw += '2023-03-01 00:00;"a";  1,50;"x;y"\r\n# a comment\r\n2023-03-01 00:00;b;2,0*;\r\n'
    raw += "2023-03-01 01:00;a; 2,50 ; \r\n2023-03-01 01:00;b;NA;z\r\n"
    raw += "2023-03-01 02:00;a;3,50;\r\n2023-03-01 02:00;b;4,0;"
    path.write_bytes(raw.encode("latin-1"))
    table = read_table(path, TableOptions(**PIVOT))
    write_table(table, interpolate(table.series.values), tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == raw.replace("b;NA;z", "b;3,0;z").encode("latin-1")


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_order_of_the_rows_changes_only_their_place(tmp_path, seed):
    shuffled = [ROWS[row] for row in np.random.default_rng(seed).permutation(len(ROWS))]
    lines = filled(save(tmp_path, shuffled))
    kept = [line for line in lines if line.startswith("A")]
    assert [line.replace("O3,51", "O3,") for line in kept] == shuffled
    assert sorted(lines) == sorted(filled(save(tmp_path)))
    for added in set(lines) - set(kept):
        stamp = added.split(",")[1]
        above = [line for line in lines[: lines.index(added)] if line in kept]
        assert above[-1] == [line for line in kept if line.split(",")[1] == stamp][-1]


def test_rows_stay_newest_first(tmp_path):
    stamps = [line.split(",")[1] for line in filled(save(tmp_path, ROWS[::-1]), grid=True)]
    assert stamps == sorted(stamps, reverse=True)


def test_new_cells_have_the_decimals_of_their_parameter(tmp_path):
    rows = [
        f"2023-03-01 {hour:02d}:00,{name},{value}" for hour in range(5) for name, value in (("a", hour), ("b", 0.25))
    ]
    rows = [row for row in rows if not row.startswith("2023-03-01 02")] + ["2023-03-01 02:00,c,7"]
    lines = filled(save(tmp_path, rows, "time,parameter,value"), grid=True, leave="c")
    assert lines[-2:] == ["2023-03-01 02:00,a,2", "2023-03-01 02:00,b,0.25"]


def test_markers_and_thousands_are_those_of_the_parameter(tmp_path):
    rows = [f"2023-03-01 {h:02d}:00,{p},{v}" for h in range(12) for p, v in (("a", f'"1,{h:03d}.5"'), ("b", -9 - h))]
    rows[6], rows[13] = "2023-03-01 03:00,a,-999", "2023-03-01 06:00,b,-15"
    series = read_table(
        save(tmp_path, rows, "time,parameter,value"), TableOptions(**PIVOT, missing={"a": -999, "b": -15})
    ).series
    assert np.isnan(series.values[3, 0])
    assert series.values[2, 0] == 1002.5
    assert np.isnan(series.values[6, 1])
    assert np.isnan(series.values).sum() == 2


@pytest.mark.parametrize("options", [{"columns": "NO2"}, {"leave": "O3"}])
def test_other_parameters_are_left_as_they_are(tmp_path, options):
    expected = ROWS.copy()
    expected.insert(5, ",2023-03-01 02:00,NO2,12.5,,")
    assert filled(save(tmp_path), **options) == expected


def test_parameters_of_words_are_passed_through(tmp_path):
    rows = [*ROWS, "A,2023-03-01 00:00,sky,clear,,ok", "A,2023-03-01 05:00,sky,dull,,ok"]
    table = read_table(save(tmp_path, rows), TableOptions(**PIVOT))
    assert table.series.columns == ("NO2", "O3")
    assert "Columns without numbers are passed through: 'sky'." in table.notes
    assert filled(save(tmp_path, rows))[-2:] == rows[-2:]


def test_a_parameter_that_is_measured_less_often_is_named(tmp_path):
    rows = [f"2023-03-01 {hour:02d}:00,often,{hour}" for hour in range(9)]
    rows += [f"2023-03-01 {hour:02d}:00,seldom,{hour}" for hour in (0, 4, 8)]
    path = save(tmp_path, rows, "time,parameter,value")
    notes = read_table(path, TableOptions(**PIVOT)).notes
    assert [note for note in notes if note.startswith("'seldom': fewer than half")]
    assert not any("fewer than half" in note for note in read_table(path, TableOptions(**PIVOT, leave="seldom")).notes)


def test_each_parameter_has_the_hour_that_clocks_repeat(tmp_path):
    hours = ("01:00", "02:00", "02:00", "03:00")
    rows = [f"2023-10-29 {hour},{name},{row}" for name in "ab" for row, hour in enumerate(hours)]
    for order in (rows, sorted(rows)):
        path = save(tmp_path, order, "time,parameter,value")
        series = read_table(path, TableOptions(**PIVOT, timezone="Europe/Berlin")).series
        assert series.step == np.timedelta64(1, "h")
        np.testing.assert_array_equal(series.values, np.column_stack([range(4), range(4)]))


# --- with several series ------------------------------------------------------------------------------------


def test_each_series_has_only_its_own_parameters(tmp_path):
    rows = [*ROWS, *(f"B,2023-03-01 {hour:02d}:00,PM10,{hour},ug,ok" for hour in range(4))]
    grouped = read_groups(save(tmp_path, rows), TableOptions(**PIVOT, by="station", missing="PM10=-9", leave="O3"))
    assert [group.table.series.columns for group in grouped.groups] == [("NO2",), ("PM10",)]


def test_a_series_without_the_wanted_parameters_stays_as_it_is(tmp_path):
    rows = [*ROWS, *(f"B,2023-03-01 {hour:02d}:00,PM10,{hour},ug,ok" for hour in range(20))]
    grouped = read_groups(save(tmp_path, rows), TableOptions(**PIVOT, by="station", columns="NO2,O3"))
    assert grouped.groups[0].table.series.columns == ("NO2", "O3")
    assert grouped.groups[1].problem == "It has no readings of 'NO2', 'O3'."


def test_numbers_are_read_alike_in_all_long_series(tmp_path):
    rows = [f"{s};2023-03-01 {hour:02d}:00;p;{hour},{d}" for s, d in (("a", "25"), ("b", "125")) for hour in range(9)]
    grouped = read_groups(save(tmp_path, rows, "station;time;parameter;value"), TableOptions(**PIVOT, by="station"))
    assert grouped.groups[1].table.series.values[1, 0] == 1.125


# --- what is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "parts"),
    [
        ({"pivot": "paramter=value"}, UnknownColumnError, ["pivot", "'paramter'", "did you mean 'parameter'"]),
        ({"pivot": "parameter=vlaue"}, UnknownColumnError, ["pivot", "'vlaue'", "did you mean 'value'"]),
        ({"pivot": "parameter=quality"}, InputError, ["'quality' holds no numbers", "`--pivot quality=parameter`"]),
        ({"columns": "NO"}, UnknownColumnError, ["columns", "did you mean 'NO2'", "NO2, O3"]),
        ({"leave": "O2"}, UnknownColumnError, ["leave", "'O2'", "station"]),
        ({"missing": "value=-9"}, UnknownColumnError, ["missing", "'value'", "NO2, O3"]),
        ({"columns": "NO", "by": "station"}, UnknownColumnError, ["columns", "did you mean 'NO2'"]),
    ],
)
def test_columns_that_do_not_fit_are_refused(tmp_path, options, error, parts):
    read = read_groups if "by" in options else read_table
    with pytest.raises(error) as caught:
        read(save(tmp_path), TableOptions(**{**PIVOT, **options}))
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ("parameter", "such as parameter=value, got 'parameter'"),
        ("parameter=", "got 'parameter='"),
        ({"a": "b", "c": "d"}, "got 'a=b=c=d'"),
        ("x=x", "names column 'x' twice"),
        ("station=x", "cannot also be in by, leave or time: station"),
    ],
)
def test_a_pivot_that_names_no_two_columns_is_refused(given, part):
    with pytest.raises(InputError, match=part):
        TableOptions(pivot=given, by="station")


@pytest.mark.parametrize("given", ["p=v", " p = v ", ("p", "v"), ["p", "v"], {"p": "v"}])
def test_a_pivot_is_a_text_a_pair_or_a_mapping(given):
    assert TableOptions(pivot=given).pivot == ("p", "v")


def test_rows_are_not_counted_in_a_long_table():
    with pytest.raises(InputError, match="pivot needs time stamps"):
        TableOptions(**PIVOT, time=())


def test_two_readings_of_a_parameter_at_one_stamp_are_refused_with_what_tells_them_apart(tmp_path):
    second = [row.replace("A,", "B,", 1) for row in ROWS]
    with pytest.raises(RepeatedTimeError) as caught:
        read_table(save(tmp_path, [*ROWS, *second]), TableOptions(**PIVOT))
    for part in ("8 readings", "'NO2' at 2023-03-01 in lines 2, 10", "apart: `--by station`"):
        assert part in str(caught.value)
    with pytest.raises(RepeatedTimeError, match=r"Series 'A': 1 reading .*'O3' at 2023-03-01 in lines 3, 10"):
        read_groups(save(tmp_path, [*ROWS, ROWS[1]]), TableOptions(**PIVOT, by="station"))


def test_texts_among_numbers_are_refused_with_their_row_in_the_long_table(tmp_path):
    rows = [*ROWS[:6], "A,2023-03-01 05:00,NO2,3 or 4,ug,ok"]
    with pytest.raises(InputError, match=r"Column 'NO2' holds 3 numbers and 1 other texts \(line 8: '3 or 4'\)"):
        read_table(save(tmp_path, rows), TableOptions(**PIVOT))


def test_too_many_parameters_are_refused(tmp_path):
    rows = [f"2023-03-01 00:{row % 60:02d},x,{row}.5" for row in range(MOST_PARAMETERS + 1)]
    with pytest.raises(InputError, match=r"'value' has 501 different names.*`--pivot parameter=value`"):
        read_table(save(tmp_path, rows, "time,parameter,value"), TableOptions(pivot="value=parameter"))


@pytest.mark.parametrize(
    ("rows", "part"),
    [
        ([*ROWS, "A,2023-03-01 06:00,,1,ug,ok"], r"'parameter' is empty in 1 row \(line 10\)"),
        (ROWS[:2], "same time stamp"),
        ([row.replace("2023-03-01", "day one") for row in ROWS], "no time column.*--time COLUMN"),
    ],
)
def test_long_tables_that_cannot_be_pivoted_are_refused(tmp_path, rows, part):
    with pytest.raises(InputError, match=part):
        read_table(save(tmp_path, rows), TableOptions(**PIVOT))
