"""Kinds that the user gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from latentfill.core.errors import InputError
from latentfill.core.series import FloatArray, Series
from latentfill.kinds.circular import Circular
from latentfill.kinds.classes import Classes
from latentfill.kinds.columns import ColumnKinds
from latentfill.kinds.counter import Counter
from latentfill.kinds.given import make_kind, parse_kinds
from latentfill.kinds.kind import Kind
from latentfill.kinds.number import Number
from latentfill.kinds.zero_inflated import ZeroInflated

NAN = np.nan
READINGS = np.array([0.0, 1.0, NAN, 3.0, 2.5])


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (None, {}),
        ("  ", {}),
        ("a=counter", {"a": "counter"}),
        (" a = circular:360 , kwh=counter", {"a": "circular:360", "kwh": "counter"}),
        ("x=y=code", {"x=y": "code"}),
        ('{"a, b": "flag"}', {"a, b": "flag"}),
        ("a=auto,b=range:0:100", {"a": "auto", "b": "range:0:100"}),
    ],
)
def test_kinds_are_given_by_column(text: str | None, kinds: dict[str, str]):
    assert parse_kinds(text) == kinds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("counter", "kind takes COLUMN=KIND,..., such as .*; got 'counter'"),
        ("a=counter,b", "kind takes COLUMN=KIND"),
        ("[1]", "kind takes COLUMN=KIND"),
        ("5", "kind takes COLUMN=KIND"),
        ("a=meter", "unknown kind 'meter'.*known: continuous, .*, code, auto"),
        ("a=", "unknown kind ''"),
        ("a=conter", "did you mean 'counter'"),
        ('{"a": 5}', "unknown kind '5'"),
        ("a=circular:x", "kind 'circular:x': write circular or circular:PERIOD"),
        ("a=circular:0", "with a PERIOD above 0"),
        ("a=circular:-360", "with a PERIOD above 0"),
        ("a=circular:", "with a PERIOD above 0"),
        ("a=circular:0:360", "write circular"),
        ("a=circular:inf", "write circular"),
        ("a=range", "range:LOW:HIGH with LOW below HIGH"),
        ("a=range:", "range:LOW:HIGH"),
        ("a=range:5:5", "range:LOW:HIGH"),
        ("a=range:100:0", "range:LOW:HIGH"),
        ("a=range:0:1:2", "range:LOW:HIGH"),
        ("a=counter:1", "all others without a number"),
        ("a=auto:1", "unknown kind 'auto:1'|unknown kind 'auto'"),
    ],
)
def test_kinds_that_cannot_be_read_are_refused(text: str, message: str):
    with pytest.raises(InputError, match=message):
        parse_kinds(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("continuous", Number.of(READINGS)),
        ("non-negative", Number.of(READINGS, "non-negative", lowest=0.0)),
        ("range:0:100", Number.of(READINGS, "range", lowest=0.0, highest=100.0)),
        ("range:-1", Number.of(READINGS, "range", lowest=-1.0)),
        ("range:-1:", Number.of(READINGS, "range", lowest=-1.0)),
        ("range::4.5", Number.of(READINGS, "range", highest=4.5)),
        ("zero-inflated", ZeroInflated.found(READINGS, None, whole=False)),
        ("circular", Circular()),
        ("circular:360", Circular()),
        ("circular:24", Circular(24.0)),
        ("counter", Counter()),
        ("code", Classes.of(READINGS)),
    ],
)
def test_a_kind_is_made_from_its_name(text: str, kind: Kind):
    assert make_kind(text, READINGS, None, "a") == kind


@pytest.mark.parametrize("text", ["range:0:100", "range:-1:", "range::4.5", "circular:24", "zero-inflated", "counter"])
def test_the_name_of_a_kind_is_what_the_user_writes(text: str):
    assert make_kind(text, READINGS, None, "a").name == text


def test_whole_readings_make_whole_kinds():
    whole = np.array([0.0, 1.0, NAN, 1.0])
    for text in ("integer", "circular:24", "counter", "zero-inflated"):
        assert getattr(make_kind(text, whole, None, "a"), "whole", None) is True, text
    assert make_kind("flag", whole, None, "a") == Classes.of(whole, "flag")


def test_directions_below_zero_start_at_minus_half_a_turn():
    assert make_kind("circular", np.array([-170.0, 10.0, 179.0]), None, "a") == Circular(360.0, -180.0, whole=True)


@pytest.mark.parametrize(
    ("text", "values", "message"),
    [
        ("circular:24", [3.0, 25.0], "column 'a' is not 'circular:24': its values go from 3 to 25, beyond one turn"),
        ("circular", [-200.0, 10.0], "from -200 to 10, beyond one turn from -180 on"),
        ("non-negative", [-0.5, 1.0], "it has values down to -0.5"),
        ("range:0:100", [0.0, 101.0], "it has values up to 101"),
        ("zero-inflated", [-1.0, 0.0], "it has values down to -1"),
        ("integer", [1.0, 2.5], "it has values that are not whole"),
        ("flag", [0.0, 1.0, 2.0], "it has 3 different values"),
    ],
)
def test_a_kind_that_the_readings_contradict_is_refused(text: str, values: list[float], message: str):
    with pytest.raises(InputError, match=message):
        make_kind(text, np.array([*values, NAN]), None, "a")


@pytest.mark.parametrize("text", ["circular:24", "range:0:1", "integer", "counter", "flag", "code", "zero-inflated"])
def test_a_column_without_a_reading_may_have_any_kind(text: str):
    assert make_kind(text, np.full(4, NAN), None, "a").name == text


def series(values: FloatArray) -> Series:
    names = tuple("abc"[: values.shape[1]])
    return Series(values, names, None, np.arange(len(values)))


def test_a_given_kind_is_used_and_auto_is_found():
    codes = np.tile([10.0, 20.0, 90.0, 10.0], 100)
    both = series(np.stack([codes, codes], axis=1))
    assert ColumnKinds.found(both, "a=continuous,b=auto", None).names == ("continuous", "code")


def test_a_kind_of_a_column_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="kind: unknown column 'd'"):
        ColumnKinds.found(series(np.zeros((5, 3))), "d=counter", None)


def test_words_may_only_be_given_the_kind_of_classes():
    words = replace(series(np.tile([0.0, 1.0, 2.0], 30)[:, None]), labels={"a": ("idle", "off", "on")})
    for text in ("auto", "code", "flag"):
        assert ColumnKinds.found(words, f"a={text}", None).names == ("text",)
    with pytest.raises(
        InputError, match=r"column 'a' is not 'counter': it holds words, such as 'idle'\. Leave its kind out"
    ):
        ColumnKinds.found(words, "a=counter", None)
