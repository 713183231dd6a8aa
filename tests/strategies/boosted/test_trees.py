from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

from latentfill.strategies.boosted.trees import Trees


def features(missing: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3000, 5)).astype(np.float32)
    x[:, 3] = rng.integers(0, 4, len(x))
    return np.where(rng.random(x.shape) < missing, np.float32(np.nan), x)


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_trees_predict_as_scikit_learn_does(missing: float):
    x = features(missing)
    present = np.isnan(x[:, 1])  # so that trees split by whether a feature is missing
    y = np.nan_to_num(x[:, 0]) ** 2 + np.nan_to_num(x[:, 3]) + 3 * present
    model = HistGradientBoostingRegressor(max_iter=30, max_leaf_nodes=15, early_stopping=False).fit(x[:2000], y[:2000])
    trees = Trees.of([predictors[0].nodes for predictors in model._predictors], x.shape[1])
    expected = model.predict(x)
    predicted = trees.leaves(x).sum(axis=1)
    np.testing.assert_allclose(predicted - predicted[0], expected - expected[0], atol=1e-10)


def test_a_value_on_a_threshold_goes_left_and_the_next_one_right():
    low = np.float32(1.0)
    high = np.nextafter(low, np.float32(2.0))  # their mean lies between two float32 numbers
    x = np.repeat(np.array([low, high], dtype=np.float32), 50)[:, None]
    model = HistGradientBoostingRegressor(max_iter=1, min_samples_leaf=5, early_stopping=False).fit(x, x[:, 0] > low)
    trees = Trees.of([predictors[0].nodes for predictors in model._predictors], 1)
    left, right = trees.leaves(np.array([[low], [high]], dtype=np.float32))[:, 0]
    assert left < right


def test_joined_trees_are_those_of_the_models_one_after_the_other():
    x = features(0.2)
    models = []
    for column in (0, 1):
        y = np.nan_to_num(x[:, column])
        model = HistGradientBoostingRegressor(max_iter=4, early_stopping=False).fit(x, y)
        models.append(Trees.of([predictors[0].nodes for predictors in model._predictors], x.shape[1]))
    joined = Trees.load(Trees.joined(models).state())
    np.testing.assert_array_equal(joined.leaves(x)[:, :4], models[0].leaves(x))
    np.testing.assert_array_equal(joined.part(4, 8).leaves(x), models[1].leaves(x))
    again = Trees.joined([joined.part(0, 4), joined.part(4, 8)]).state()
    for name, array in joined.state().items():
        np.testing.assert_array_equal(again[name], array)
