from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from latentfill.core.series import FloatArray
from latentfill.strategies.boosted.boosted import Boosted
from latentfill.strategies.boosted.first_stage import FirstStage


def error(estimate: FloatArray, truth: FloatArray) -> float:
    """Mean squared error over the hidden cells."""
    return float(np.nanmean((estimate - truth) ** 2))


def test_a_nonlinear_relation_is_learnt_and_carries_over_to_other_cells(maker):
    boosted = Boosted.fit([maker().example(0, relation=0.9)], seed=0)
    first, truth = maker().example(1, relation=0.9)
    hidden = ~np.isnan(truth[:, 0]) & ~np.isnan(first.values[:, 1])
    corrected = boosted.estimate(first)[hidden, 0]
    assert error(corrected, truth[hidden, 0]) < 0.3 * error(first.estimate[hidden, 0], truth[hidden, 0])


@pytest.mark.parametrize("seed", range(3))
def test_noise_is_left_nearly_as_it_is(maker, seed: int):
    boosted = Boosted.fit([maker().example(seed)], seed=0)
    first, truth = maker().example(seed + 10)
    assert error(boosted.estimate(first), truth) < 1.002 * error(first.estimate, truth)


def test_observed_cells_keep_the_base(maker):
    boosted = Boosted.fit([maker().example(0, relation=0.9)], seed=0)
    first, truth = maker().example(1, relation=0.9)
    estimate = boosted.estimate(first)
    np.testing.assert_array_equal(estimate[first.observed], first.estimate[first.observed])
    assert (estimate != first.estimate).sum() > 0.9 * np.isfinite(truth[:, 0]).sum()


def windowed(first: FirstStage, length: int) -> FirstStage:
    """The series cut into windows that do not overlap."""

    def cut(array: FloatArray) -> FloatArray:
        return array.reshape(-1, length, array.shape[-1])

    arrays = ("values", "estimate", "spread", "residual", "residual_spread", "clock")
    parts = {name: cut(getattr(first, name)) for name in arrays}
    return replace(first, others=tuple(map(cut, first.others)), **parts)


def test_windows_are_corrected_like_a_series(maker):
    first, truth = maker().example(0, relation=0.9)
    windows = windowed(first, 60)
    boosted = Boosted.fit([(windows, truth.reshape(windows.values.shape))], seed=0)
    corrected = boosted.estimate(windows)
    assert corrected.shape == windows.values.shape
    assert error(corrected[..., 0], windowed_truth := truth.reshape(corrected.shape)[..., 0]) < 0.4 * error(
        windows.estimate[..., 0], windowed_truth
    )


def test_a_single_column_is_corrected_from_its_own_residuals(maker):
    truth = np.full((6000, 1), 0.1)
    for step in range(1, len(truth)):
        truth[step] = 1 - 1.99 * truth[step - 1] ** 2  # the logistic map: steps are related, but not correlated
    hidden = np.random.default_rng(0).random(truth.shape) < 0.25
    first, truth = maker().stage(np.where(hidden, np.nan, truth)), np.where(hidden, truth, np.nan)
    boosted = Boosted.fit([(first, truth)], seed=0)
    assert error(boosted.estimate(first), truth) < 0.3 * error(first.estimate, truth)


def test_a_column_without_any_observed_cell_gets_no_correction(maker):
    first, truth = maker().example(0, relation=0.9)
    first.values[:, 2] = first.estimate[:, 2] = truth[:, 2] = np.nan
    first.residual[:, 2] = 0.0
    estimate = Boosted.fit([(first, truth)], seed=0).estimate(first)
    assert np.isnan(estimate[:, 2]).all()
    assert error(estimate[:, 0], truth[:, 0]) < 0.5 * error(first.estimate[:, 0], truth[:, 0])


def test_too_few_cells_give_the_base(maker):
    first, truth = maker(steps=300).example(0, relation=0.9)
    np.testing.assert_array_equal(Boosted.fit([(first, truth)], seed=0).estimate(first), first.estimate)


def test_the_same_seed_gives_the_same_arrays(maker):
    one, two = (Boosted.fit([maker().example(0, relation=0.9)], seed=0).state() for _ in range(2))
    assert one.keys() == two.keys()
    for name, array in one.items():
        np.testing.assert_array_equal(array, two[name])


@pytest.mark.parametrize("relation", [0.0, 0.9])
def test_the_state_gives_the_same_correction(maker, relation: float):
    boosted = Boosted.fit([maker().example(0, relation)], seed=0)
    first, _ = maker().example(1, relation)
    loaded = Boosted.load(boosted.state())
    np.testing.assert_array_equal(loaded.estimate(first), boosted.estimate(first))


def test_a_model_without_any_correction_has_a_state_too(maker):
    first, truth = maker(steps=300).example(0)
    loaded = Boosted.load(Boosted.fit([(first, truth)], seed=0).state())
    np.testing.assert_array_equal(loaded.estimate(first), first.estimate)
