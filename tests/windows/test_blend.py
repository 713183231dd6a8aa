import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentfill.core.errors import InputError
from latentfill.windows.blend import blend, taper
from latentfill.windows.windows import cut, window_starts


@pytest.mark.parametrize("length", [1, 2, 5, 96])
def test_a_taper_is_highest_in_the_middle_and_above_zero_at_the_ends(length):
    weights = taper(length)
    assert weights.shape == (length,)
    assert weights.min() > 0
    assert np.argmax(weights) in ((length - 1) // 2, length // 2)
    np.testing.assert_allclose(weights, weights[::-1])


def test_a_taper_of_no_steps_is_refused():
    with pytest.raises(InputError, match="length=0"):
        taper(0)


@given(n_steps=st.integers(1, 60), length=st.integers(1, 60), stride=st.integers(1, 60))
def test_blend_of_untouched_windows_returns_the_series(n_steps, length, stride):
    length = min(length, n_steps)
    series = np.random.default_rng(0).normal(size=(n_steps, 3))
    starts = window_starts(n_steps, length, min(stride, length))
    blended = blend(cut(series, starts, length), starts, n_steps, taper(length))
    np.testing.assert_allclose(blended, series)


def test_overlapping_windows_are_averaged_by_their_weights():
    estimates = np.array([[[0.0], [10.0]], [[20.0], [30.0]]])
    # step 1 is the second step of window 0 (weight 3) and the first of window 1 (weight 1): (3*10 + 1*20) / 4
    blended = blend(estimates, np.array([0, 1]), 3, np.array([1.0, 3.0]))
    assert blended[:, 0].tolist() == [0.0, 12.5, 30.0]


def test_a_window_without_an_estimate_for_a_cell_does_not_count_there():
    estimates = np.array([[[0.0, 1.0], [np.nan, 2.0]], [[20.0, np.nan], [30.0, np.nan]]])
    blended = blend(estimates, np.array([0, 1]), 3, np.array([1.0, 3.0]))
    np.testing.assert_array_equal(blended, [[0.0, 1.0], [20.0, 2.0], [30.0, np.nan]])


def test_steps_outside_all_windows_are_nan():
    blended = blend(np.ones((1, 2, 1)), np.array([1]), 4, np.ones(2))
    np.testing.assert_array_equal(blended[:, 0], [np.nan, 1.0, 1.0, np.nan])


def test_windows_with_the_same_start_are_averaged():
    estimates = np.array([[[1.0]], [[2.0]], [[6.0]]])
    assert blend(estimates, np.array([0, 0, 0]), 1, np.ones(1)).tolist() == [[3.0]]


def test_no_windows_blend_to_nan():
    assert np.isnan(blend(np.empty((0, 4, 2)), np.empty(0, np.int64), 5, taper(4))).all()


def test_one_message_lists_all_mismatches():
    with pytest.raises(InputError, match=r"2 windows but 1 starts.*shape \(2,\).*start at 9.*10 steps"):
        blend(np.zeros((2, 3, 1)), np.array([9]), 10, np.ones(2))
