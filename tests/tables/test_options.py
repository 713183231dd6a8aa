"""Settings for reading tables: one message lists all problems."""

import pytest

from latentfill.core.errors import InputError
from latentfill.tables.options import TableOptions


def test_one_message_lists_all_problems_of_the_options():
    with pytest.raises(InputError) as caught:
        TableOptions(time={"a": 1}, decimal=";", delimiter=",,", encoding="klingon", time_format="%Q", columns=())
    for part in (
        "time must be a list of texts, or none, got {'a': 1}",
        "decimal",
        "delimiter",
        "'klingon'",
        "%Q",
        "columns is empty",
    ):
        assert part in str(caught.value)
    for part in ("grid must be true or false, got 'yes'", "delimiter must be text, or none, got 5", "'base64'"):
        with pytest.raises(InputError, match=part):
            TableOptions(grid="yes", delimiter=5, encoding="base64", columns=("a",))
    with pytest.raises(InputError, match="columns to fill cannot also be in leave or time: a"):
        TableOptions(columns=("a",), leave=("a",))
