"""Undeclared markers: repeated values far from all others are reported, ordinary data is not."""

import numpy as np
import pytest

from latentfill.tables.missing_markers import suspected_markers, suspicion_notes
from latentfill.tables.read import read_table


def test_a_repeated_value_far_from_all_others_is_suspected():
    rng = np.random.default_rng(0)
    ordinary = rng.normal(20, 5, 2000).round(1)
    assert list(suspected_markers(np.append(ordinary, [-200.0] * 40))) == [(-200.0, 40)]
    assert list(suspected_markers(np.append(ordinary, [9999.0] * 3))) == [(9999.0, 3)]
    assert list(suspected_markers(np.append(ordinary + 100, [0.0] * 5))) == [(0.0, 5)]


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


def test_a_suspected_marker_has_one_note_with_all_its_columns():
    steps = np.arange(60)
    columns = {"a": steps % 7 + steps / 100, "b": steps % 5 + steps / 50}
    (note,) = suspicion_notes({name: np.append(values, [-200.0] * 4 + [np.nan]) for name, values in columns.items()})
    for part in ("'a' 4 times", "'b' 4 times", "--missing=-200"):
        assert part in note


@pytest.mark.parametrize(
    ("name", "suspected"),
    [
        ("airquality_uci/AirQualityUCI.csv", "-200"),
        ("cambridge_buildings/electricity_hourly_2016_2019.csv.gz", "0"),
        ("ETT/ETTh1.csv", None),
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
    assert [note.split()[0] for note in notes] == ([suspected] if suspected else [])
