from __future__ import annotations

import numpy as np

from latentfill.strategies.boosted.shrinkage import Shrinkage

M = 4000
RNG = np.random.default_rng(0)
CORRECTION = RNG.normal(size=M)
SPREAD = RNG.uniform(0.1, 1.0, size=M)
TIME = np.linspace(0, 1, M)


def test_a_correction_twice_too_large_is_halved():
    error = 0.5 * CORRECTION + 0.1 * RNG.normal(size=M)
    factors = Shrinkage.fit(CORRECTION, error, SPREAD, TIME).factors
    np.testing.assert_allclose(factors, 0.47, atol=0.03)  # half, less a standard error


def test_a_correction_in_the_wrong_direction_is_dropped():
    assert not Shrinkage.fit(CORRECTION, -CORRECTION, SPREAD, TIME).factors.any()


def test_each_size_of_the_spread_has_its_own_factor():
    error = np.where(SPREAD < 0.55, CORRECTION, -CORRECTION)
    shrinkage = Shrinkage.fit(CORRECTION, error, SPREAD, TIME)
    small, large = shrinkage.factor(np.array([0.1, 1.0]))
    assert small > 0.9
    assert large == 0


def test_no_correction_at_all_is_shrunk_to_nothing():
    assert not Shrinkage.fit(np.zeros(M), CORRECTION, SPREAD, TIME).factors.any()
