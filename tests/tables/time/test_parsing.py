"""Reading stamps with a known format."""

import numpy as np
import pyarrow as pa
import pytest

from latentfill.tables.time.parsing import parse


@pytest.mark.parametrize(
    ("text", "format", "expected"),
    [
        ("2016-07-01 05:00:00", "%Y-%m-%d %H:%M:%S", "2016-07-01T05"),
        ("16;31;12", "%y;%d;%m", "2016-12-31"),
        ("69", "%y", "1969-01-01"),
        ("68", "%y", "2068-01-01"),
        ("1 sept 2016 12am", "%d %b %Y %I%p", "2016-09-01"),
        ("2016.183", "%Y.%j", "2016-07-01"),
        ("2015.366", "%Y.%j", "NaT"),
        ("2016-07-01 05:00+02:00", "%F %R%z", "2016-07-01T03"),
        ("2016-07-01 05:00-23:59", "%F %R%z", "2016-07-02T04:59"),
        ("2016-07-01 05:00-99:99", "%F %R%z", "NaT"),
        ("2016-07-01 05:00+24:00", "%F %R%z", "NaT"),
        ("2016-07-01 05:00+0160", "%F %R%z", "NaT"),
        ("2016-07-01 05:00 EST", "%F %R %z", "NaT"),
        ("31 Brumaire 2016", "%d %B %Y", "NaT"),
        ("2016-07-01 13 PM", "%F %I %p", "NaT"),
    ],
)
def test_a_text_is_read_by_its_format(text, format, expected):
    time, _ = parse(pa.array([text]), format)
    np.testing.assert_array_equal(time, np.array([expected], dtype="datetime64[ns]"))
