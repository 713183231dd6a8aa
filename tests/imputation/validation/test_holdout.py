"""Cells that are held out of a series."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.config import Config
from latentfill.imputation.validation import holdout
from latentfill.imputation.validation.holdout import hold_out
from latentfill.scoring.demo_table import Sample
from latentfill.windows.training_data import reserve
from latentfill.windows.windows import ScaledSeries, covered


def test_held_out_cells_are_observed_and_have_two_separate_uses(sample: Sample):
    values = sample.values
    held_out = hold_out(ScaledSeries(values, np.zeros((len(values), 0))), Config(holdout=0.1))
    assert not (held_out.tuning & held_out.score).any()
    assert not np.isnan(values[held_out.tuning | held_out.score]).any()
    assert np.isnan(held_out.visible.values[held_out.tuning | held_out.score]).all()
    share = (held_out.tuning | held_out.score).sum() / (~np.isnan(values)).sum()
    assert 0.08 < share < 0.13


def test_a_series_too_short_for_reserved_windows_has_more_tuning_cells_for_networks():
    series = ScaledSeries(np.random.default_rng(0).normal(size=(400, 2)), np.zeros((400, 0)))
    for length, more in ((8, 0.0), (48, holdout.FOR_NETWORKS)):  # only the shorter windows are reserved
        config = Config(length=length)
        usual, held_out = hold_out(series, config), hold_out(series, config, for_networks=True)
        np.testing.assert_array_equal(held_out.score, usual.score)
        assert not (held_out.tuning & held_out.score).any()
        assert (held_out.tuning | ~usual.tuning).all()
        assert held_out.tuning.mean() - usual.tuning.mean() == pytest.approx(more, abs=0.02)


def test_cells_hidden_in_the_reserve_lie_where_no_network_was_trained():
    values = np.random.default_rng(0).normal(size=(400, 2))
    values[::7, 0] = np.nan
    config = Config(length=8, stride=4)
    held_out = hold_out(ScaledSeries(values, np.zeros((400, 0))), config)
    starts = np.arange(0, 393, 4)
    train, _ = reserve(starts, 8, 400)
    trained = covered(starts[train], 8, 400)
    rounds = list(held_out.rounds(starts, 8, trained=True))
    assert len(rounds) > 1
    for hidden, windows in rounds:
        assert hidden.any()
        assert not hidden[trained].any()
        assert not np.isnan(held_out.visible.values[hidden]).any()
        assert covered(windows, 8, 400)[hidden.any(axis=1)].all()


def test_windows_for_early_stopping_and_tuning_are_made_only_when_they_are_used(monkeypatch: pytest.MonkeyPatch):
    """They are as large as the whole series, and simple imputers do not use them."""
    monkeypatch.setattr(holdout, "hide_mixture", None)
    values = np.random.default_rng(0).normal(size=(400, 2))
    data = hold_out(ScaledSeries(values, np.zeros((400, 0))), Config(length=8)).training_data(np.arange(393), 8)
    assert data.tuning is data.tuning
    with pytest.raises(TypeError):
        assert data.check
