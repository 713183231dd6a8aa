"""Arrays of pyarrow made without pandas."""

import numpy as np
import pyarrow as pa
import pytest

from latentfill.tables.backends.arrow import (
    mask_array,
    number_array,
    text_array,
    text_scalar,
    to_floats,
    to_integers,
    to_mask,
    to_times,
)


@pytest.mark.parametrize("texts", [[], [""], [None], ["a", None, "", "\u00e9\u4e2d", "b" * 300], [None] * 9 + ["c"]])
def test_texts_and_nulls_are_kept(texts: list[str | None]):
    array = text_array(texts)
    array.validate(full=True)
    assert array.equals(pa.array(texts, pa.string()))


def test_any_iterable_of_texts_becomes_an_array():
    assert text_array(text for text in "ab").to_pylist() == ["a", "b"]


@pytest.mark.parametrize("text", ["", "x", None])
def test_a_text_scalar_is_that_of_pyarrow(text: str | None):
    assert text_scalar(text).equals(pa.scalar(text, pa.string()))


@pytest.mark.parametrize("numbers", [[], [3, -1, 2**40], [1.5, -np.inf]])
def test_numbers_and_their_type_are_kept(numbers: list[float]):
    array = number_array(np.array(numbers))
    array.validate(full=True)
    assert array.equals(pa.array(np.array(numbers)))


def test_a_strided_array_is_copied():
    assert number_array(np.arange(6)[::2]).to_pylist() == [0, 2, 4]


@pytest.mark.parametrize("length", [0, 1, 8, 13])
def test_a_mask_of_any_length_is_kept(length: int):
    mask = np.arange(length) % 3 == 0
    array = mask_array(mask)
    array.validate(full=True)
    assert array.to_pylist() == mask.tolist()


def in_chunks(*parts: pa.Array) -> pa.ChunkedArray:
    return pa.chunked_array(parts)


@pytest.mark.parametrize("wrap", [lambda array: array, lambda array: in_chunks(array[:2], array[2:])])
@pytest.mark.parametrize("texts", [["1", None, "-3"], ["7", "8", "9"], ["1", "2"]])
def test_numbers_are_read_from_texts_with_nulls(texts: list[str | None], wrap):
    array = wrap(text_array(texts))
    np.testing.assert_array_equal(to_floats(array), [np.nan if text is None else float(text) for text in texts])
    assert to_integers(array, null=-9).tolist() == [-9 if text is None else int(text) for text in texts]


def test_a_slice_is_read_from_its_own_start():
    assert to_integers(number_array(np.arange(6))[2:4], null=0).tolist() == [2, 3]
    assert to_mask(mask_array(np.arange(20) % 3 == 0)[5:8]).tolist() == [False, True, False]


def test_nulls_of_a_mask_are_false():
    assert to_mask(in_chunks(pa.array([True, None]), pa.array([False, True]))).tolist() == [True, False, False, True]


def test_arrays_without_elements_are_read():
    assert to_floats(text_array([])).shape == to_mask(mask_array(np.zeros(0, dtype=bool))).shape == (0,)
    assert to_integers(pa.chunked_array([], pa.string()), null=0).shape == (0,)


def test_arrays_that_were_read_can_be_changed():
    values = to_floats(number_array(np.array([1.0, 2.0])))
    values[0] = 5.0
    assert values.tolist() == [5.0, 2.0]


def test_times_are_read_from_texts_with_nulls():
    times = to_times(text_array(["2024-02-29 01:02:03", None, "1969-12-31"]))
    np.testing.assert_array_equal(times, np.array(["2024-02-29T01:02:03", "NaT", "1969-12-31"], dtype="datetime64[s]"))
