import numpy as np
import pytest

from latentfill.core.series import Series
from latentfill.windows.cycles import (
    CALENDAR,
    clock_features,
    find_cycles,
    find_period,
    moving_mean,
    shared_cycles,
    steps_per_cycle,
)

DAY, WEEK, YEAR = CALENDAR["day"], CALENDAR["week"], CALENDAR["year"]


def stamped(n_steps: int, unit: str, step: int = 1, start: str = "2020-01-01") -> Series:
    stamps = np.datetime64(start, unit) + step * np.arange(n_steps)
    return Series(np.zeros((n_steps, 1)), ("a",), stamps.astype("datetime64[ns]"), np.arange(n_steps))


def unstamped(values: np.ndarray) -> Series:
    return Series(values, ("a",), None, np.arange(len(values)))


def sine(n_steps: int, period: float, noise: float, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed).normal(size=n_steps)
    return (np.sin(2 * np.pi * np.arange(n_steps) / period) + noise * random)[:, None]


# --- with time stamps ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("series", "cycles"),
    [
        (stamped(24 * 100, "h"), (DAY, WEEK)),
        (stamped(24 * 366 * 4, "h"), (DAY, WEEK, YEAR)),
        (stamped(24 * 10, "h"), (DAY,)),  # under three weeks
        (stamped(24 * 2, "h"), ()),  # under three days
        (stamped(100, "D"), (WEEK,)),  # one step per day cannot show a cycle of a day
        (stamped(366 * 4, "D"), (WEEK, YEAR)),
        (stamped(48, "M"), (YEAR,)),
        (stamped(24, "M"), ()),  # two years
        (stamped(30, "Y"), ()),
        (stamped(1, "h"), ()),
        (stamped(4 * 24 * 10, "m", step=15), (DAY,)),
    ],
)
def test_time_stamps_show_cycles_that_repeat_and_have_enough_steps(series, cycles):
    assert find_cycles(series) == cycles


def test_a_few_missing_time_stamps_do_not_change_the_cycles():
    whole = stamped(24 * 100, "h")
    kept = np.delete(np.arange(24 * 100), [5, 6, 700])
    assert whole.time is not None
    assert find_cycles(Series(whole.values[kept], ("a",), whole.time[kept], kept)) == (DAY, WEEK)


def test_clock_features_give_the_time_of_day():
    features = clock_features(stamped(24, "h"), (DAY,))
    assert features.shape == (24, 2)
    # midnight, 6, 12 and 18 o'clock on the circle
    np.testing.assert_allclose(features[[0, 6, 12, 18]], [[0, 1], [1, 0], [0, -1], [-1, 0]], atol=1e-9)


def test_two_series_have_equal_clock_features_at_the_same_time():
    first, later = stamped(48, "h"), stamped(24, "h", start="2020-01-02")
    np.testing.assert_allclose(clock_features(first, (DAY, WEEK))[24:], clock_features(later, (DAY, WEEK)), atol=1e-9)


def test_the_sines_come_before_the_cosines():
    features = clock_features(unstamped(np.zeros((5, 1))), (4.0, 8.0))
    # step 2 is half of a cycle of 4 and a quarter of a cycle of 8
    np.testing.assert_allclose(features[2], [0, 1, -1, 0], atol=1e-12)


def test_without_cycles_there_are_no_features():
    assert clock_features(stamped(10, "h"), ()).shape == (10, 0)


# --- without time stamps -------------------------------------------------------------------------


@pytest.mark.parametrize("n_steps", [200, 500, 2000])
@pytest.mark.parametrize("noise", [0.0, 0.1, 0.3])
def test_the_period_of_a_sine_is_found_and_not_a_multiple_of_it(n_steps, noise):
    assert find_period(sine(n_steps, 24, noise)) == pytest.approx(24, abs=1)


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.3])
def test_noise_on_a_long_cycle_is_not_taken_for_a_short_cycle(noise):
    assert find_period(sine(2000, 500, noise)) == pytest.approx(500, abs=15)


def test_the_cycle_of_a_series_without_time_stamps_is_in_steps():
    (cycle,) = find_cycles(unstamped(sine(500, 24, 0.1)))
    assert cycle == pytest.approx(24, abs=1)


def test_gaps_do_not_hide_the_period():
    values = sine(500, 24, 0.1)
    values[np.random.default_rng(1).random(500) < 0.2] = np.nan
    values[200:230] = np.nan
    assert find_period(values) == pytest.approx(24, abs=1)


@pytest.mark.parametrize("seed", range(10))
def test_white_noise_has_no_period(seed):
    noise = np.random.default_rng(seed).normal(size=(500, 2))
    assert find_period(noise) is None
    assert find_cycles(unstamped(noise)) == ()


@pytest.mark.parametrize(
    "values",
    [
        np.arange(500.0)[:, None],  # a trend
        np.full((500, 1), 7.0),
        np.full((500, 2), np.nan),
        sine(12, 4, 0.0),  # too short
    ],
)
def test_values_that_do_not_repeat_have_no_period(values):
    assert find_period(values) is None


def test_an_empty_column_does_not_hide_the_period_of_another_column():
    values = np.concatenate([sine(500, 24, 0.1), np.full((500, 1), np.nan)], axis=1)
    assert find_period(values) == pytest.approx(24, abs=1)


@pytest.mark.parametrize("constant", [7.0, 0.1, -0.123])
def test_a_constant_column_does_not_change_the_period(constant: float):
    varying = sine(500, 24, 0.3)
    assert find_period(np.concatenate([varying, np.full((500, 1), constant)], axis=1)) == find_period(varying)


def test_the_moving_mean_is_over_fewer_steps_near_the_ends():
    values = np.array([[[1.0], [2.0], [6.0], [3.0]]])
    # the mean of the step before, the step itself and the step after, without steps outside the series
    np.testing.assert_allclose(moving_mean(values, 3)[0, :, 0], [1.5, 3.0, 11 / 3, 4.5])


# --- of many series ------------------------------------------------------------------------------


def test_a_cycle_that_all_series_together_cover_often_enough_is_shared():
    two_days = [stamped(48, "h", start=f"2020-01-{day:02}") for day in (1, 5, 9)]
    assert find_cycles(two_days[0]) == ()
    assert shared_cycles(two_days) == (DAY,)
    assert shared_cycles([stamped(20, "h")] * 9) == ()  # none of them covers a day


def test_without_time_stamps_most_series_must_have_the_same_period():
    daily = [unstamped(sine(240, 24, 0.3, seed)) for seed in range(3)]
    noise = [unstamped(sine(240, 24, 1e6, seed)) for seed in range(3)]
    assert shared_cycles([*daily, *noise[:2]]) == (24.0,)
    assert shared_cycles([*daily, *noise]) == ()


def test_a_step_of_a_whole_cycle_has_no_period():
    days = stamped(40, "D")
    assert steps_per_cycle(clock_features(days, (DAY,))) is None
    assert steps_per_cycle(clock_features(stamped(40, "h"), (DAY,))) == 24
