"""NumPy arrays of many series."""

import logging

import numpy as np
import pytest

import latentfill
from latentfill.core.errors import InputError
from latentfill.imputation.imputer import Imputer
from latentfill.imputation.panels import Splits, impute_splits
from latentfill.windows.gaps import interpolate


@pytest.fixture
def panels():
    rng = np.random.default_rng(0)
    level = rng.normal(0, 3, (40, 1, 2))
    walk = np.cumsum(rng.normal(size=(40, 30, 1)), axis=1) + 0.2 * rng.normal(size=(40, 30, 2))
    return level + walk


@pytest.fixture
def gappy(panels):
    return np.where(np.random.default_rng(1).random(panels.shape) < 0.5, np.nan, panels)


@pytest.mark.parametrize("model", ["auto", "own", "shared"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_gap_is_filled_and_observed_cells_are_unchanged(gappy, model, dtype):
    given = gappy.astype(dtype)
    filled = latentfill.impute(given, model=model, effort="quick", seed=0)
    assert filled.dtype == dtype
    assert filled.shape == gappy.shape
    observed = ~np.isnan(given)
    assert (filled[observed] == given[observed]).all()
    assert not np.isnan(filled).any()
    assert np.isnan(given).any()  # the given array is not changed


def test_a_shared_model_is_better_than_linear_interpolation(panels, gappy):
    filled, hidden = latentfill.impute(gappy, model="shared", seed=0), np.isnan(gappy)
    errors = [np.nanmean((values - panels)[hidden] ** 2) for values in (filled, interpolate(gappy))]
    assert errors[0] < 0.85 * errors[1]


def test_one_series_is_an_array_of_steps_and_columns(gappy):
    filled = latentfill.impute(gappy[0], strategy="linear")
    assert np.allclose(filled, interpolate(gappy[0]))


def test_a_series_without_an_observed_cell_stays_empty(gappy, caplog):
    gappy[3] = np.nan
    with caplog.at_level(logging.WARNING):
        filled = latentfill.impute(gappy, model="shared", effort="quick")
    assert np.isnan(filled[3]).all()
    assert not np.isnan(np.delete(filled, 3, axis=0)).any()
    assert "1 of 40 series have no observed cell" in caplog.text


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(5),
        np.full((4, 1, 2), np.nan),
        np.zeros((2, 3, 4, 5)),
        np.array([["a"]]),
        np.empty((0, 3)),
        np.array([[1.0, np.inf], [1.0, 2.0]]),
    ],
)
def test_arrays_that_are_no_series_are_refused(array):
    with pytest.raises(InputError, match="of shape"):
        latentfill.impute(array)


def test_an_array_has_no_columns_to_name(gappy):
    with pytest.raises(InputError, match="no named columns"):
        latentfill.impute(gappy, by="station")


def test_an_array_without_an_observed_cell_is_refused():
    with pytest.raises(InputError, match="nothing to learn from"):
        latentfill.impute(np.full((3, 10, 2), np.nan))


def test_whole_numbers_have_no_gaps():
    assert latentfill.impute(np.arange(24).reshape(2, 6, 2), strategy="linear").dtype == int


def test_what_an_array_cannot_have_is_refused(gappy):
    for settings in ({"covariates": "other.csv"}, {"intervals": 0.9}, {"samples": 2}):
        with pytest.raises(InputError, match="without covariates"):
            latentfill.impute(gappy, **settings)
    with pytest.raises(InputError, match=r"from_records\(array\)"):
        latentfill.impute(np.zeros(5, dtype=[("a", float)]))
    with pytest.raises(InputError, match="masked array"):
        latentfill.impute(np.ma.masked_invalid(gappy))


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_a_matrix_is_refused():
    with pytest.raises(InputError, match=r"numpy.asarray\(matrix\)"):
        latentfill.impute(np.matrix([[1.0, 2.0], [3.0, 4.0]]))


def test_large_whole_numbers_and_byte_orders_are_kept(gappy):
    large = np.full((2, 4, 1), 2**53 + 1)
    assert (latentfill.impute(large) == large).all()
    swapped = gappy.astype(">f4")
    assert latentfill.impute(swapped, strategy="linear").dtype == swapped.dtype


def test_from_the_past_alone_no_later_cell_matters():
    walk = np.cumsum(np.random.default_rng(0).normal(size=(300, 2)), axis=0)
    walk[200:210] = np.nan
    later = walk.copy()
    later[210:] += 50
    filled = [latentfill.impute(array, causal=True, effort="quick") for array in (walk, later)]
    np.testing.assert_array_equal(filled[0][:210], filled[1][:210])


def test_whole_numbers_that_are_stored_as_floats_stay_whole():
    counts = np.random.default_rng(0).integers(0, 100, (200, 2)).astype(np.float32)
    counts[np.random.default_rng(1).random(counts.shape) < 0.2] = np.nan
    for given in (counts, counts.reshape(4, 50, 2)):
        filled = latentfill.impute(given, effort="quick")
        assert (filled == np.round(filled)).all()


def test_the_model_of_the_train_split_fills_all_and_learns_from_no_other(panels, gappy):
    """What is observed in the test split changes nothing in the validation split, and the other way round."""
    imputer = Imputer(model="shared", effort="quick")
    arrays = {"train": gappy[:20], "val": gappy[20:30], "test": gappy[30:]}
    filled = impute_splits(Splits(arrays), imputer)
    other = impute_splits(Splits(arrays | {"test": 3 * gappy[30:]}), imputer)
    np.testing.assert_array_equal(filled["val"], other["val"])
    np.testing.assert_array_equal(filled["train"], latentfill.impute(gappy[:20], model="shared", effort="quick"))
    for name, truth in (("train", panels[:20]), ("val", panels[20:30]), ("test", panels[30:])):
        observed = ~np.isnan(arrays[name])
        np.testing.assert_array_equal(filled[name][observed], truth[observed])
        assert not np.isnan(filled[name]).any()


def test_a_train_split_without_gaps_fills_the_others(panels, gappy):
    filled = impute_splits(Splits({"train": panels[:20], "test": gappy[20:]}), Imputer(model="shared", effort="quick"))
    np.testing.assert_array_equal(filled["train"], panels[:20])
    errors = [
        np.nanmean((a - panels[20:])[np.isnan(gappy[20:])] ** 2) for a in (filled["test"], interpolate(gappy)[20:])
    ]
    assert errors[0] < errors[1]


def test_splits_without_train_are_filled_by_themselves(gappy):
    filled = impute_splits(Splits({"val": gappy[:3], "test": gappy[3:6]}), Imputer(strategy="linear"))
    np.testing.assert_allclose(filled["test"], interpolate(gappy[3:6]))


def test_splits_of_other_columns_are_refused(gappy):
    with pytest.raises(InputError, match="different numbers of columns"):
        impute_splits(Splits({"train": gappy, "test": gappy[..., :1]}), Imputer())
