from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.series import FloatArray
from latentfill.strategies.boosted.boosted import Boosted


def error(estimate: FloatArray, truth: FloatArray) -> float:
    """Mean squared error over the hidden cells."""
    return float(np.nanmean((estimate - truth) ** 2))


def test_a_nonlinear_relation_is_learnt_and_carries_over_to_other_cells(maker):
    boosted = Boosted.fit([maker().example(0, relation=0.9)], seed=0)
    first, truth = maker().series(1, relation=0.9)
    hidden = ~np.isnan(truth[:, 0]) & ~np.isnan(first.values[:, 1])
    corrected = boosted.estimate(first)[hidden, 0]
    assert error(corrected, truth[hidden, 0]) < 0.3 * error(first.estimate[hidden, 0], truth[hidden, 0])


@pytest.mark.parametrize("seed", range(3))
def test_noise_is_left_nearly_as_it_is(maker, seed: int):
    boosted = Boosted.fit([maker().example(seed)], seed=0)
    first, truth = maker().series(seed + 10)
    assert error(boosted.estimate(first), truth) < 1.002 * error(first.estimate, truth)


def test_observed_cells_keep_the_base(maker):
    boosted = Boosted.fit([maker().example(0, relation=0.9)], seed=0)
    first, truth = maker().series(1, relation=0.9)
    estimate = boosted.estimate(first)
    np.testing.assert_array_equal(estimate[first.observed], first.estimate[first.observed])
    assert (estimate != first.estimate).sum() > 0.9 * np.isfinite(truth[:, 0]).sum()


def test_windows_are_corrected_like_a_series(maker):
    example = maker().example(0, relation=0.9)
    corrected = Boosted.fit([example], seed=0).estimate(example.first)
    assert corrected.shape == example.truth.shape
    truth = example.truth[..., 0]
    assert error(corrected[..., 0], truth) < 0.4 * error(example.first.estimate[..., 0], truth)


def test_a_single_column_is_corrected_from_its_own_residuals(maker):
    truth = np.full((6000, 1), 0.1)
    for step in range(1, len(truth)):
        truth[step] = 1 - 1.99 * truth[step - 1] ** 2  # the logistic map: steps are related, but not correlated
    hidden = np.random.default_rng(0).random(truth.shape) < 0.25
    first, truth = maker().stage(np.where(hidden, np.nan, truth)), np.where(hidden, truth, np.nan)
    boosted = Boosted.fit([maker.training(first, truth)], seed=0)
    assert error(boosted.estimate(first), truth) < 0.3 * error(first.estimate, truth)


def test_a_column_without_any_observed_cell_gets_no_correction(maker):
    first, truth = maker().series(0, relation=0.9)
    first.values[:, 2] = first.estimate[:, 2] = truth[:, 2] = np.nan
    first.residual[:, 2] = 0.0
    estimate = Boosted.fit([maker.training(first, truth)], seed=0).estimate(first)
    assert np.isnan(estimate[:, 2]).all()
    assert error(estimate[:, 0], truth[:, 0]) < 0.5 * error(first.estimate[:, 0], truth[:, 0])


def test_trees_that_only_fit_noise_correct_nothing(maker):
    assert not Boosted.fit([maker(steps=300).example(0)], seed=0).corrects
    assert Boosted.fit([maker().example(0, relation=0.9)], seed=0).corrects


def test_too_few_cells_give_the_base(maker):
    first, truth = maker(steps=300).series(0, relation=0.9)
    np.testing.assert_array_equal(Boosted.fit([maker.training(first, truth)], seed=0).estimate(first), first.estimate)


def test_the_same_seed_gives_the_same_arrays(maker):
    one, two = (Boosted.fit([maker().example(0, relation=0.9)], seed=0).state() for _ in range(2))
    assert one.keys() == two.keys()
    for name, array in one.items():
        np.testing.assert_array_equal(array, two[name])


@pytest.mark.parametrize("relation", [0.0, 0.9])
def test_the_state_gives_the_same_correction(maker, relation: float):
    boosted = Boosted.fit([maker().example(0, relation)], seed=0)
    first, _ = maker().series(1, relation)
    loaded = Boosted.load(boosted.state())
    np.testing.assert_array_equal(loaded.estimate(first), boosted.estimate(first))


def test_a_model_without_any_correction_has_a_state_too(maker):
    first, truth = maker(steps=300).series(0)
    loaded = Boosted.load(Boosted.fit([maker.training(first, truth)], seed=0).state())
    np.testing.assert_array_equal(loaded.estimate(first), first.estimate)
