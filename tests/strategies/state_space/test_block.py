"""Blocks: groups of columns side by side, and the choices that tuning cells make."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from latentfill.core.series import FloatArray
from latentfill.strategies.state_space import block as module
from latentfill.strategies.state_space.block import Block, BlockData, from_groups, to_groups
from latentfill.strategies.state_space.learning import LearningPlan

T = 300


def walks(columns: int) -> FloatArray:
    walk = np.cumsum(np.random.default_rng(0).normal(size=(T, columns)), axis=0)
    return (walk - walk.mean(axis=0)) / walk.std(axis=0)


def data(values: FloatArray, size: int, period: int | None = None) -> BlockData:
    """Block data with a tenth of the cells held out for tuning."""
    tuning = np.random.default_rng(1).random(values.shape) < 0.1
    return BlockData(np.where(tuning, np.nan, values), np.where(tuning, values, np.nan), size, period, seed=0)


@pytest.mark.parametrize("shape", [(7, 6), (4, 7, 6)])
def test_groups_are_columns_side_by_side(shape: tuple[int, ...]):
    values = np.random.default_rng(0).normal(size=shape)
    groups = to_groups(values, 2)
    assert groups.shape == (3, *shape[:-1], 2)
    np.testing.assert_array_equal(groups[1], values[..., 2:4])
    np.testing.assert_array_equal(from_groups(groups), values)


def test_columns_by_themselves_do_not_depend_on_each_other():
    values = data(walks(3), 1)
    block = Block.learnt(values, LearningPlan())
    changed = values.values.copy()
    changed[:, 0] = -changed[:, 0] + 1
    first, second = block.smooth(values.values).mean, block.smooth(changed).mean
    np.testing.assert_allclose(first[:, 1:], second[:, 1:], atol=1e-10)
    assert np.abs(first[:, 0] - second[:, 0]).max() > 0.1


def test_noise_with_outliers_is_chosen_where_readings_are_far_off():
    values = walks(1)
    clean = data(values, 1)
    assert Block.fit(clean).degrees is None
    spikes = np.arange(T)[:, None] % 20 == 7
    spiky = replace(clean, values=clean.values + 8.0 * spikes, truth=np.where(spikes, np.nan, clean.truth))
    assert Block.fit(spiky).degrees == 4.0


def test_wide_blocks_are_not_tried_with_outliers(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MOST_COLUMNS_TRIED", 1)
    tried = []
    monkeypatch.setattr(Block, "learnt", lambda data, plan, learnt=Block.learnt: tried.append(1) or learnt(data, plan))
    Block.fit(data(walks(2), 2))
    assert len(tried) == 1


def test_a_recurrence_is_used_only_if_it_lowers_the_error():
    rng = np.random.default_rng(2)
    shape = np.cumsum(rng.normal(size=(25, 12)), axis=0)
    daily = (shape - shape.mean()).reshape(T, 1) / shape.std()
    assert Block.fit(data(daily, 1, period=12)).period == 12
    noise = rng.normal(size=(T, 1))
    assert Block.fit(data(noise, 1, period=12)).period is None


def test_a_long_series_is_learnt_again_after_the_trial(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "TRIAL_STEPS", 100)
    values = data(walks(1), 1)
    trial = values.middle()
    assert trial.values.shape == trial.truth.shape == (100, 1)
    assert not np.array_equal(
        Block.fit(values).model.coefficients, Block.learnt(trial, LearningPlan.of(1, None)).model.coefficients
    )


def test_without_tuning_cells_the_first_choice_is_kept_and_nothing_else_tried(monkeypatch: pytest.MonkeyPatch):
    tried = []
    monkeypatch.setattr(Block, "learnt", lambda data, plan, learnt=Block.learnt: tried.append(1) or learnt(data, plan))
    values = data(walks(2), 2, period=12)
    block = Block.fit(replace(values, truth=np.full_like(values.truth, np.nan)))
    assert (block.degrees, block.period) == (None, None)
    assert len(tried) == 1
