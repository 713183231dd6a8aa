from __future__ import annotations

import numpy as np
import pytest

from latentfill.scoring.coverage import Coverage


def test_the_likely_range_is_that_of_wilson():
    low, high = Coverage(0.85, 0.9, 20).likely
    assert (round(low, 3), round(high, 3)) == (0.640, 0.948)


@pytest.mark.parametrize(
    ("measured", "gaps", "fault"),
    [
        (0.62, 40, "too low"),
        (0.62, 5, ""),  # may be chance
        (0.89, 100_000, ""),  # sure, but too small to matter
        (0.999, 500, "too high"),
        (1.0, 20, ""),  # as likely as 0.9 to the power of 20
    ],
)
def test_coverage_is_off_if_it_is_sure_and_matters(measured: float, gaps: int, fault: str):
    assert Coverage(measured, 0.9, gaps).fault == fault


@pytest.mark.parametrize("nominal", [0.8, 0.9, 0.95])
def test_right_intervals_are_rarely_called_off(nominal: float):
    rng = np.random.default_rng(0)
    for gaps in (10, 30, 100):
        measured = rng.binomial(gaps, nominal, size=2000) / gaps
        share = np.mean([Coverage(each, nominal, gaps).fault != "" for each in measured])
        assert share < 0.025
