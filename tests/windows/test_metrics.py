import numpy as np

from latentfill.windows.metrics import masked_mse

ESTIMATE = np.array([[1.0, 2.0], [np.nan, 7.0]])
TRUTH = np.array([[2.0, 5.0], [1.0, np.nan]])


def test_the_error_is_the_mean_over_the_selected_cells():
    cells = np.array([[True, True], [False, False]])
    assert masked_mse(ESTIMATE, TRUTH, cells) == 5.0  # (1 + 9) / 2


def test_without_cells_the_error_is_nan():
    assert np.isnan(masked_mse(ESTIMATE, TRUTH, np.zeros((2, 2), dtype=bool)))


def test_a_selected_cell_without_an_estimate_makes_the_error_nan():
    assert np.isnan(masked_mse(ESTIMATE, TRUTH, np.ones((2, 2), dtype=bool)))
