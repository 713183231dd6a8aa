"""The likely size of errors, from features of the cells."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.error_sample import ErrorSample, features_at
from latentfill.imputation.validation.error_size import SizeModel
from latentfill.scoring.demo_table import make_sample
from latentfill.strategies.candidates import Estimates


def test_the_size_of_errors_is_learnt():
    """Sizes grow e-fold with the feature, and double from column to column."""
    rng = np.random.default_rng(0)
    feature, column = rng.normal(size=(5000, 1)), rng.integers(3, size=5000)
    zeros = np.zeros(5000, dtype=int)
    cells = Cells(shape=(5000, 3), step=zeros, column=column, kind=zeros, gap=zeros, hiding_round=zeros)
    error = rng.normal(size=5000) * np.exp(feature[:, 0]) * 2.0**column
    model = SizeModel.fit(ErrorSample(cells, error, feature))
    size = model.size(np.array([[0.0], [1.0], [0.0]]), np.array([0, 0, 1]))
    assert size[1] / size[0] == pytest.approx(np.e, rel=0.15)
    assert size[2] / size[0] == pytest.approx(2, rel=0.15)


def test_features_are_finite_for_every_hidden_cell():
    sample = make_sample(seed=3, days=21)
    missing = np.isnan(sample.values)
    estimates = np.full((2, *missing.shape), np.nan)
    cells = Cells.at(missing, sample.values)
    unknown = Estimates(estimates, np.full(missing.shape, np.nan), np.zeros(missing.shape))
    features = features_at(cells, sample.values, unknown)
    assert np.isfinite(features).all()
    assert len(features) == missing.sum()
