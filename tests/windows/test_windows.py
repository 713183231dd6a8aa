import numpy as np
import pytest

from latentfill.core.errors import InputError
from latentfill.windows.splits import Split
from latentfill.windows.windows import (
    NEAR_GAP,
    ScaledSeries,
    Windows,
    apart,
    by_part,
    column_of,
    covered,
    cut,
    joined_positions,
    split_starts,
    tied_among,
    window_starts,
    with_a_gap,
)


@pytest.mark.parametrize(
    ("n_steps", "length", "stride", "expected"),
    [
        (10, 4, 3, [0, 3, 6]),
        (11, 4, 3, [0, 3, 6, 7]),  # the last window covers step 10
        (4, 4, 4, [0]),
        (5, 4, 4, [0, 1]),
    ],
)
def test_the_last_window_ends_on_the_last_step(n_steps, length, stride, expected):
    assert window_starts(n_steps, length, stride).tolist() == expected


def test_every_step_is_in_a_window():
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
def test_windows_are_read_only(starts):
    assert not cut(np.zeros((10, 2)), np.array(starts), 4).flags.writeable


@pytest.mark.parametrize("starts", [[-1], [0, 7]])
def test_windows_outside_the_series_are_refused(starts):
    with pytest.raises(InputError, match="10 steps"):
        cut(np.zeros((10, 2)), np.array(starts), 4)


def three_steps() -> Windows:
    """Steps 1, missing, 3 in two windows of two steps, with one clock feature 0, 1, 2."""
    values = np.array([[1.0], [np.nan], [3.0]])
    return ScaledSeries(values, np.arange(3.0)[:, None]).cut(np.array([0, 1]), 2)


def test_observed_is_false_for_missing_cells():
    assert three_steps().observed[..., 0].tolist() == [[True, False], [False, True]]


def test_windows_have_the_clock_features_and_the_length_of_the_series():
    windows = three_steps()
    assert (len(windows), windows.length, windows.n_steps) == (2, 2, 3)
    assert windows.clock[..., 0].tolist() == [[0.0, 1.0], [1.0, 2.0]]


def test_selected_windows_keep_their_values_clock_and_starts():
    second = three_steps().take(np.array([1]))
    np.testing.assert_array_equal(second.values[..., 0], [[np.nan, 3.0]])
    assert (second.clock[..., 0].tolist(), second.starts.tolist(), second.n_steps) == ([[1.0, 2.0]], [1], 3)


def test_hiding_cells_makes_them_missing_in_a_copy():
    windows = three_steps()
    hidden = np.array([[[True], [False]], [[False], [False]]])
    assert windows.without(hidden).observed[..., 0].tolist() == [[False, False], [False, True]]
    assert windows.values[0, 0, 0] == 1.0


def test_windows_of_a_split_start_at_consecutive_rows():
    # rows 4 to 11: windows of 3 rows, followed by 2 more rows, can start at 4, 5, 6 and 7
    assert split_starts(Split("val", 4, 12), 3, 2).tolist() == [4, 5, 6, 7]
    assert split_starts(Split("val", 4, 6), 3, 2).tolist() == []


def test_covered_steps_lie_in_a_window():
    assert covered(np.array([1, 2, 7]), 3, 10).tolist() == [False, *[True] * 4, False, False, *[True] * 3]
    assert not covered(np.array([], dtype=np.int64), 3, 4).any()


def test_a_padded_series_ends_with_missing_steps_and_repeats_its_last_clock_features():
    padded = ScaledSeries(np.array([[1.0], [2.0]]), np.array([[0.0], [1.0]])).padded_to(4)
    np.testing.assert_array_equal(padded.values[:, 0], [1.0, 2.0, np.nan, np.nan])
    assert padded.clock[:, 0].tolist() == [0.0, 1.0, 1.0, 1.0]
    assert padded.padded_to(3).n_steps == 4


