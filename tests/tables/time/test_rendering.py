"""Writing moments in the style of other stamps."""

import numpy as np
import pyarrow as pa
import pytest

from latentfill.tables.time.rendering import as_written, render


@pytest.mark.parametrize(
    ("texts", "format", "written"),
    [
        (["1/7/2016 5:00", "13/12/2016 15:00"], "%d/%m/%Y %H:%M", "%-d/%-m/%Y %-H:%M"),
        (["01/07/2016", "13/12/2016"], "%d/%m/%Y", "%d/%m/%Y"),
        (["4 August 2016", "5 May 2016"], "%d %b %Y", "%-d %B %Y"),
        (["Mon 04 Sept 2016"], "%a %d %b %Y", "%a %d %b %Y"),
        (["2016-07-01 05:00:00.250"], "%F %T.%f", "%Y-%m-%d %H:%M:%S.%3"),
    ],
)
def test_the_style_of_texts_is_added_to_their_format(texts, format, written):
    assert as_written(pa.array(texts), format) == written


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("%-d.%-m.%y %-I %p", "2.7.16 4 PM"),
        ("%A %d %B %Y", "Saturday 02 July 2016"),
        ("%a %j%% %H:%M:%S.%3", "Sat 184% 16:05:09.012"),
        ("%H:%M%z", "18:05+02:00"),
    ],
)
def test_moments_are_written_in_a_format(format, text):
    moment = np.array(["2016-07-02T16:05:09.012345"], dtype="datetime64[ns]")
    assert render(moment, format, ["+02:00" if "%z" in format else ""]) == [text]
