"""Values as JSON holds them, right and wrong, and texts of them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

ODD = (None, True, "", "none", "auto", "\x1b[31m", "1e999", "é", "a=b", "-1", "linear", "x" * 500, [], {}, "x,y")


def json_values() -> SearchStrategy[object]:
    """Values of any type."""
    numbers = st.integers(-2, 40) | st.floats() | st.integers(-(2**70), 2**70)
    leaf = st.sampled_from(ODD) | numbers | st.text(max_size=8)

    def nested(inner: SearchStrategy[object]) -> SearchStrategy[object]:
        return st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)

    return st.recursive(leaf, nested, max_leaves=6)


def altered(record: Mapping[str, object]) -> SearchStrategy[dict[str, object]]:
    """The record as it is, without an entry, or with another value in it."""
    name = st.sampled_from(sorted(record))
    without = name.map(lambda left_out: {key: value for key, value in record.items() if key != left_out})
    changed = st.tuples(name, json_values()).map(lambda pair: {**record, pair[0]: pair[1]})
    return st.one_of(st.just(dict(record)), changed, changed, without)


def json_texts(content: SearchStrategy[object]) -> SearchStrategy[bytes]:
    """JSON texts, now and then cut off or no JSON at all."""
    whole = content.map(lambda value: json.dumps(value).encode())
    cut = st.tuples(whole, st.integers(0, 60)).map(lambda pair: pair[0][: pair[1]])
    none = st.sampled_from([b"[" * 100_000, b'\xff{"format": 1}', b"", b"null", b"NaN", b"\xef\xbb\xbf{}"])
    return st.one_of(whole, whole, whole, cut, none, st.binary(max_size=30))
