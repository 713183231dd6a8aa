"""Missing patterns: how many cells they hide, and which."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.errors import InputError
from latentfill.windows.gaps import find_gaps
from latentfill.windows.patterns import MOST, PATTERNS, register

T, C = 2000, 4


def series(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(T, C)).cumsum(axis=0)
    values[rng.random((T, C)) < 0.05] = np.nan
    values[300:320, 1:3] = np.nan
    return values


def hide(name: str, values: np.ndarray, rate: float = 0.1, seed: int = 0, cycle: int | None = 24) -> np.ndarray:
    return PATTERNS[name](np.random.default_rng(seed), values, rate, cycle)


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("rate", [0.05, 0.3])
def test_a_pattern_hides_the_given_share_of_the_observed_cells(name: str, rate: float):
    values = series()
    hidden = hide(name, values, rate)
    observed = ~np.isnan(values)
    assert not (hidden & ~observed).any()
    assert hidden.sum() / observed.sum() == pytest.approx(rate, rel=0.2)


def test_a_long_series_gets_as_many_blocks_as_the_share_needs():
    values = np.zeros((200_000, 1))
    assert hide("block", values, 0.6).mean() == pytest.approx(0.6, abs=0.001)  # some 18 000 blocks


@pytest.mark.parametrize("name", PATTERNS)
def test_the_same_seed_hides_the_same_cells(name: str):
    values = series()
    np.testing.assert_array_equal(hide(name, values), hide(name, values))
    assert (hide(name, values) != hide(name, values, seed=1)).any()


@pytest.mark.parametrize("name", PATTERNS)
def test_every_column_keeps_a_share_of_its_cells(name: str):
    values = series()
    kept = (~np.isnan(values) & ~hide(name, values, 0.9)).sum(axis=0)
    assert (kept >= np.floor((1 - MOST) * (~np.isnan(values)).sum(axis=0))).all()


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_hides_some_cells_of_a_single_column_of_ten_rows(name: str):
    values = np.arange(10.0)[:, None]
    assert 0 < hide(name, values, 0.3).sum() < 10


def test_blackouts_hide_all_columns_and_subsequences_single_columns():
    values = np.random.default_rng(0).normal(size=(T, C))
    black = hide("blackout", values)
    assert (black.all(axis=1) == black.any(axis=1)).all()
    alone = hide("subsequence", values, 0.03)
    assert find_gaps(~alone).length.mean() > 12
    assert (alone.sum(axis=1) <= 2).mean() > 0.95


def test_blocks_lie_in_adjacent_columns():
    values = np.random.default_rng(0).normal(size=(T, C))
    hidden = hide("block", values, 0.02)
    together = hidden[:, 0] & hidden[:, 1]
    assert together.any()
    assert 2 <= find_gaps(~hidden).length.mean() <= 30


def test_gaps_like_those_of_the_table_keep_their_time_of_day_and_columns():
    values = np.random.default_rng(0).normal(size=(T, C))
    for day in range(5, 80, 8):
        values[24 * day + 6 : 24 * day + 11, :2] = np.nan
    hidden = hide("like-gaps", values, 0.02)
    gaps = find_gaps(~hidden)
    np.testing.assert_array_equal(hidden[:, 0], hidden[:, 1])
    assert not hidden[:, 2:].any()
    assert set(gaps.start % 24) == {6}
    assert set(gaps.length % 5) == {0}


def test_missing_not_at_random_hides_high_values():
    values = np.random.default_rng(0).normal(size=(T, C))
    hidden = hide("mnar", values)
    assert values[hidden].mean() > 0.8


def test_missing_at_random_depends_on_a_column_that_loses_no_cells():
    values = np.random.default_rng(0).normal(size=(T, C))
    hidden = hide("mar", values)
    driver = int(np.flatnonzero(~hidden.any(axis=0))[0])
    others = np.delete(np.arange(C), driver)
    assert abs(values[:, others][hidden[:, others]].mean()) < 0.2
    rows = hidden[:, others].any(axis=1)
    assert values[rows, driver].mean() > 0.5


def test_missing_at_random_in_a_single_column_depends_on_the_cycle():
    values = np.random.default_rng(0).normal(size=(T, 1))
    at = np.flatnonzero(hide("mar", values)[:, 0])
    assert np.sin(2 * np.pi * at / 24).mean() > 0.4


def test_a_name_in_use_is_refused():
    with pytest.raises(InputError, match="there is a pattern 'block' already"):
        register("block", PATTERNS["point"])
