"""Parts of messages: counts with their noun, and shortened lists."""

from latentfill.core.errors import LatentFillError
from latentfill.core.messages import (
    LONGEST,
    LONGEST_VALUE,
    counted,
    joined,
    listed,
    name_columns,
    name_problems,
    printable,
    quoted,
)


def test_a_count_has_its_noun_in_singular_or_plural():
    assert [counted(n, "row") for n in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]


def test_problems_are_listed_with_their_names_and_long_lists_are_shortened():
    assert name_problems({"a": "too short", "b": "empty"}) == "'a': too short; 'b': empty"
    assert name_problems(dict.fromkeys("abcdefg", "empty")).endswith("'e': empty and 2 more")


def test_columns_are_quoted_and_long_lists_are_shortened():
    assert name_columns(["a", "b"]) == "'a', 'b'"
    assert name_columns(list("abcdefghijkl")).endswith("'j' and 2 more")


def test_long_values_are_shortened_in_the_middle_and_short_ones_are_not():
    assert quoted("it's") == '"it\'s"'
    assert len(quoted("x" * 5_000_000)) == LONGEST_VALUE
    assert len(quoted([["x" * 1000] * 1000] * 1000)) < 4 * LONGEST_VALUE
    assert quoted(10**5000) == "<int>"  # which Python does not write


def test_control_characters_are_shown_escaped():
    assert quoted("\x1b[31m\n") == r"'\x1b[31m\n'"
    assert printable("a\x1b[31m\x07\x9b\u202eb\n° é 中") == "a\\x1b[31m\\x07\\x9b\\u202eb\n° é 中"


def test_a_message_has_an_end_that_still_says_the_way_out():
    error = LatentFillError(f"{'x' * 10_000_000} cannot be read. Copy it again.")
    assert len(str(error)) < LONGEST + 10
    assert str(error).endswith("Copy it again.")


def test_lists_of_values_are_shortened():
    assert listed(range(12)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"
    assert joined(["a", "b" * 200]).startswith("a, bbb")
    assert len(joined(["b" * 200] * 50)) < 2000
