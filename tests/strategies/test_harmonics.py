import numpy as np

from latentfill.strategies.harmonics import HARMONICS, harmonics


def test_harmonics_belong_to_the_shortest_cycle():
    step = np.arange(48.0)[:, None]
    day, week = 2 * np.pi * step / 24, 2 * np.pi * step / 168
    both = np.concatenate([np.sin(day), np.sin(week), np.cos(day), np.cos(week)], axis=1)
    k = np.arange(1, HARMONICS + 1)
    np.testing.assert_allclose(harmonics(both), np.concatenate([np.sin(k * day), np.cos(k * day)], axis=1), atol=1e-12)


def test_a_series_without_cycles_has_no_harmonics():
    assert harmonics(np.zeros((5, 0))).shape == (5, 0)
