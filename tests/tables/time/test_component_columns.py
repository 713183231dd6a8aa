"""Stamps from columns named year, month, day ..."""

import pyarrow as pa
import pytest

from latentfill.core.errors import InputError
from latentfill.tables.backends.column import Column
from latentfill.tables.time.component_columns import component_axis


def text_column(name, texts):
    return Column.of_texts(name, pa.array(texts, pa.string()))


def test_components_that_form_no_valid_date_are_refused():
    columns = [
        text_column("year", ["2010", "2010"]),
        text_column("month", ["2", "2"]),
        text_column("day", ["28", "30"]),
    ]
    with pytest.raises(InputError, match=r"year, month, day form no valid time stamp in 1 row \(row 2"):
        component_axis(columns, (0, 1, 2))
    with pytest.raises(InputError, match="year"):
        component_axis(columns, (1, 2))


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (text_column("year", ["2016", "2016.5"]), r"no whole number in 1 row \(row 2\)"),
        (Column("year", "other"), "holds no numbers"),
    ],
)
def test_columns_without_whole_numbers_are_refused(column, words):
    with pytest.raises(InputError, match=words):
        component_axis([column], (0,))
