"""Long tables are refused with the flags that read them."""

import itertools

import numpy as np
import pandas as pd
import pytest

from latentfill.core.errors import RepeatedTimeError
from latentfill.tables.groups import read_groups
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table

HOURS = pd.date_range("2023-03-01", periods=20, freq="h")


def long(value, **labels):
    """A frame with a row for each combination of labels and hours, and values in the column `value`."""
    combined = list(itertools.product(HOURS, *labels.values()))
    frame = pd.DataFrame(combined, columns=["time", *labels])
    return frame.assign(**{value: np.arange(len(frame)) / 8})


@pytest.mark.parametrize(
    ("frame", "flags"),
    [
        (long("value", parameter=["NO2", "O3"]), "`--pivot parameter=value`"),
        (long("value", station=["A", "B"], parameter=["NO2", "O3"]), "`--by station --pivot parameter=value`"),
        (long("value", parameter=["NO2", "O3"], locationId=[7, 8]), "`--by locationId --pivot parameter=value`"),
        (long("reading", element=["TMAX", "TMIN"]).assign(unit="C", quality=1), "`--pivot element=reading`"),
        (long("the value", what=["a", "b"]), "`--pivot 'what=the value'`"),
        (long("result", site=["A", "B"], depth=[1, 2], analyte=["P", "N"]), "`--by site,depth --pivot analyte=result`"),
    ],
)
def test_a_long_table_is_refused_with_the_flags_that_read_it(frame, flags):
    with pytest.raises(RepeatedTimeError) as caught:
        read_table(frame)
    assert "The table is long, with one reading in each row" in str(caught.value)
    assert f"Give {flags};" in str(caught.value)


def test_the_unit_of_each_reading_is_not_taken_for_its_name():
    frame = long("value", what=["NO2", "O3"])
    with pytest.raises(RepeatedTimeError, match="`--pivot what=value`"):
        read_table(frame.assign(unit=frame["what"].map({"NO2": "ug", "O3": "ppb"})))


def test_series_of_a_stacked_long_table_are_refused_with_the_pivot():
    with pytest.raises(RepeatedTimeError, match=r"Series 'A': .*Give `--pivot parameter=value`"):
        read_groups(long("value", station=["A", "B"], parameter=["NO2", "O3"]), TableOptions(by="station"))


def test_readings_that_are_repeated_by_mistake_do_not_hide_a_long_table():
    frame = long("value", parameter=["NO2", "O3"])
    with pytest.raises(RepeatedTimeError, match="`--pivot parameter=value`"):
        read_table(pd.concat([frame, frame.iloc[:2]]))


def test_an_hour_that_is_repeated_by_the_clock_makes_no_long_table():
    hours = HOURS.append(HOURS[[7]])
    frame = pd.DataFrame({"time": hours, "status": ["ok", "low", "ok"] * 7, "value": np.arange(21.5, 42)})
    with pytest.raises(RepeatedTimeError, match="1 time stamp in more than one row") as caught:
        read_table(frame)
    assert "--pivot" not in str(caught.value)


@pytest.mark.parametrize(
    ("frame", "advice"),
    [
        (
            long("x", station=["A", "B"]),
            "apart: `--by station`; if 'station' says what 'x' measures, give `--pivot station=x`",
        ),
        (
            long("x", loc=["A", "B"], kin=["P", "Q"]),
            "apart: `--by loc,kin`; if 'kin' says what 'x' measures, give `--by loc --pivot kin=x`",
        ),
    ],
)
def test_both_readings_of_a_table_are_named_where_its_columns_do_not_tell(frame, advice):
    with pytest.raises(RepeatedTimeError) as caught:
        read_table(frame)
    assert advice in str(caught.value)


def test_a_stacked_table_of_several_number_columns_is_not_taken_for_a_long_one():
    frame = long("cases", country=["DE", "FR"])
    with pytest.raises(RepeatedTimeError, match="apart: `--by country`; if rows are repeated"):
        read_table(frame.assign(deaths=frame["cases"] + 0.5))
