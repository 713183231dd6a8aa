"""Names of columns in several rows."""

from __future__ import annotations

import pytest

from latentfill.tables.backends.header_rows import find_header, joined_names

# as WeatherLink writes them, with a bar for each tab; several columns are left out
TOP = " | |Temp|Hi|Low|Out|Dew|Wind|Wind|Hi|THW| | |Rain|In |In |Arc."
NAMES = "Date|Time|Out|Temp|Temp|Hum|Pt.|Speed|Dir|Speed|Index|Bar  |Rain|Rate|Temp|Hum|Int."
DAVIS = [row.split("|") for row in (TOP, NAMES)]


def test_names_in_two_rows_are_joined_and_an_empty_cell_above_a_name_adds_nothing():
    assert joined_names(DAVIS) == [
        *("Date", "Time", "Temp Out", "Hi Temp", "Low Temp", "Out Hum", "Dew Pt.", "Wind Speed", "Wind Dir"),
        *("Hi Speed", "THW Index", "Bar", "Rain", "Rain Rate", "In Temp", "In Hum", "Arc. Int."),
    ]


def test_titles_over_several_columns_are_repeated_where_the_names_below_are_not_different():
    rows = (["", "North", "", "South", ""], ["time", "T", "RH", "T", "RH"])
    assert joined_names(rows) == ["time", "North T", "North RH", "South T", "South RH"]


@pytest.mark.parametrize(
    ("top", "names", "first"),
    [
        (["", "North", "", "South", ""], ["time", "T1", "RH1", "T2", "RH2"], 1),  # different without the titles
        (["", "North", "", "South", ""], ["time", "T", "RH", "T", "RH"], 0),
        (DAVIS[0][:5], DAVIS[1][:5], 0),
    ],
)
def test_titles_belong_to_the_names_only_if_these_are_not_different_without_them(
    top: list[str], names: list[str], first: int
):
    data = [["2024-01-01", *["1.5"] * 4], ["2024-01-02", *["2.5"] * 4], ["2024-01-03", *["2.5"] * 4]]
    header = find_header([top, names, *data], 5)
    assert (header.first, header.units, header.data) == (first, 2, 2)