def test_windows_without_an_observed_cell_can_be_left_out():
    values = np.array([[np.nan], [np.nan], [3.0]])
    windows = ScaledSeries(values, np.zeros((3, 0))).cut(np.array([0, 1]), 2)
    assert windows.with_observed_cells().starts.tolist() == [1]


def test_windows_apart_do_not_overlap():
    assert apart(np.array([0, 3, 5, 9, 10, 11]), 5).tolist() == [0, 5, 10]
    assert apart(np.array([], dtype=np.int64), 5).tolist() == []


# --- series of several parts ---------------------------------------------------------------------


def of_parts(*lengths, longest):
    """A series of parts with these lengths, padded to the longest."""
    values = np.full((len(lengths) * longest, 1), np.nan)
    for part, length in enumerate(lengths):
        values[part * longest : part * longest + length] = part
    return ScaledSeries(values, np.zeros((len(values), 0)), len(lengths))


def test_windows_of_parts_begin_and_end_inside_a_part():
    starts = of_parts(10, 7, 3, longest=12).starts(4, 3)
    assert starts.tolist() == [0, 3, 6, 12, 15, 24]


def test_only_the_missing_steps_at_the_end_of_a_part_are_padding():
    series = of_parts(3, 2, longest=4)
    series.values[1] = np.nan
    assert series.padding.tolist() == [False, False, False, True, False, False, True, True]
    assert not of_parts(3, longest=5).padding.any()


def test_arrays_are_divided_by_part_even_without_columns():
    assert by_part(np.zeros((6, 0)), 2).shape == (2, 3, 0)
    assert by_part(np.arange(6.0)[:, None], 3)[:, :, 0].tolist() == [[0, 1], [2, 3], [4, 5]]
    assert by_part(np.zeros((6, 2)), 1).shape == (6, 2)


# --- positions of uneven steps, and tied columns -------------------------------------------------------------

NAN = np.nan
POSITION = [0.0, 1.0, 2.5, 4.0]


def uneven() -> ScaledSeries:
    """Four steps of two tied columns that are not equally far apart, with one clock feature."""
    values = np.array([[1.0, 10.0], [NAN, 20.0], [3.0, NAN], [4.0, 40.0]])
    return ScaledSeries(values, np.arange(4.0)[:, None], tied=np.array([0, 0]), position=column_of(np.array(POSITION)))


def test_the_steps_before_one_keep_their_values_clock_positions_and_ties():
    series = uneven().until(3)
    np.testing.assert_array_equal(series.values, [[1.0, 10.0], [NAN, 20.0], [3.0, NAN]])
    assert series.clock[:, 0].tolist() == [0.0, 1.0, 2.0]
    assert series.position.tolist() == [[0.0], [1.0], [2.5]]
    assert series.tied.tolist() == [0, 0]


def test_even_steps_have_no_positions():
    series = ScaledSeries(np.ones((4, 1)), np.zeros((4, 0)))
    assert column_of(None) is None
    parts = (series.until(2), series.padded_to(6), series.cut(np.array([0, 2]), 2), three_steps().take(slice(1)))
    assert [part.position for part in parts] == [None] * 4


def test_steps_of_several_parts_have_no_common_end():
    with pytest.raises(AssertionError):
        of_parts(3, 2, longest=4).until(3)


def test_hiding_cells_of_a_series_makes_them_missing_in_a_copy():
    series = uneven()
    hidden = np.zeros((4, 2), dtype=bool)
    hidden[0, 1] = True
    without = series.without(hidden)
    np.testing.assert_array_equal(without.values, [[1.0, NAN], [NAN, 20.0], [3.0, NAN], [4.0, 40.0]])
    assert series.values[0, 1] == 10.0
    assert (without.tied is series.tied, without.position is series.position) == (True, True)


def test_the_windows_of_one_part_start_as_those_of_a_series():
    assert uneven().starts(2, 2).tolist() == [0, 2]
    assert uneven().starts(3, 2).tolist() == [0, 1]


