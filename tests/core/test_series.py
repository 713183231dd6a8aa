"""Series: observed cells, and the step of each row of the table."""

import numpy as np

from latentfill.core.series import Series


def test_a_series_knows_the_step_of_every_row_of_the_table():
    series = Series(np.array([[1.0], [np.nan], [3.0], [np.nan]]), ("a",), None, np.array([2, -1, 0, 1]))
    assert series.observed[:, 0].tolist() == [True, False, True, False]
    assert series.n_steps == 4
    assert series.step_of_row.tolist() == [2, 3, 0]
