"""`latentfill.Imputer` as scikit-learn's users know estimators."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError as SklearnNotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

import latentfill
from latentfill import Config, Imputer
from latentfill.core.errors import InputError, NotFittedError
from latentfill.core.settings_base import all_declared
from latentfill.tables.options import TableOptions

FAST = {"strategy": "linear"}
NAMES = [each.name for record in (TableOptions, Config) for each in all_declared(record)]
DIFFERENT = {
    "check_methods_subset_invariance": "rows of a series depend on each other, and one row is no series",
    "check_do_not_raise_errors_in_init_or_set_params": "wrong settings are refused at once, all in one message",
}


@parametrize_with_checks([Imputer(**FAST)], expected_failed_checks=lambda estimator: DIFFERENT)
@pytest.mark.filterwarnings("ignore:InputError occurred during set_params:UserWarning")
def test_scikit_learn_takes_it_for_one_of_its_own(estimator: BaseEstimator, check):
    check(estimator)


@pytest.fixture
def frame() -> pd.DataFrame:
    """Ten days of two columns without a time column, with gaps, below an index of hours."""
    hours = np.arange(240)
    rng = np.random.default_rng(0)
    values = np.sin(hours[:, None] * 2 * np.pi / 24 + [0, 1]) + 0.05 * rng.normal(size=(240, 2))
    values[rng.random(values.shape) < 0.1] = np.nan
    return pd.DataFrame(values, pd.date_range("2024-01-01", periods=240, freq="h"), ["a", "b"])


@pytest.mark.parametrize(
    "given",
    [
        {"length": 12, "missing": [-200, -9999]},
        {"decoder": {"steps": 5}, "groups": "site"},
        {"config": Config(length=48, seed=3), "time": []},
        {"embeddings": np.zeros((4, 2)), "starts": np.arange(4)},
    ],
    ids=lambda given: " ".join(given),
)
def test_a_clone_has_the_same_settings_and_no_model(given: dict[str, object]):
    imputer = Imputer(**given)
    copy = clone(imputer)
    assert copy.config == imputer.config
    assert copy.options == imputer.options
    assert str(copy.get_params()) == str(imputer.get_params())
    assert set(NAMES) <= set(copy.get_params())


def test_every_setting_can_be_set_to_the_value_that_it_has():
    imputer = Imputer()
    for name, value in imputer.get_params().items():
        assert imputer.set_params(**{name: value}).get_params()[name] is value
    assert imputer.config == Config()
    assert imputer.options == TableOptions()


def test_a_setting_that_follows_from_another_still_does_so_after_a_change():
    imputer = clone(Imputer(length=48)).set_params(length=12)
    assert (imputer.get_params()["length"], imputer.get_params()["stride"]) == (12, 3)


def test_a_refused_change_leaves_all_settings_as_they_were():
    imputer = Imputer(length=48)
    with pytest.raises(InputError, match="length must be from 2"):
        imputer.set_params(seed=4, length=1)
    assert (imputer.config.seed, imputer.config.windows.length) == (0, 48)


def test_the_frame_stays_a_frame_in_a_pipeline(frame: pd.DataFrame):
    filled = make_pipeline(Imputer(**FAST)).fit_transform(frame)
    pd.testing.assert_frame_equal(filled, frame.interpolate(limit_direction="both"), check_freq=False)


def test_a_regression_learns_from_filled_columns(frame: pd.DataFrame):
    complete = frame.interpolate(limit_direction="both")
    target = complete["a"] + 2 * complete["b"]
    model = make_pipeline(Imputer(**FAST), LinearRegression()).fit(frame, target)
    np.testing.assert_allclose(model.predict(frame), target, atol=1e-8)


def test_some_columns_are_filled_and_others_pass_through(frame: pd.DataFrame):
    columns = ColumnTransformer([("fill", Imputer(**FAST), ["a"])], remainder="passthrough")
    filled = columns.set_output(transform="pandas").fit_transform(frame)
    assert list(filled.columns) == ["fill__a", "remainder__b"]
    assert not filled["fill__a"].isna().any()
    np.testing.assert_array_equal(filled["remainder__b"], frame["b"])


def test_the_strategy_with_the_least_error_on_hidden_cells_is_found(frame: pd.DataFrame):
    grid = {"strategy": ["mean", "linear"], "candidates": [()]}
    search = GridSearchCV(Imputer(), grid, cv=KFold(3), error_score="raise").fit(frame)
    assert search.best_params_["strategy"] == "linear"
    assert search.best_score_ < 0
    assert not search.best_estimator_.transform(frame).isna().any().any()


def test_the_score_of_lines_is_0_and_of_noise_the_variance_of_what_interpolation_misses():
    """Between two independent neighbours, the mean of which has half the variance, a cell is off by 1 + 1/2."""
    rng = np.random.default_rng(1)
    missing = rng.random((2000, 2)) < 0.02
    line = np.where(missing, np.nan, np.arange(2000)[:, None] * [0.7, -0.3])
    noise = np.where(missing, np.nan, rng.normal(size=(2000, 2)))
    assert Imputer(**FAST).fit(line).score(line) == pytest.approx(0, abs=1e-9)
    assert Imputer(**FAST).fit(noise).score(noise) == pytest.approx(-1.5, abs=0.3)


def test_an_array_gives_an_array_with_the_same_observed_cells(frame: pd.DataFrame):
    values = frame.to_numpy()
    imputer = Imputer(**FAST)
    filled = imputer.fit_transform(values)
    np.testing.assert_array_equal(filled[~np.isnan(values)], values[~np.isnan(values)])
    np.testing.assert_allclose(filled, frame.reset_index(drop=True).interpolate(limit_direction="both"))
    np.testing.assert_array_equal(imputer.transform(values), filled)
    assert imputer.n_features_in_ == 2
    assert list(imputer.get_feature_names_out()) == ["x0", "x1"]
    assert not hasattr(imputer, "feature_names_in_")


def test_names_of_columns_are_kept_and_those_of_bounds_added(frame: pd.DataFrame):
    imputer = Imputer(strategy="linear", intervals=0.9).fit(frame)
    assert list(imputer.feature_names_in_) == ["a", "b"]
    filled = imputer.set_output(transform="pandas").transform(frame)
    assert list(imputer.get_feature_names_out()) == list(filled.columns)
    assert list(filled.columns) == ["a", "b", "a_lower", "a_upper", "b_lower", "b_upper"]
    assert filled.index.equals(frame.index)


def test_the_output_can_be_a_frame_of_another_library(frame: pd.DataFrame):
    filled = Imputer(**FAST).set_output(transform="polars").fit_transform(frame.to_numpy())
    assert isinstance(filled, pl.DataFrame)
    assert filled.columns == ["x0", "x1"]


@pytest.mark.parametrize("call", ["transform", "fill", "score", "get_feature_names_out"])
def test_without_a_fit_scikit_learns_error_and_ours_are_raised(call: str, frame: pd.DataFrame):
    arguments = () if call == "get_feature_names_out" else (frame,)
    with pytest.raises(SklearnNotFittedError) as raised:
        getattr(Imputer(), call)(*arguments)
    assert isinstance(raised.value, NotFittedError)


@pytest.mark.parametrize("settings", [FAST, {"strategy": "kriging"}, {"causal": True}], ids=str)
def test_a_fitted_imputer_can_be_pickled(settings: dict[str, object], frame: pd.DataFrame, tmp_path: Path):
    imputer = Imputer(**settings).fit(frame)
    other = frame.iloc[:100]
    expected = imputer.transform(other)
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(imputer)).transform(other), expected)
    joblib.dump(imputer, tmp_path / "imputer")
    pd.testing.assert_frame_equal(joblib.load(tmp_path / "imputer").transform(other), expected)


def test_another_fit_with_other_settings_forgets_the_first_model(frame: pd.DataFrame):
    imputer = Imputer(causal=True).fit(frame)
    filled = imputer.set_params(causal=False, **FAST).fit_transform(frame)
    pd.testing.assert_frame_equal(filled, Imputer(**FAST).fit_transform(frame))


def test_a_model_from_a_folder_is_an_estimator_too(frame: pd.DataFrame, tmp_path: Path):
    fitted = Imputer(**FAST).fit(frame)
    fitted.save(tmp_path / "model")
    loaded = Imputer.load(tmp_path / "model")
    pd.testing.assert_frame_equal(make_pipeline(loaded).transform(frame), fitted.transform(frame))
    assert clone(loaded).config == loaded.config


def test_scikit_learn_is_imported_only_when_the_estimator_is_used():
    code = "import sys, latentfill; latentfill.impute; latentfill.InputError; print('sklearn' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
    assert latentfill.Imputer is Imputer
