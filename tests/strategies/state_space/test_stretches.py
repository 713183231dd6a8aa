"""Stretches: they cover a series, and their parts join to the whole."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.strategies.state_space.autoregression import Autoregression
from latentfill.strategies.state_space.smoothing import smooth
from latentfill.strategies.state_space.stretches import LENGTH, OVERLAP, Stretches, lengthened

STEPS = (1, 2, 13, 999, 1000, 1001, 1500, 3333)


@pytest.mark.parametrize("n_steps", STEPS)
def test_what_is_cut_joins_to_the_whole(n_steps: int):
    series = np.random.default_rng(0).normal(size=(2, n_steps, 3))
    stretches = Stretches.of(n_steps)
    cut = stretches.cut(series)
    assert cut.shape == (2, len(stretches.starts), stretches.length, 3)
    assert stretches.length <= LENGTH
    np.testing.assert_array_equal(stretches.join(cut), series)


@pytest.mark.parametrize("n_steps", STEPS)
def test_no_step_is_taken_from_near_an_inner_end_of_a_stretch(n_steps: int):
    stretches, step = Stretches.of(n_steps), np.arange(n_steps)
    inside = step - stretches.starts[stretches.owner]
    assert (np.minimum(inside, step) >= np.minimum(OVERLAP, step)).all()
    left = n_steps - 1 - step
    assert (np.minimum(stretches.length - 1 - inside, left) >= np.minimum(OVERLAP - 1, left)).all()


def test_stretches_are_smoothed_as_the_whole():
    values = np.cumsum(np.random.default_rng(1).normal(size=(1, 1, 2500, 1)), axis=2) / 10
    values[0, 0, 400:430] = np.nan
    model = Autoregression(np.full((1, 1, 1, 1), 0.95), np.full((1, 1, 1), 0.1), np.full((1, 1), 0.05))
    stretches = Stretches.of(2500)
    joined = stretches.join(smooth(model, stretches.cut(values[:, 0]), None).mean)
    np.testing.assert_allclose(joined[0], smooth(model, values, None).mean[0, 0], atol=1e-6)


def test_a_short_series_is_lengthened_by_missing_steps():
    long = lengthened(np.ones((2, 3, 1)), 5)
    np.testing.assert_array_equal(long[1, :, 0], [1, 1, 1, np.nan, np.nan])
    np.testing.assert_array_equal(lengthened(np.ones((2, 3, 1)), 2), np.ones((2, 3, 1)))
