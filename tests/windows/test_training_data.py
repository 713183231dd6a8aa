import numpy as np
import pytest

from latentfill.windows.training_data import RESERVE_EVERY, HeldOutWindows, reserve
from latentfill.windows.windows import ScaledSeries, Windows, window_starts


def three_steps() -> Windows:
    """Steps 1, missing, 3 in two windows of two steps, with one clock feature 0, 1, 2."""
    values = np.array([[1.0], [np.nan], [3.0]])
    return ScaledSeries(values, np.arange(3.0)[:, None]).cut(np.array([0, 1]), 2)


def test_the_error_of_held_out_windows_is_over_the_hidden_cells():
    truth = np.array([[[1.0], [np.nan]], [[np.nan], [3.0]]])
    # the mean of (1 - 2)^2 and (3 - 5)^2
    assert HeldOutWindows(three_steps(), truth).error(np.array([[[2.0], [9.0]], [[9.0], [5.0]]])) == 2.5


@pytest.mark.parametrize("index", [slice(1, None), np.array([1])])
def test_selected_held_out_windows_keep_their_truth(index):
    truth = np.array([[[1.0], [np.nan]], [[7.0], [np.nan]]])
    second = HeldOutWindows(three_steps(), truth).take(index)
    assert second.windows.starts.tolist() == [1]
    np.testing.assert_array_equal(second.windows.values[..., 0], [[np.nan, 3.0]])
    np.testing.assert_array_equal(second.truth[..., 0], [[7.0, np.nan]])


@pytest.mark.parametrize("stride", [1, 3])
def test_reserved_windows_share_no_step_with_training_windows(stride):
    length, n_steps = 5, 60 * RESERVE_EVERY
    starts = window_starts(n_steps, length, stride)
    train, check = reserve(starts, length, n_steps)
    in_train, in_check = (np.zeros(n_steps, dtype=bool) for _ in range(2))
    for index, steps in ((train, in_train), (check, in_check)):
        for start in starts[index]:
            steps[start : start + length] = True
    assert not (in_train & in_check).any()
    assert in_check.mean() == pytest.approx(2 / RESERVE_EVERY, rel=0.2)
    assert (in_train | in_check).mean() > 0.9


@pytest.mark.parametrize("starts", [np.arange(200), np.array([0]), np.arange(30, 36)])
def test_if_no_window_can_be_reserved_all_are_for_training(starts):
    train, check = reserve(starts, 5, 3 * 5 * RESERVE_EVERY - (len(starts) > 100))
    assert train.tolist() == list(range(len(starts)))
    assert not len(check)


def test_hidden_cells_are_missing_in_the_windows_and_kept_as_truth():
    held_out = HeldOutWindows.hiding(three_steps(), np.array([[[True], [False]], [[False], [False]]]))
    np.testing.assert_array_equal(held_out.windows.values[..., 0], [[np.nan, np.nan], [np.nan, 3.0]])
    np.testing.assert_array_equal(held_out.truth[..., 0], [[1.0, np.nan], [np.nan, np.nan]])
