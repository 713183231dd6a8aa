"""Single records of CSV files."""

from latentfill.tables.backends.csv_records import (
    append_cells,
    join_fields,
    leaves_quote_open,
    replace_cells,
    split_record,
)


def test_fields_keep_their_quotes_when_a_record_is_split():
    assert split_record('a,"b,""c""",,"d"\r\n', ",") == ["a", '"b,""c"""', "", '"d"']
    assert split_record(",\n", ",") == ["", ""]


def test_replaced_cells_keep_line_end_and_quotes():
    assert replace_cells('a,"",\r\n', ",", {1: "2.5", 2: "x"}) == 'a,"2.5",x\r\n'
    assert replace_cells("a,,c", ",", {1: "2,5"}) == 'a,"2,5",c'


def test_appended_cells_come_before_the_line_end():
    assert append_cells("a,b\r\n", ",", ["1", "2,5"]) == 'a,b,1,"2,5"\r\n'


def test_a_quote_is_left_open_only_where_it_starts_a_field():
    assert leaves_quote_open('a,"b', ",")
    assert not leaves_quote_open('a,"b""c",d', ",")
    assert not leaves_quote_open('a,b"c', ",")
    assert not leaves_quote_open('end of it",c', ",", inside=True)


def test_cells_are_quoted_only_where_necessary():
    assert join_fields(["1", "", "x y"], ",") == "1,,x y"
    assert join_fields(["1,5", "2"], ",") == '"1,5",2'
    assert join_fields(["1", 'a"b', "c\nd"], ";") == '1;"a""b";"c\nd"'
    assert join_fields([""], ",") == ""
