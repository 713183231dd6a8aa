"""One model for many series, or one for each."""

import numpy as np
import pytest

from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.series import Series
from latentfill.imputation.model_choice import choose_model


def series_of(values):
    return Series(np.asarray(values, dtype=float), ("a",), None, np.arange(len(values)))


def oscillations(period, n_steps, seed, missing=0.3):
    rng = np.random.default_rng(seed)
    values = np.sin(2 * np.pi * np.arange(n_steps) / period + rng.uniform(0, 6)) + 0.1 * rng.normal(size=n_steps)
    values[rng.random(n_steps) < missing] = np.nan
    return series_of(values[:, None])


@pytest.mark.parametrize("model", ["own", "shared"])
def test_a_named_model_is_used_without_a_trial(model):
    choice = choose_model([oscillations(9, 60, 0), oscillations(9, 60, 1)], Config(model=model))
    assert choice.shared == (model == "shared")
    assert choice.own_error is None
    assert "2 series" in choice.note(2) or "of its own" in choice.note(2)


def test_short_series_that_are_alike_share_a_model():
    choice = choose_model([oscillations(9, 50, seed) for seed in range(30)], Config(effort="quick"))
    assert choice.shared
    assert choice.shared_error < choice.own_error
    assert f"{choice.shared_error:.2f} x" in choice.note(30)


def test_long_series_that_differ_have_a_model_each():
    series = [oscillations(period, 1500, seed=0) for period in (6.3, 17.7, 41.1)]
    choice = choose_model(series, Config(effort="quick"))
    assert not choice.shared
    assert choice.own_error < choice.shared_error


def test_with_too_few_cells_to_hide_the_model_is_shared():
    assert choose_model([oscillations(9, 20, seed) for seed in range(3)], Config()).shared


def test_one_series_has_its_own_model():
    assert not choose_model([oscillations(9, 60, 0)], Config()).shared


def test_stored_embeddings_belong_to_one_series():
    series = [oscillations(9, 60, seed) for seed in range(3)]
    with pytest.raises(InputError, match="belong to one series"):
        choose_model(series, Config(model="shared", embeddings="bank.h5"))
    assert not choose_model(series, Config(embeddings="bank.h5")).shared


def test_an_unknown_model_is_refused():
    with pytest.raises(InputError, match="model must be one of auto, own, shared"):
        Config(model="pooled")
