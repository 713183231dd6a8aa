"""Parts of messages: counts with their noun, and shortened lists."""

from latentfill.core.messages import counted, name_columns, name_rows


def test_a_count_has_its_noun_in_singular_or_plural():
    assert [counted(n, "row") for n in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]


def test_rows_are_counted_from_one_and_long_lists_are_shortened():
    assert name_rows([0]) == "row 1"
    assert name_rows(range(7)) == "rows 1, 2, 3, 4, 5 and 2 more"


def test_columns_are_quoted_and_long_lists_are_shortened():
    assert name_columns(["a", "b"]) == "'a', 'b'"
    assert name_columns(list("abcdefghijkl")).endswith("'j' and 2 more")
