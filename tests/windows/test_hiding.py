import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from latentfill.windows.gaps import find_gaps
from latentfill.windows.hiding import (
    SeriesHiding,
    hide_blackouts,
    hide_like,
    hide_like_gaps,
    hide_mixture,
    hide_points,
    hide_runs,
    keep_some,
    log_uniform,
)

NO_PATTERNS = np.ones((0, 24, 3), dtype=bool)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def all_observed(windows: int = 500, length: int = 24, columns: int = 3) -> np.ndarray:
    return np.ones((windows, length, columns), dtype=bool)


def with_gaps(n_steps: int, *missing: tuple[int, int, int], columns: int = 1) -> np.ndarray:
    """Observed mask (T, C) with gaps given as column, first step and length."""
    observed = np.ones((n_steps, columns), dtype=bool)
    for c, start, length in missing:
        observed[start : start + length, c] = False
    return observed


WAYS = {
    "points": lambda r, observed: hide_points(r, observed, 0.5),
    "blackouts": lambda r, observed: hide_blackouts(r, observed, np.full(len(observed), 3)),
    "runs": lambda r, observed: hide_runs(
        r, observed, np.full((len(observed), observed.shape[2]), 3), np.full(len(observed), 0.5)
    ),
    "like": lambda r, observed: hide_like(r, observed, observed[::-1]),
    "mixture": lambda r, observed: hide_mixture(r, observed, observed[:1]),
    "mixture without patterns": lambda r, observed: hide_mixture(r, observed, observed[:0]),
    "like gaps": lambda r, observed: hide_like_gaps(r, observed.reshape(-1, observed.shape[2]), 0.2),
}


@pytest.mark.parametrize("way", sorted(WAYS))
@settings(deadline=None, max_examples=50)
@given(
    observed=arrays(bool, st.tuples(st.integers(1, 4), st.integers(1, 8), st.integers(1, 3))),
    seed=st.integers(0, 99),
)
def test_only_observed_cells_are_hidden_and_the_same_ones_for_the_same_seed(way, observed, seed):
    before = observed.copy()
    hidden = WAYS[way](rng(seed), observed)
    assert hidden.dtype == bool
    assert not (hidden & ~observed.reshape(hidden.shape)).any()
    np.testing.assert_array_equal(WAYS[way](rng(seed), observed), hidden)
    np.testing.assert_array_equal(observed, before)


# --- windows -------------------------------------------------------------------------------------


def test_points_are_hidden_at_the_rate_of_each_window():
    rates = np.repeat([0.0, 0.1, 0.6, 1.0], 250)
    shares = hide_points(rng(), all_observed(1000), rates).reshape(4, -1).mean(axis=1)
    # 250 * 24 * 3 = 18000 cells each: the standard error of a share is at most 0.5 / sqrt(18000) = 0.004
    np.testing.assert_allclose(shares, [0.0, 0.1, 0.6, 1.0], atol=0.015)
    assert (shares[0], shares[3]) == (0.0, 1.0)


def test_a_blackout_is_one_run_of_the_given_length_in_all_columns():
    lengths = np.repeat([0, 1, 5, 24, 99], 20)
    hidden = hide_blackouts(rng(), all_observed(100), lengths)
    assert (hidden == hidden[:, :, :1]).all()
    assert hidden[:, :, 0].sum(axis=1).tolist() == np.minimum(lengths, 24).tolist()
    assert all(len(find_gaps(~window[:, :1]).start) == 1 for window in hidden[20:])


def test_runs_start_anywhere_in_the_window():
    hidden = hide_blackouts(rng(), all_observed(2000, length=4), np.full(2000, 3))
    # a run of 3 in 4 steps leaves out the first or the last step, each half of the time
    np.testing.assert_allclose((~hidden[:, :, 0]).mean(axis=0), [0.5, 0, 0, 0.5], atol=0.05)


@pytest.mark.parametrize(("share", "columns"), [(0.0, 1), (0.5, 2), (1.0, 4)])
def test_runs_are_hidden_in_a_share_of_the_columns_but_at_least_one(share, columns):
    lengths = np.tile([1, 2, 3, 4], (50, 1))
    hidden = hide_runs(rng(), all_observed(50, columns=4), lengths, np.full(50, share))
    per_column = hidden.sum(axis=1)
    assert ((per_column > 0).sum(axis=1) == columns).all()
    assert np.isin(per_column, [0, 1, 2, 3, 4]).all()
    np.testing.assert_array_equal(per_column[per_column > 0], lengths[per_column > 0])
    gaps = [len(find_gaps(~window).start) for window in hidden]
    assert set(gaps) == {columns}


