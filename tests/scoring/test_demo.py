"""The errors that the demo shows."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.scoring.demo import compare
from latentfill.scoring.demo_table import make_sample
from latentfill.windows.gaps import interpolate


def test_errors_are_by_gap_length_and_over_all_hidden_cells():
    sample = make_sample(seed=3, days=21)
    exact = compare(sample, sample.truth)
    assert [error.group for error in exact][-1] == "all"
    assert exact[-1].cells == sample.missing.sum() == sum(error.cells for error in exact[:-1])
    assert all(error.mse == 0 < error.linear_mse for error in exact)
    line = compare(sample, interpolate(sample.values))
    assert [error.mse for error in line] == pytest.approx([error.linear_mse for error in line])
    assert np.isfinite(line[-1].mse)
