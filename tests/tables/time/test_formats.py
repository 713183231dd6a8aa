"""Formats of time stamps: detecting and checking them."""

import pytest

from latentfill.tables.time.formats import format_problems, infer_clock, infer_format


@pytest.mark.parametrize(
    ("text", "order", "format"),
    [
        ("2016-07-01 05:00", "dmy", "%Y-%m-%d %H:%M"),
        ("01/07/2016", "dmy", "%d/%m/%Y"),
        ("01/07/2016", "mdy", "%m/%d/%Y"),
        ("01.07.16", "ymd", "%y.%m.%d"),
        ("Sun, 31 Jul 2016 05:00:00 GMT", "dmy", "%a, %d %b %Y %H:%M:%S %z"),
        ("20160701T0500Z", "dmy", "%Y%m%dT%H%M%z"),
        ("10:30", "dmy", None),
        ("2016-07-01 soon", "dmy", None),
        ("1.5", "dmy", None),
    ],
)
def test_the_format_of_a_stamp_is_detected(text, order, format):
    assert infer_format(text, order) == format


@pytest.mark.parametrize(
    ("text", "format"),
    [
        ("5", "%H"),
        ("18.00.00", "%H.%M.%S"),
        ("6:05 PM", "%I:%M %p"),
        ("06:05:01,25", "%H:%M:%S,%f"),
        ("06:05,25", None),
        ("noon", None),
    ],
)
def test_the_format_of_a_time_of_day_is_detected(text, format):
    assert infer_clock(text) == format


@pytest.mark.parametrize(
    ("format", "problems"),
    [
        ("%Y-%m-%d", []),
        ("%F %R", []),
        ("%d%%%y", []),
        ("%Y-%Q", ["%Q is not known"]),
        ("%m-%d", ["it has no year (%Y)"]),
        ("%Y-%m-%m", ["%m occurs twice"]),
        ("%F %Y", ["%Y occurs twice"]),
    ],
)
def test_the_problems_of_a_format_are_listed(format, problems):
    assert format_problems(format) == problems
