import numpy as np
import pytest

from latentfill.strategies.baselines.averages import Mean, Median

NAN = np.nan


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)[:, None]


def test_mean_and_median_are_computed_from_the_window():
    gappy, train = column(1, NAN, 2, 9), column(50, 60)
    assert Mean().fit(train).fill(gappy)[1, 0] == pytest.approx(4)
    assert Median().fit(train).fill(gappy)[1, 0] == pytest.approx(2)
