import numpy as np
import pytest

from latentfill.strategies.baselines.interpolation import Linear
from latentfill.strategies.baselines.rows import ROW_FEATURES, Iterative, NearestRows, RowBaseline, rows_of

NAN = np.nan


@pytest.mark.parametrize("rows", [NearestRows, Iterative])
def test_hidden_cells_are_estimated_from_other_columns(rows: type[RowBaseline]):
    # the second column is twice the first, which has no pattern in time
    first = np.random.default_rng(2).normal(size=(800, 1))
    train, window = np.hstack([first, 2 * first])[:700], np.hstack([first, 2 * first])[700:]
    gappy = window.copy()
    gappy[5::10, 1] = NAN
    hidden = np.isnan(gappy)
    errors = [np.mean((kind().fit(train).fill(gappy) - window)[hidden] ** 2) for kind in (rows, Linear)]
    assert errors[0] < 0.5 * errors[1]


@pytest.mark.parametrize("rows", [NearestRows, Iterative])
def test_rows_have_a_limited_number_of_features(rows: type[RowBaseline]):
    few, many = (np.random.default_rng(4).normal(size=(40, columns)) for columns in (20, 130))
    assert 20 < rows().fit(few).rows_.shape[1] <= ROW_FEATURES
    assert rows().fit(many).rows_.shape[1] == 130


def test_a_row_holds_the_steps_around_its_own_and_nan_outside_the_window():
    rows = rows_of(np.array([[1.0], [2.0], [3.0]]), 1)
    np.testing.assert_array_equal(rows, [[NAN, 1, 2], [1, 2, 3], [2, 3, NAN]])