def test_the_pattern_of_another_window_hides_its_missing_cells():
    patterns = np.stack([with_gaps(4, (0, 0, 2)), with_gaps(4, (0, 3, 1))])
    hidden = hide_like(rng(), all_observed(200, 4, 1), patterns)[..., 0]
    assert {tuple(row) for row in hidden.tolist()} == {(True, True, False, False), (False, False, False, True)}


def test_windows_that_would_lose_all_cells_keep_all_cells():
    observed = np.array([[[True], [True]], [[True], [False]], [[False], [False]]])
    hidden = np.array([[[True], [False]], [[True], [False]], [[False], [False]]])
    assert keep_some(hidden, observed)[..., 0].tolist() == [[True, False], [False, False], [False, False]]


@settings(deadline=None, max_examples=50)
@given(observed=arrays(bool, st.tuples(st.integers(1, 20), st.integers(1, 4), st.integers(1, 2))))
def test_the_mixture_leaves_an_observed_cell_in_every_window(observed):
    hidden = hide_mixture(rng(), observed, observed)
    assert ((observed & ~hidden).any(axis=(1, 2)) == observed.any(axis=(1, 2))).all()


def test_the_mixture_uses_the_patterns_of_the_table():
    # no other pattern hides every other step of column 0 and nothing else
    own = all_observed(1)
    own[0, ::2, 0] = False
    hidden = hide_mixture(rng(), all_observed(2000), own)
    share = (hidden == ~own[0]).all(axis=(1, 2)).mean()
    # a fifth of the windows get the pattern, and two thirds of these windows get no points on top
    assert share == pytest.approx(0.2 * 2 / 3, abs=0.03)
    without = hide_mixture(rng(), all_observed(2000), NO_PATTERNS)
    assert not (without == ~own[0]).all(axis=(1, 2)).any()


def test_log_uniform_lengths_have_the_same_probability_per_doubling():
    drawn = log_uniform(rng(), 7, (30_000,))
    assert (drawn.min(), drawn.max()) == (1, 7)
    # 1, 2-3 and 4-7 are one doubling each
    shares = [np.mean(drawn == 1), np.mean((drawn >= 2) & (drawn <= 3)), np.mean(drawn >= 4)]
    np.testing.assert_allclose(shares, [1 / 3] * 3, atol=0.02)


# --- a whole series ------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.3])
def test_the_rate_is_reached_and_exceeded_by_less_than_one_gap(rate):
    observed = rng(1).random((2000, 4)) > 0.2
    hidden = hide_like_gaps(rng(), observed, rate)
    expected = round(rate * observed.sum())
    longest = find_gaps(observed).length.max()
    assert expected <= hidden.sum() < expected + 4 * longest


def test_no_column_loses_more_than_three_times_the_rate():
    # all gaps lie in column 0, so only its cells are hidden: 3 * 0.125 * 900 = 337.5, rounded up
    observed = with_gaps(1000, *[(0, start, 5) for start in range(0, 1000, 50)], columns=3)
    hidden = hide_like_gaps(rng(), observed, 0.125)
    assert observed[:, 0].sum() == 900
    assert 330 < hidden[:, 0].sum() <= 338
    assert not hidden[:, 1:].any()


def test_hidden_runs_are_as_long_as_the_gaps_of_the_series():
    observed = with_gaps(5000, *[(0, start, 6) for start in range(0, 5000, 200)])
    hidden = hide_like_gaps(rng(), observed, 0.02)
    gaps = find_gaps(~hidden)
    # a run is shorter if it covers a gap, and longer if it touches another run
    assert np.mean(gaps.length == 6) > 0.7


def test_columns_that_are_missing_together_are_hidden_together():
    gaps = [(c, start, 4) for start in range(0, 1000, 100) for c in (0, 1)]
    hidden = hide_like_gaps(rng(), with_gaps(1000, *gaps, columns=3), 0.1)
    assert hidden[:, 0].any()
    np.testing.assert_array_equal(hidden[:, 0], hidden[:, 1])
    assert not hidden[:, 2].any()