def test_missing_steps_at_the_end_are_as_far_apart_as_usual():
    padded = uneven().padded_to(6)
    assert padded.values.shape == (6, 2)
    assert np.isnan(padded.values[4:]).all()
    assert padded.position.tolist() == [[0.0], [1.0], [2.5], [4.0], [5.0], [6.0]]


def test_windows_have_the_positions_and_ties_of_the_series():
    windows = uneven().cut(np.array([0, 2]), 2)
    assert windows.position[..., 0].tolist() == [[0.0, 1.0], [2.5, 4.0]]
    assert windows.tied.tolist() == [0, 0]
    assert windows.take(slice(1, 2)).position[..., 0].tolist() == [[2.5, 4.0]]
    assert windows.take(slice(1, 2)).tied.tolist() == [0, 0]


def test_joined_windows_follow_each_other():
    even = three_steps()
    values = np.array([[7.0], [8.0], [9.0]])
    other = ScaledSeries(values, np.zeros((3, 1)), position=np.array([[0.0], [2.0], [3.0]])).cut(np.array([1]), 2)
    joined = even.joined(other)
    np.testing.assert_array_equal(joined.values[..., 0], [[1.0, NAN], [NAN, 3.0], [8.0, 9.0]])
    assert joined.clock[..., 0].tolist() == [[0.0, 1.0], [1.0, 2.0], [0.0, 0.0]]
    assert joined.starts.tolist() == [0, 1, 1]
    assert joined.position[..., 0].tolist() == [[0.0, 1.0], [0.0, 1.0], [2.0, 3.0]]
    assert joined.n_steps == 3
    assert even.joined(even).position is None


def test_joined_parts_without_positions_are_taken_as_even():
    values, position = np.zeros((3, 2)), np.array([[0.0], [5.0]])
    assert joined_positions([(None, values), (None, values)]) is None
    joined = joined_positions([(None, values), (position, np.zeros((2, 2)))])
    assert (joined.dtype, joined[:, 0].tolist()) == (np.float64, [0.0, 1.0, 2.0, 0.0, 5.0])


def test_ties_among_some_columns_count_these_columns():
    tied = np.array([0, 1, 1, 3, 3])
    assert tied_among(tied, np.array([1, 2, 3])).tolist() == [0, 0, 2]
    assert tied_among(tied, np.array([4, 0, 3])).tolist() == [0, 1, 0]
    assert tied_among(None, np.array([0])) is None


@pytest.mark.parametrize("starts", [[-1], [7]])
def test_the_error_names_the_windows_and_the_steps_of_the_series(starts):
    with pytest.raises(InputError, match=rf"length 4 that start at steps {starts[0]} to {starts[0]} do not lie inside"):
        cut(np.zeros((10, 2)), np.array(starts), 4)
    assert cut(np.zeros((10, 2)), np.array([6]), 4).shape == (1, 4, 2)
    with pytest.raises(InputError, match="at least 1 step, got length=0"):
        cut(np.zeros((10, 2)), np.array([0]), 0)
    assert cut(np.zeros((10, 2)), np.array([0]), 1).shape == (1, 1, 2)


def test_numbers_of_steps_are_whole():
    whole = (window_starts(5, 4, 4), apart(np.array([], dtype=np.int64), 5), split_starts(Split("val", 4, 12), 3, 2))
    assert [numbers.dtype for numbers in whole] == [np.int64] * 3


def test_only_windows_near_a_gap_are_kept():
    observed = np.ones((200, 2), dtype=bool)
    observed[100, 1] = False
    starts = window_starts(200, 10, 10)
    kept = with_a_gap(starts, 10, observed).tolist()
    assert kept == [start for start in starts.tolist() if start - NEAR_GAP <= 100 < start + 10 + NEAR_GAP]
    assert with_a_gap(starts, 10, observed | True).tolist() == [0]  # at least one
