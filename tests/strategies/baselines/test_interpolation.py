import numpy as np

from latentfill.strategies.baselines.interpolation import LastObserved, Linear, NextObserved, Spline

NAN = np.nan


def waves(n_steps: int, period: int = 24) -> np.ndarray:
    """Two columns with a daily cycle, (n_steps, 2)."""
    angle = 2 * np.pi * np.arange(n_steps) / period
    return np.stack([np.sin(angle), np.cos(angle) + 0.2 * np.sin(2 * angle)], axis=1)


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)[:, None]


def test_linear_draws_straight_lines():
    filled = Linear().fit(column(0, 1)).fill(column(NAN, 1, NAN, NAN, 4, NAN))
    np.testing.assert_allclose(filled, column(1, 1, 2, 3, 4, 4))


def test_locf_carries_the_last_value_forward_and_the_first_one_back():
    filled = LastObserved().fit(column(0, 1)).fill(column(NAN, 1, NAN, NAN, 4, NAN))
    np.testing.assert_array_equal(filled, column(1, 1, 1, 1, 4, 4))


def test_nocb_carries_the_next_value_back_and_the_last_one_forward():
    filled = NextObserved().fit(column(0, 1)).fill(column(NAN, 1, NAN, NAN, 4, NAN))
    np.testing.assert_array_equal(filled, column(1, 1, 4, 4, 4, 4))


def test_a_spline_follows_a_curve_and_holds_the_ends():
    truth = waves(48)
    gappy = truth.copy()
    gappy[20:24] = NAN
    gappy[:2] = gappy[46:] = NAN
    filled = Spline().fit(truth).fill(gappy)
    np.testing.assert_allclose(filled[20:24], truth[20:24], atol=0.03)
    np.testing.assert_allclose(filled[:2], truth[[2, 2]])
    np.testing.assert_allclose(filled[46:], truth[[45, 45]])


def test_a_spline_needs_four_cells():
    filled = Spline().fit(column(0, 1)).fill(column(1, NAN, 2, NAN, 9))
    np.testing.assert_allclose(filled, column(1, 1.5, 2, 5.5, 9))
