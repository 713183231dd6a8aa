import numpy as np
import pytest

from latentfill.core.errors import InputError
from latentfill.windows.splits import Split
from latentfill.windows.windows import (
    RESERVE_EVERY,
    HeldOut,
    Windows,
    covered,
    cut,
    cut_windows,
    reserve,
    split_starts,
    window_starts,
)


@pytest.mark.parametrize(
    ("n_steps", "length", "stride", "expected"),
    [
        (10, 4, 3, [0, 3, 6]),
        (11, 4, 3, [0, 3, 6, 7]),  # one more, so that step 10 is covered
        (4, 4, 4, [0]),
        (5, 4, 4, [0, 1]),
    ],
)
def test_the_last_window_ends_on_the_last_step(n_steps, length, stride, expected):
    assert window_starts(n_steps, length, stride).tolist() == expected


def test_every_step_is_in_some_window():
    for n_steps in range(5, 40):
        starts = window_starts(n_steps, 5, 5)
        covered = {step for start in starts for step in range(start, start + 5)}
        assert covered == set(range(n_steps))


def test_a_series_shorter_than_a_window_is_refused():
    with pytest.raises(InputError, match=r"3 steps.*length=4"):
        window_starts(3, 4, 1)


@pytest.mark.parametrize("starts", [[0, 2, 4], [0, 2, 3], [1], [5, 0], [2, 2]])
def test_cut_returns_the_rows_of_each_window(starts):
    values = np.arange(20.0).reshape(10, 2)
    windows = cut(values, np.array(starts), 4)
    np.testing.assert_array_equal(windows, np.stack([values[s : s + 4] for s in starts]))


def test_cut_of_no_starts_is_empty():
    assert cut(np.zeros((10, 2)), np.array([], dtype=np.int64), 4).shape == (0, 4, 2)


def test_evenly_spaced_windows_share_the_memory_of_the_series():
    values = np.arange(20.0).reshape(10, 2)
    assert np.shares_memory(cut(values, np.array([0, 3, 6]), 4), values)


@pytest.mark.parametrize("starts", [[0, 3, 6], [0, 1, 6]])
def test_windows_cannot_be_written_to(starts):
    assert not cut(np.zeros((10, 2)), np.array(starts), 4).flags.writeable


@pytest.mark.parametrize("starts", [[-1], [0, 7]])
def test_windows_outside_the_series_are_refused(starts):
    with pytest.raises(InputError, match="10 steps"):
        cut(np.zeros((10, 2)), np.array(starts), 4)


def three_steps() -> Windows:
    """Steps 1, missing, 3 in two windows of two steps, with one clock feature 0, 1, 2."""
    values = np.array([[1.0], [np.nan], [3.0]])
    return cut_windows(values, np.arange(3.0)[:, None], np.array([0, 1]), 2)


def test_observed_is_false_where_nothing_was_read():
    assert three_steps().observed[..., 0].tolist() == [[True, False], [False, True]]


def test_windows_of_a_series_carry_its_clock_and_its_length():
    windows = three_steps()
    assert (len(windows), windows.length, windows.n_steps) == (2, 2, 3)
    assert windows.clock[..., 0].tolist() == [[0.0, 1.0], [1.0, 2.0]]


def test_taking_windows_keeps_values_clock_and_starts_together():
    second = three_steps().take(np.array([1]))
    np.testing.assert_array_equal(second.values[..., 0], [[np.nan, 3.0]])
    assert (second.clock[..., 0].tolist(), second.starts.tolist(), second.n_steps) == ([[1.0, 2.0]], [1], 3)


def test_hidden_cells_are_missing_and_the_series_keeps_them():
    windows = three_steps()
    hidden = np.array([[[True], [False]], [[False], [False]]])
    assert windows.without(hidden).observed[..., 0].tolist() == [[False, False], [False, True]]
    assert windows.values[0, 0, 0] == 1.0


def test_held_out_error_counts_only_the_hidden_cells():
    truth = np.array([[[1.0], [np.nan]], [[np.nan], [3.0]]])
    # (1 - 2)^2 and (3 - 5)^2, halved
    assert HeldOut(three_steps(), truth).error(np.array([[[2.0], [9.0]], [[9.0], [5.0]]])) == 2.5


@pytest.mark.parametrize("index", [slice(1, None), np.array([1])])
def test_taking_held_out_windows_keeps_the_truth_with_its_window(index):
    truth = np.array([[[1.0], [np.nan]], [[7.0], [np.nan]]])
    second = HeldOut(three_steps(), truth).take(index)
    assert second.windows.starts.tolist() == [1]
    np.testing.assert_array_equal(second.windows.values[..., 0], [[np.nan, 3.0]])
    np.testing.assert_array_equal(second.truth[..., 0], [[7.0, np.nan]])


def test_a_split_is_cut_at_every_row_of_the_table_it_covers():
    # rows 4..11: windows of 3 rows with 2 rows kept after them start at 4, 5, 6, 7
    assert split_starts(Split("val", 4, 12), 3, 2).tolist() == [4, 5, 6, 7]
    assert split_starts(Split("val", 4, 6), 3, 2).tolist() == []


@pytest.mark.parametrize("stride", [1, 3])
def test_windows_to_check_by_share_no_step_with_those_to_learn_from(stride):
    length, n_steps = 5, 60 * RESERVE_EVERY
    starts = window_starts(n_steps, length, stride)
    train, check = reserve(starts, length, n_steps)
    learnt, kept = (np.zeros(n_steps, dtype=bool) for _ in range(2))
    for index, steps in ((train, learnt), (check, kept)):
        for start in starts[index]:
            steps[start : start + length] = True
    assert not (learnt & kept).any()
    assert kept.mean() == pytest.approx(2 / RESERVE_EVERY, rel=0.2)
    assert (learnt | kept).mean() > 0.9


@pytest.mark.parametrize("starts", [np.arange(200), np.array([0]), np.arange(30, 36)])
def test_where_nothing_can_be_kept_back_every_window_is_learnt_from(starts):
    train, check = reserve(starts, 5, 3 * 5 * RESERVE_EVERY - (len(starts) > 100))
    assert train.tolist() == list(range(len(starts)))
    assert not len(check)


def test_covered_steps_lie_in_some_window():
    assert covered(np.array([1, 2, 7]), 3, 10).tolist() == [False, *[True] * 4, False, False, *[True] * 3]
    assert not covered(np.array([], dtype=np.int64), 3, 4).any()