def test_gaps_longer_than_a_tenth_of_the_series_are_not_drawn():
    observed = with_gaps(1000, (0, 0, 300), *[(0, start, 2) for start in range(320, 1000, 20)])
    lengths = find_gaps(~hide_like_gaps(rng(), observed, 0.05)).length
    assert lengths.max() <= 6  # at worst a few runs of 2 that touch


def test_a_series_without_gaps_gets_runs_in_single_columns():
    observed = with_gaps(5000, columns=3)
    hidden = hide_like_gaps(rng(), observed, 0.02)
    # the rate asks for 0.02 * 15000 = 300 cells; the last run may exceed them by 23
    assert 300 <= hidden.sum() <= 323
    lengths = find_gaps(~hidden).length
    assert 1 in lengths
    assert 24 < 2 * lengths.max() <= 2 * 48  # runs of up to 24, of which two may touch
    assert hidden.any(axis=0).all()
    assert (hidden.sum(axis=1) == 1).sum() > 0.9 * hidden.any(axis=1).sum()


def test_the_rate_is_reached_in_a_single_column():
    observed = with_gaps(200, (0, 10, 3), (0, 50, 1))
    hidden = hide_like_gaps(rng(), observed, 0.1)
    assert round(0.1 * 196) <= hidden.sum() <= round(0.1 * 196) + 2


@pytest.mark.parametrize("rate", [0.1, 0.5])
@pytest.mark.parametrize("rows", [[1, 1], [1, 0], [0, 0]])
def test_two_rows_keep_at_least_one_value(rows, rate):
    observed = np.array(rows, dtype=bool)[:, None]
    hidden = hide_like_gaps(rng(), observed, rate)
    assert (observed & ~hidden).any() == observed.any()


def test_nothing_is_hidden_in_a_series_without_values():
    assert not hide_like_gaps(rng(), np.zeros((50, 2), dtype=bool), 0.1).any()


@pytest.mark.parametrize("rate", [0.1, 0.5])
@pytest.mark.parametrize("values", [1, 2])
def test_no_column_loses_its_last_value(values, rate):
    # column 0 has one or two values, column 1 has gaps of one step all over
    observed = with_gaps(400, *[(1, start, 1) for start in range(0, 400, 10)], columns=2)
    observed[:, 0] = False
    observed[100 : 100 + values, 0] = True
    for seed in range(50):
        hidden = hide_like_gaps(rng(seed), observed, rate)
        assert (observed & ~hidden).any(axis=0).all()


def test_the_work_for_a_gap_grows_with_its_missing_cells_and_not_with_all_columns(monkeypatch):
    read = []
    hide = SeriesHiding.hide

    def counting(self, steps, columns):
        read.append(len(steps))
        return hide(self, steps, columns)

    monkeypatch.setattr(SeriesHiding, "hide", counting)
    observed = with_gaps(400, *[(c, (37 * c) % 400, 2) for c in range(200)], columns=200)
    hidden = hide_like_gaps(rng(), observed, 0.02)
    assert sum(read) < 2 * hidden.sum()
    assert sum(read) / len(read) < 5  # of the 400 cells in a gap of two steps


def test_a_column_is_left_out_where_it_would_lose_more_than_it_may():
    hiding = SeriesHiding(np.ones((4, 3), dtype=bool), np.array([1, 2, 2]))
    assert hiding.hide(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])) == 2
    assert hiding.hidden.nonzero() == (pytest.approx([0, 1]), pytest.approx([1, 1]))
    assert hiding.hide_rectangle(slice(2, 4), slice(1, 3)) == 2
    assert hiding.hidden[:, 2].tolist() == [False, False, True, True]
    assert hiding.hide(np.array([0]), np.array([1])) == 0  # it is hidden already


def test_padding_is_no_gap_to_hide_elsewhere():
    observed = np.ones((400, 2), dtype=bool)
    observed[7::50] = False
    padding = np.zeros(400, dtype=bool)
    padding[100:120] = padding[300:320] = True
    observed &= ~padding[:, None]
    for seed in range(5):
        hidden = hide_like_gaps(np.random.default_rng(seed), observed, 0.1, padding=padding)
        assert hidden.any()
        assert find_gaps(~hidden).length.max() <= 3
    with_padding = hide_like_gaps(np.random.default_rng(0), observed, 0.1)
    assert find_gaps(~with_padding).length.max() >= 15
