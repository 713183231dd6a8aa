"""Uneven time stamps as steps."""

from __future__ import annotations

import numpy as np

from latentfill.tables.time.uneven import MOST_STEPS, UnevenSteps


def at(*minutes: float) -> UnevenSteps:
    start = np.datetime64("2023-03-01", "ns")
    return UnevenSteps.of(start + np.round(np.array(minutes) * 60).astype("timedelta64[s]"))


def test_rows_further_apart_have_empty_steps_between_them():
    steps = at(0, 10, 20, 50, 60)
    assert steps.step.tolist() == [0, 1, 2, 5, 6]
    assert steps.position.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert steps.spacing == np.timedelta64(10, "m")


def test_every_row_has_a_step_of_its_own_and_its_true_time():
    steps = at(0, 0.5, 1, 11, 21, 31)
    assert steps.step.tolist() == [0, 1, 2, 3, 4, 5]
    np.testing.assert_allclose(steps.position, [0, 0.05, 0.1, 1.1, 2.1, 3.1])


def test_jitter_around_a_regular_step_adds_no_step():
    rng = np.random.default_rng(0)
    steps = at(*(np.arange(200) * 60 + rng.uniform(-2, 2, 200)))
    assert steps.step.tolist() == list(range(200))


def test_long_pauses_have_few_steps():
    steps = at(0, 10, 20, 100_000, 100_010, 100_020)
    assert steps.step.tolist() == [0, 1, 2, 2 + MOST_STEPS, 3 + MOST_STEPS, 4 + MOST_STEPS]
    assert steps.position[-1] == 10_002
    assert (np.diff(steps.position) > 0).all()


def test_steps_may_be_rows_only():
    start = np.datetime64("2023-03-01", "ns")
    steps = UnevenSteps.of(start + np.array([0, 1, 2, 9]) * np.timedelta64(1, "h"), only_rows=True)
    assert steps.step.tolist() == [0, 1, 2, 3]
    assert steps.position.tolist() == [0, 1, 2, 9]
