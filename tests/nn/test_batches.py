from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from latentfill.nn import batches
from latentfill.nn.batches import BATCH_CELLS, LEAST_WINDOWS, RECENT, RECENT_NUMBERS, REUSE, HidingBatches, Replay
from latentfill.windows.windows import ScaledSeries


def numbered(cells: int = 1) -> Replay[int]:
    """Prepares 0, 1, 2, ..."""
    numbers = count()
    return Replay(lambda: next(numbers), np.random.default_rng(0), numbers=cells)


def test_the_first_draw_is_the_first_batch():
    assert numbered().draw() == 0


def test_one_batch_is_prepared_every_reuse_draws():
    replay = numbered()
    for draws in range(1, 10 * REUSE + 1):
        replay.draw()
        assert max(replay.recent) == -(-draws // REUSE) - 1


def test_batches_are_used_reuse_times_on_average():
    replay = numbered()
    times = np.bincount([replay.draw() for _ in range(400 * REUSE)], minlength=400)
    assert times[:300].mean() == pytest.approx(REUSE, abs=0.5)


def test_draws_come_from_the_most_recent_batches_only():
    replay = numbered()
    ages = [draw // REUSE - replay.draw() for draw in range(200 * REUSE)]
    assert min(ages) == 0
    assert max(ages) == RECENT - 1
    assert len(replay.recent) == RECENT


@pytest.mark.parametrize(("cells", "kept"), [(RECENT_NUMBERS // 4, 5), (RECENT_NUMBERS, 2), (10 * RECENT_NUMBERS, 1)])
def test_large_batches_are_kept_only_as_far_as_memory_allows(cells: int, kept: int):
    replay = numbered(cells)
    drawn = [replay.draw() for _ in range(40 * REUSE)]
    assert list(replay.recent) == list(range(40 - kept, 40))
    assert min(np.arange(40 * REUSE) // REUSE - drawn) == 0


def test_the_same_seed_draws_the_same_batches():
    first, second = numbered(), numbered()
    assert [first.draw() for _ in range(100)] == [second.draw() for _ in range(100)]


def test_with_a_reuse_of_one_every_draw_prepares_a_batch(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(batches, "REUSE", 1)
    replay = numbered(10 * RECENT_NUMBERS)
    assert [replay.draw() for _ in range(5)] == [0, 1, 2, 3, 4]


def test_only_drawable_windows_are_drawn():
    values = np.arange(60.0)[:, None]
    windows = ScaledSeries(values, np.zeros((60, 0))).cut(np.arange(50), 10)
    drawn = HidingBatches(windows, np.array([3, 40]), 64, np.random.default_rng(0)).draw()
    assert set(drawn.windows.starts) == {3, 40}
    hidden = np.isnan(drawn.windows.values)
    assert hidden.any()
    whole = np.where(hidden, drawn.truth, drawn.windows.values)
    np.testing.assert_array_equal(whole[:, 0, 0], drawn.windows.starts)
    assert np.isnan(drawn.truth[~hidden]).all()


@pytest.mark.parametrize(("columns", "drawn"), [(1, 40), (BATCH_CELLS // 20, 20), (BATCH_CELLS, LEAST_WINDOWS)])
def test_batches_of_wide_windows_are_smaller(columns: int, drawn: int):
    windows = ScaledSeries(np.zeros((9, columns)), np.zeros((9, 0))).cut(np.arange(9), 1)
    batch = HidingBatches(windows, np.arange(9), 40, np.random.default_rng(0)).draw()
    assert len(batch.windows) == drawn
