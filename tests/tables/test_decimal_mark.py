"""The decimal mark of a table."""

import pyarrow as pa
import pytest

from latentfill.core.errors import InputError
from latentfill.tables.backends.column import Column
from latentfill.tables.decimal_mark import find_decimal_mark


def text_column(*texts, name="a"):
    return Column.of_texts(name, pa.array(texts, pa.string()))


def test_the_decimal_mark_is_found_in_any_column():
    assert find_decimal_mark([text_column("1", "2.5")]).mark == "."
    assert find_decimal_mark([text_column("1", "2.5")]).notes == ()
    decimal = find_decimal_mark([text_column("1,234"), text_column("0,5", name="b")])
    assert decimal.mark == ","
    assert "'b': '0,5'" in decimal.notes[0]


def test_a_mark_that_may_part_thousands_is_refused():
    with pytest.raises(InputError, match=r"'a' holds '1,234'.*--decimal ,"):
        find_decimal_mark([text_column("1,234", "2,345")])
