"""Windows with hidden cells, to learn corrections from."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.config import Config
from latentfill.imputation.validation.holdout import HeldOutSeries, hold_out
from latentfill.strategies import hidden_rounds as module
from latentfill.strategies.hidden_rounds import MOST_ROUNDS, HiddenRound, hidden_rounds
from latentfill.windows.training_data import reserve
from latentfill.windows.windows import ScaledSeries, covered

LENGTH = 8


def held_out(n_steps: int) -> HeldOutSeries:
    values = np.random.default_rng(0).normal(size=(n_steps, 3))
    values[::7, 0] = np.nan
    return hold_out(ScaledSeries(values, np.zeros((n_steps, 0))), Config(length=LENGTH))


def rounds(series: HeldOutSeries) -> list[HiddenRound]:
    starts = np.arange(series.series.n_steps - LENGTH + 1)
    return list(hidden_rounds(series.training_data(starts, LENGTH), seed=0))


def test_hidden_cells_are_visible_ones_with_their_values():
    series = held_out(1000)
    visible = series.visible.values
    for hidden in rounds(series):
        steps = hidden.windows.starts[:, None] + np.arange(LENGTH)
        of_windows = visible[steps]
        cells = ~np.isnan(hidden.truth)
        assert cells.any()
        np.testing.assert_array_equal(hidden.truth[cells], of_windows[cells])
        np.testing.assert_array_equal(hidden.windows.values, np.where(cells, np.nan, of_windows))


def test_windows_of_a_round_do_not_overlap_and_rounds_differ():
    found = rounds(held_out(1000))
    assert len(found) == MOST_ROUNDS
    for hidden in found:
        assert np.diff(np.sort(hidden.windows.starts)).min() >= LENGTH
    assert len({tuple(hidden.windows.starts[~hidden.reserved]) for hidden in found}) > 1


def test_reserved_windows_overlap_none_that_is_learnt_from():
    starts = np.arange(1000 - LENGTH + 1)
    train, check = reserve(starts, LENGTH, 1000)
    learnt = covered(starts[train], LENGTH, 1000)
    for hidden in rounds(held_out(1000)):
        assert hidden.reserved.any()
        assert set(hidden.windows.starts[hidden.reserved]) <= set(starts[check])
        assert not (covered(hidden.windows.starts[hidden.reserved], LENGTH, 1000) & learnt).any()
        assert 0 <= hidden.time.min() < hidden.time.max() < 1


def test_rounds_end_when_enough_cells_are_hidden(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "ENOUGH_CELLS", 1)
    assert len(rounds(held_out(1000))) == 1


def test_a_short_series_has_no_rounds():
    assert rounds(held_out(100)) == []
