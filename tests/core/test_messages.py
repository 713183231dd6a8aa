"""Parts of messages: counts with their noun, and shortened lists."""

from latentfill.core.messages import counted, name_columns, name_problems


def test_a_count_has_its_noun_in_singular_or_plural():
    assert [counted(n, "row") for n in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]


def test_problems_are_listed_with_their_names_and_long_lists_are_shortened():
    assert name_problems({"a": "too short", "b": "empty"}) == "'a': too short; 'b': empty"
    assert name_problems(dict.fromkeys("abcdefg", "empty")).endswith("'e': empty and 2 more")


def test_columns_are_quoted_and_long_lists_are_shortened():
    assert name_columns(["a", "b"]) == "'a', 'b'"
    assert name_columns(list("abcdefghijkl")).endswith("'j' and 2 more")
