import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from latentfill.windows.gaps import (
    BUCKET_NAMES,
    bucket_of,
    distances,
    find_gaps,
    gap_lengths,
    gap_numbers,
    interpolate,
    nearest_observed,
)

NAN = np.nan
masks = arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 3)))


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)[:, None]


# --- finding gaps --------------------------------------------------------------------------------


def test_gaps_are_listed_by_column_then_start():
    observed = np.array([[0, 1], [1, 0], [0, 0], [0, 1]], dtype=bool)
    gaps = find_gaps(observed)
    assert gaps.column.tolist() == [0, 0, 1]
    assert gaps.start.tolist() == [0, 2, 1]
    assert gaps.length.tolist() == [1, 2, 2]


def test_missing_cells_have_the_number_of_their_gap():
    observed = np.array([[0, 1], [1, 0], [0, 0], [0, 1]], dtype=bool)
    assert gap_numbers(observed).T.tolist() == [[0, -1, 1, 1], [-1, 2, 2, -1]]


def test_a_complete_series_has_no_gaps():
    assert len(find_gaps(np.ones((4, 2), dtype=bool)).start) == 0


def test_a_column_without_a_value_is_one_gap():
    gaps = find_gaps(np.zeros((4, 1), dtype=bool))
    assert (gaps.start.tolist(), gaps.length.tolist()) == ([0], [4])


@settings(deadline=None)
@given(observed=masks)
def test_the_gaps_are_exactly_the_missing_cells(observed):
    rebuilt, lengths = np.ones_like(observed), np.zeros(observed.shape, dtype=int)
    gaps = find_gaps(observed)
    for c, start, length in zip(gaps.column, gaps.start, gaps.length, strict=True):
        rebuilt[start : start + length, c] = False
        lengths[start : start + length, c] = length
    np.testing.assert_array_equal(rebuilt, observed)
    np.testing.assert_array_equal(gap_lengths(observed), lengths)


def test_distances_are_steps_to_the_nearest_value_or_to_just_outside_the_array():
    back, ahead = distances(~np.isnan(column(NAN, 1, NAN, NAN, 2, NAN)))
    # no value before step 0: one step back to position -1; no value after step 5: one step ahead to position 6
    assert back[:, 0].tolist() == [1, 0, 1, 2, 0, 1]
    assert ahead[:, 0].tolist() == [1, 0, 2, 1, 0, 1]


def test_distances_do_not_leave_their_window():
    windows = np.array([[[True], [False]], [[False], [False]]])
    back, ahead = distances(windows)
    assert back[..., 0].tolist() == [[0, 1], [1, 2]]
    assert ahead[..., 0].tolist() == [[0, 1], [2, 1]]


@pytest.mark.parametrize(
    ("length", "name"),
    [
        (1, "1"),
        (2, "2-3"),
        (3, "2-3"),
        (4, "4-6"),
        (6, "4-6"),
        (7, "7-24"),
        (24, "7-24"),
        (25, "25-168"),
        (168, "25-168"),
        (169, ">168"),
    ],
)
def test_a_gap_length_falls_into_the_bucket_that_names_it(length, name):
    assert BUCKET_NAMES[bucket_of(np.array([length]))[0]] == name


# --- interpolation -------------------------------------------------------------------------------


def test_a_gap_is_filled_with_a_straight_line():
    # from 1 to 7 in three steps: 1 + 2 = 3, 3 + 2 = 5
    assert interpolate(column(1, NAN, NAN, 7))[:, 0].tolist() == [1, 3, 5, 7]


def test_gaps_at_the_ends_get_the_nearest_value():
    assert interpolate(column(NAN, NAN, 2, NAN, 4, NAN))[:, 0].tolist() == [2, 2, 2, 3, 4, 4]


def test_a_column_without_a_value_stays_empty_and_does_not_change_others():
    filled = interpolate(np.array([[NAN, 1.0], [NAN, NAN], [NAN, 3.0]]))
    np.testing.assert_array_equal(filled, [[NAN, 1], [NAN, 2], [NAN, 3]])


def test_each_window_is_interpolated_on_its_own():
    windows = np.stack([column(0, NAN, 4), column(NAN, 8, NAN)])
    assert interpolate(windows)[..., 0].tolist() == [[0, 2, 4], [8, 8, 8]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_interpolation_keeps_the_dtype(dtype):
    filled = interpolate(column(1, NAN, 2).astype(dtype))
    assert filled.dtype == dtype
    assert filled[1, 0] == 1.5


@settings(deadline=None)
@given(
    values=arrays(
        float,
        st.tuples(st.integers(1, 12), st.integers(1, 3)),
        elements=st.floats(-1e6, 1e6) | st.just(NAN),
    )
)
def test_interpolation_agrees_with_numpy_and_keeps_observed_values(values):
    filled = interpolate(values)
    step = np.arange(len(values))
    for c in range(values.shape[1]):
        known = ~np.isnan(values[:, c])
        np.testing.assert_array_equal(filled[known, c], values[known, c])
        if known.any():
            expected = np.interp(step, step[known], values[known, c])
            np.testing.assert_allclose(filled[:, c], expected, rtol=1e-9, atol=1e-6)
        else:
            assert np.isnan(filled[:, c]).all()


def test_the_nearest_observed_cells_on_both_sides_of_each_cell_are_found():
    nan = np.nan
    sides = nearest_observed(np.array([[nan], [2.0], [nan], [nan], [8.0], [5.0]]))
    np.testing.assert_array_equal(sides.before[:, 0], [nan, nan, 2, 2, 2, 8])
    np.testing.assert_array_equal(sides.after[:, 0], [2, 8, 8, 8, 5, nan])
    assert sides.back[:, 0].tolist() == [1, 2, 1, 2, 3, 1]
    assert sides.ahead[:, 0].tolist() == [1, 3, 2, 1, 1, 1]
    np.testing.assert_allclose(sides.line[:, 0], [2, 8, 4, 6, 2 + 3 * 3 / 4, 8])


def test_a_column_without_values_has_no_nearest_observed_cells():
    sides = nearest_observed(np.full((3, 1), np.nan))
    assert np.isnan([sides.before, sides.after, sides.line]).all()


@given(arrays(float, (9, 2), elements=st.one_of(st.floats(-5, 5), st.just(np.nan))))
def test_in_gaps_the_line_between_nearest_observed_cells_is_the_interpolation(values: np.ndarray):
    line, gap = nearest_observed(values).line, np.isnan(values)
    np.testing.assert_allclose(line[gap], interpolate(values)[gap], rtol=1e-9, atol=1e-9)
