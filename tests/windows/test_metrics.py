import numpy as np

from latentfill.windows.metrics import masked_mse

ESTIMATE = np.array([[1.0, 2.0], [np.nan, 7.0]])
TRUTH = np.array([[2.0, 5.0], [1.0, np.nan]])


def test_errors_are_means_over_the_chosen_cells():
    cells = np.array([[True, True], [False, False]])
    assert masked_mse(ESTIMATE, TRUTH, cells) == 5.0  # (1 + 9) / 2


def test_without_cells_there_is_no_error_to_tell():
    assert np.isnan(masked_mse(ESTIMATE, TRUTH, np.zeros((2, 2), dtype=bool)))


def test_a_chosen_cell_that_is_missing_is_not_passed_over():
    assert np.isnan(masked_mse(ESTIMATE, TRUTH, np.ones((2, 2), dtype=bool)))
