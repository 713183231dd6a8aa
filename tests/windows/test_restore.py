"""Observed cells in a result."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from latentfill.windows.restore import restore_observed


@settings(deadline=None)
@given(
    values=arrays(float, (6, 2), elements=st.floats(width=64)),
    estimate=arrays(float, (6, 2), elements=st.floats(-1, 1)),
)
def test_observed_cells_stay_bit_for_bit_and_gaps_get_the_estimate(values, estimate):
    filled, missing = restore_observed(estimate, values), np.isnan(values)
    assert filled[~missing].tobytes() == values[~missing].tobytes()
    assert filled[missing].tobytes() == estimate[missing].tobytes()
