"""Undeclared markers: repeated values far from all others are reported, ordinary data is not."""

import re

import numpy as np
import pytest

from latentfill.core.errors import UnknownColumnError
from latentfill.imputation.imputer import Imputer
from latentfill.tables.missing_markers import find_suspected, suspected_markers
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table

PRESSURE = np.random.default_rng(0).normal(5, 2, 600).round(1)


def test_a_repeated_value_far_from_all_others_is_suspected():
    rng = np.random.default_rng(0)
    ordinary = rng.normal(20, 5, 2000).round(1)
    assert list(suspected_markers(np.append(ordinary, [-200.0] * 40))) == [(-200.0, 40, True)]
    assert list(suspected_markers(np.append(ordinary, [9999.0] * 3))) == [(9999.0, 3, True)]
    assert list(suspected_markers(np.append(ordinary + 100, [0.0] * 5))) == [(0.0, 5, True)]
    outliers = np.append(ordinary + 10, [0.0] * 40)
    assert list(suspected_markers(outliers)) == [(0.0, 40, False)]  # it may well be a value


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


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (np.append(1010 + PRESSURE, 9999.0), [(9999.0, 1)]),  # a single one
        (np.append(PRESSURE, [99.9]), [(99.9, 1)]),
        (np.append(PRESSURE, [-32768.0]), [(-32768.0, 1)]),
        (np.append(PRESSURE, [-9999.0, 9999.0]), [(-9999.0, 1), (9999.0, 1)]),
        (np.full(50, 99.0), [(99.0, 50)]),  # all of a column
        (np.full(50, 5.0), []),
        (np.append(990 + PRESSURE, 999.0), []),  # a pressure like the others
        (np.append(np.linspace(1, 360, 300), 99.0), []),  # a direction like the others
        (np.append(PRESSURE, 60.0), []),  # far, but no number that stands for missing values
    ],
)
def test_a_single_marker_is_suspected_if_it_is_far_from_the_others_of_its_column(values, found):
    assert [(marker.value, marker.n_cells) for marker in suspected_markers(values)] == found


def test_each_column_is_judged_by_itself():
    names = ("waves", "pressure", "direction")
    values = np.column_stack(
        [np.append(PRESSURE, 99.0), np.append(PRESSURE + 995, 999.0), np.append(PRESSURE * 30, 99.0)],
    )
    suspected = find_suspected(names, values)
    assert suspected.counts == {(99.0, 0, True): {"waves": 1}}
    assert suspected.far.sum() == 1
    (note,) = suspected.notes(accepted=False)
    for part in ("99 in 'waves' (1 cell)", "--missing auto", "--missing waves=99", "--missing none"):
        assert part in note


def table_of(tmp_path, **options):
    rows = [f"2020-01-01 {hour:02d}:00,{1010 + hour % 5},{hour % 7}" for hour in range(24)]
    rows[7], rows[9] = "2020-01-01 07:00,9999,1", "2020-01-01 09:00,,1"
    path = tmp_path / "t.csv"
    path.write_text("time,pressure,x\n" + "\n".join(rows) + "\n")
    return read_table(path, TableOptions(**options))


def test_a_suspected_value_is_kept_and_not_learnt_from(tmp_path):
    table = table_of(tmp_path)
    assert np.flatnonzero(np.isnan(table.series.values[:, 0])).tolist() == [7, 9]
    assert table.suspected.sum() == 1
    filled = Imputer(strategy="linear", seed=0).fit(table).fill(table)
    filled.write(tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text().splitlines()[8] == "2020-01-01 07:00,9999,1"
    assert float((tmp_path / "out.csv").read_text().splitlines()[10].split(",")[1]) < 1020
    assert filled.to_frame()["pressure"][7].as_py() == 9999
    assert filled.summary["columns"]["pressure"]["by_code"] == {"linear": 1, "suspected": 1}


def test_the_user_decides_what_a_suspected_value_is(tmp_path):
    assert not table_of(tmp_path, missing="auto").suspected.any()
    assert np.isnan(table_of(tmp_path, missing="auto").series.values[7, 0])
    assert table_of(tmp_path, missing="none").series.values[7, 0] == 9999
    marked = table_of(tmp_path, missing={"pressure": 9999})
    assert np.isnan(marked.series.values[7, 0])
    assert not marked.suspected.any()


def test_a_marker_of_one_column_is_a_value_in_others(tmp_path):
    table = table_of(tmp_path, missing="pressure=9999,x=3")
    assert np.isnan(table.series.values[:, 1]).sum() == 3
    assert not np.isnan(table_of(tmp_path, missing="pressure=3").series.values[:, 1]).any()
    with pytest.raises(UnknownColumnError, match="presure"):
        table_of(tmp_path, missing="presure=9999")


@pytest.mark.parametrize(
    ("name", "suspected"),
    [
        ("airquality_uci/AirQualityUCI.csv", "-200"),
        ("cambridge_buildings/electricity_hourly_2016_2019.csv.gz", "0"),
        ("ETT/ETTh1.csv", None),
        ("ETT/ETTh2.csv", "0"),
        ("beijing_pm25/PRSA_data_2010_2014.csv", None),
        ("beijing_multisite/PRSA_Data_Dongsi_20130301-20170228.csv.gz", None),
        ("timekd/cambridge5.csv", None),
    ],
)
def test_undeclared_markers_of_real_files_are_reported(shared_data, name, suspected):
    source = shared_data / name
    if not source.exists():
        pytest.skip(f"{source} is not there")
    notes = [note for note in read_table(source).notes if "may stand for missing" in note]
    assert [re.search(r": (\S+) in", note)[1] for note in notes] == ([suspected] if suspected else [])


def test_outliers_that_may_be_values_are_named_and_learnt_from(shared_data):
    source = shared_data / "ETT/ETTh2.csv"
    if not source.exists():
        pytest.skip(f"{source} is not there")
    table = read_table(source)
    assert not table.suspected.any()
    assert any("taken for values" in note and "--missing HUFL=0" in note for note in table.notes)
    assert np.isnan(read_table(source, TableOptions(missing="auto")).series.values).sum() == 58
