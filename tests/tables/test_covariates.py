"""Covariates: other tables read, named and aligned to a series, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from latentfill.core.errors import InputError
from latentfill.core.series import Series
from latentfill.tables.covariates import Covariates, align_covariates, read_others, refuse_itself

HOURS = pd.date_range("2024-01-01", periods=48, freq="h")


def series(time: pd.DatetimeIndex | None = HOURS, n_steps: int = 48) -> Series:
    stamps = None if time is None else time.to_numpy().astype("datetime64[ns]")
    return Series(np.zeros((n_steps, 1)), ("load",), stamps, np.arange(n_steps))


def covariates(*tables: object, wanted: tuple[str, ...] = (), timezone: str | None = None) -> Covariates:
    return align_covariates(read_others(tables), series(), timezone, wanted)


def test_an_hourly_series_gets_ten_minutes_as_means_and_three_hours_on_a_line():
    ten = pd.date_range("2024-01-01", periods=48 * 6, freq="10min")
    fine = pd.DataFrame({"time": ten, "wind": np.arange(288.0)})
    coarse = pd.DataFrame({"time": HOURS[::3], "sun": np.arange(16.0) ** 2})
    found = covariates(fine, coarse)
    assert found.columns == ("wind", "sun")
    assert [file.aligned for file in found.files] == ["mean of 6 steps", "interpolated from 3 hours"]
    np.testing.assert_allclose(found.values[:3, 0], [1, 5.5, 11.5])
    np.testing.assert_allclose(found.values[:7, 1], [0, 1 / 3, 2 / 3, 1, 2, 3, 4])
    np.testing.assert_array_equal(np.isnan(found.values[:, 1]), np.arange(48) == 47)  # two hours after the last
    assert [file.covered for file in found.files] == [1.0, round(47 / 48, 4)]
    assert found.notes == ()


def test_words_become_indicators_and_an_empty_cell_is_no_word(tmp_path: Path):
    path = tmp_path / "calendar.csv"
    path.write_text("date,holiday\n2023-12-31,\n2024-01-01,New Year\n2024-01-02,\n2024-01-03,\n")
    found = covariates(path)
    assert found.columns == ("holiday=New Year",)
    np.testing.assert_array_equal(found.values[:, 0], np.repeat([1.0, 0.0], 24))


def test_a_list_of_holidays_says_that_the_other_days_are_none():
    days = ["2023-12-25", "2024-01-02", "2024-03-31", "2024-05-01"]
    found = covariates(pd.DataFrame({"date": days, "name": ["Christmas", "Shop", "Easter", "May"]}))
    assert found.columns == ("name=Shop",)
    np.testing.assert_array_equal(found.values[:, 0], np.repeat([0.0, 1.0], 24))
    assert any("'name=Christmas'" in note and "do not vary" in note for note in found.notes)


def test_too_many_words_are_left_out_with_a_note():
    table = pd.DataFrame({"time": HOURS, "x": np.arange(48.0), "text": [f"word {i % 13}" for i in range(48)]})
    found = covariates(table)
    assert found.columns == ("x",)
    assert found.notes == (
        "covariates1: not used are 'text', which hold neither numbers nor at most 12 different words.",
    )
    assert len(covariates(table[table["text"] != "word 0"]).columns) == 13


def test_a_column_name_that_another_table_has_gets_the_name_of_its_file(tmp_path: Path):
    for name, column in (("era5", "load"), ("next.station", "temp"), ("airport", "temp")):
        pd.DataFrame({"time": HOURS, column: np.arange(48.0)}).to_csv(tmp_path / f"{name}.csv", index=False)
    paths = [tmp_path / f"{name}.csv" for name in ("era5", "next.station", "airport")]
    assert covariates(*paths).columns == ("era5.load", "next.station.temp", "airport.temp")
    with pytest.raises(InputError, match=r"several tables have .*'airport\.temp'.*Rename"):
        covariates(paths[2], paths[2])


@pytest.mark.parametrize(
    ("stamp", "timezone"),
    [
        ("2024-01-01T02:00+02:00", None),
        ("2024-01-01T02:00+02:00", "Europe/Berlin"),
        ("2024-01-01 01:00", "Europe/Berlin"),
    ],
)
def test_stamps_with_a_zone_are_converted_and_others_are_local_time_of_the_time_zone(stamp: str, timezone: str | None):
    times = [stamp.replace("01-01T0", f"01-0{day}T0").replace("01-01 ", f"01-0{day} ") for day in (1, 2, 3)]
    found = covariates(pd.DataFrame({"time": times, "x": [0.0, 24.0, 48.0]}), timezone=timezone)
    np.testing.assert_allclose(found.values[:, 0], np.arange(48))


def test_values_that_look_like_markers_of_missing_ones_are_not_used():
    pressure = 1010 + np.sin(np.arange(48))
    pressure[7] = -9999
    found = covariates(pd.DataFrame({"time": HOURS, "pressure": pressure}))
    assert np.flatnonzero(np.isnan(found.values[:, 0])).tolist() == [7]
    assert "'pressure'" in found.notes[0]


def test_a_fitted_model_gets_the_indicators_that_it_wants():
    found = covariates(
        pd.DataFrame({"date": HOURS[::24], "name": ["Easter", "Other"], "x": [1.0, 1.0], "y": [1.0, 2.0]}),
        wanted=("name=Easter", "name=Christmas", "x"),
    )
    assert sorted(found.columns) == ["name=Christmas", "name=Easter", "x"]
    by_name = dict(zip(found.columns, found.values.T, strict=True))
    np.testing.assert_array_equal(by_name["name=Easter"], np.repeat([1.0, 0.0], 24))
    assert not by_name["name=Christmas"].any()


def test_few_covered_steps_are_noted():
    found = covariates(pd.DataFrame({"time": HOURS[:2], "x": [1.0, 2.0]}))
    assert found.notes == ("covariates1: covers only 4.2% of the table's steps.",)


def test_without_time_stamps_rows_are_matched():
    tables = read_others([pd.DataFrame({"x": [1.0, 2.5, 2.0]})])
    found = align_covariates(tables, series(None, 3), None)
    assert found.values.tolist() == [[1.0], [2.5], [2.0]]
    assert found.files[0].aligned == "same rows"
    with pytest.raises(InputError, match="it has 3 rows where the table has 4"):
        align_covariates(tables, series(None, 4), None)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            pd.DataFrame({"time": HOURS + pd.Timedelta("365D"), "x": np.arange(48.0)}),
            r"\(2024-12-31 to 2025-01-01 23:00\) and .* \(2024-01-01 to 2024-01-02 23:00\) do not overlap",
        ),
        (pd.DataFrame({"x": np.arange(48.0)}), "it has no time stamps and the table has some"),
        (pd.DataFrame({"time": HOURS, "x": [f"word {i}" for i in range(48)]}), "no usable column"),
        (pd.DataFrame({"time": HOURS, "x": 5.0}), r"no usable column.*\('x'\)"),
        (pd.DataFrame({"time": [*HOURS[:47], HOURS[0]], "x": np.arange(48.0)}), "in more than one row"),
        (pd.DataFrame({"time": HOURS[:1], "x": [1.0]}), "at least two"),
        (17, "is not a table"),
        ("nowhere.csv", "There is no file nowhere.csv"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_by_name(table: object, message: str):
    name = table if isinstance(table, str) else "covariates1"
    with pytest.raises(InputError, match=rf"--with {name}: .*{message}"):
        covariates(table)


def test_a_table_with_stamps_is_refused_beside_one_without():
    with pytest.raises(InputError, match="the table has no time stamps and it has some"):
        align_covariates(read_others([pd.DataFrame({"time": HOURS, "x": np.arange(48.0)})]), series(None), None)


def test_the_table_itself_is_refused(tmp_path: Path):
    path, link = tmp_path / "t.csv", tmp_path / "link.csv"
    frame = pd.DataFrame({"time": HOURS, "x": np.arange(48.0)})
    frame.to_csv(path, index=False)
    link.symlink_to(path)
    for data, other in ((path, link), ([link, path], str(path)), (frame, frame)):
        with pytest.raises(InputError, match="is the table to fill itself"):
            refuse_itself(data, [other])
    refuse_itself(frame, [frame.copy(), path])


def test_a_stacked_table_gives_each_series_its_own_rows():
    table = pd.DataFrame({"site": [7, 8, 7], "x": [1.0, 2.0, 3.0]})
    (other,) = read_others([table])
    parts = other.by_series(("site",))
    assert parts is not None
    assert {labels: part.source.n_rows for labels, part in parts.items()} == {("7",): 2, ("8",): 1}
    assert other.by_series(("site", "depth")) is None
