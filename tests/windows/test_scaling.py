import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from latentfill.core.errors import InputError
from latentfill.windows.scaling import ColumnScaler

NAN = np.nan
tables = arrays(float, st.tuples(st.integers(1, 10), st.integers(1, 3)), elements=st.floats(-1e9, 1e9) | st.just(NAN))


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)[:, None]


def test_standard_scaling_uses_mean_and_population_deviation_of_the_observed_cells():
    # 1, 3, 8: mean 4, squares 9 + 1 + 16 = 26, so the deviation is sqrt(26 / 3), as StandardScaler computes it
    scaler = ColumnScaler.fit(column(1, NAN, 3, 8))
    assert scaler.shift.tolist() == [4.0]
    assert scaler.scale[0] == pytest.approx(np.sqrt(26 / 3), rel=1e-15)
    assert (scaler.low.tolist(), scaler.high.tolist()) == ([1.0], [8.0])
    np.testing.assert_allclose(scaler.apply(column(4, 1, NAN))[:, 0], [0, -3 / np.sqrt(26 / 3), NAN])


def test_minmax_scaling_maps_the_observed_range_to_zero_and_one():
    scaler = ColumnScaler.fit(column(2, 10, NAN, 4), "minmax")
    np.testing.assert_array_equal(scaler.apply(column(2, 10, NAN, 4))[:, 0], [0, 1, NAN, 0.25])
    assert scaler.apply(column(12)).tolist() == [[1.25]]  # later values may lie outside


@pytest.mark.parametrize("method", ["standard", "minmax"])
@pytest.mark.parametrize("constant", [0.0, 0.1, -7.0, 1e12])
def test_a_constant_column_is_scaled_to_zero_and_back(method, constant):
    values = column(constant, NAN, constant, constant)
    scaler = ColumnScaler.fit(values, method)
    assert scaler.scale.tolist() == [1.0]
    np.testing.assert_array_equal(scaler.apply(values), column(0, NAN, 0, 0))
    np.testing.assert_array_equal(scaler.invert(scaler.apply(values)), values)


@pytest.mark.parametrize("method", ["standard", "minmax"])
def test_a_column_without_a_value_is_not_scaled(method):
    scaler = ColumnScaler.fit(np.array([[NAN, 1.0], [NAN, 3.0]]), method)
    assert (scaler.shift[0], scaler.scale[0]) == (0.0, 1.0)
    assert np.isnan([scaler.low[0], scaler.high[0]]).all()
    # values may appear later, in rows that the scaler was not fitted to
    assert scaler.invert(scaler.apply(np.array([[5.0, 2.0]]))).tolist() == [[5.0, 2.0]]


def test_a_huge_offset_costs_no_digits():
    # 0, 1, 2 on top of 1e9: deviation sqrt(2 / 3); a sum of squares of 1e18 would have lost it
    scaler = ColumnScaler.fit(column(1e9, 1e9 + 1, 1e9 + 2))
    assert scaler.shift.tolist() == [1e9 + 1]
    assert scaler.scale[0] == pytest.approx(np.sqrt(2 / 3), rel=1e-12)


def test_each_column_has_its_own_scaling():
    scaler = ColumnScaler.fit(np.array([[0.0, 100.0], [2.0, 300.0]]))
    assert scaler.apply(np.array([[0.0, 100.0], [2.0, 300.0]])).tolist() == [[-1, -1], [1, 1]]


def test_windows_are_scaled_by_their_last_axis():
    scaler = ColumnScaler.fit(np.array([[0.0, 10.0], [2.0, 30.0]]))
    windows = np.array([[[1.0, 20.0]], [[2.0, 30.0]]])
    assert scaler.apply(windows).tolist() == [[[0, 0]], [[1, 1]]]


@settings(deadline=None)
@given(values=tables, method=st.sampled_from(["standard", "minmax"]))
def test_invert_is_the_inverse_of_apply(values, method):
    scaler = ColumnScaler.fit(values, method)
    back = scaler.invert(scaler.apply(values))
    np.testing.assert_allclose(back, values, rtol=1e-9, atol=1e-9 * max(1.0, np.nanmax(np.abs([0, *values.flat]))))


@settings(deadline=None)
@given(values=tables, method=st.sampled_from(["standard", "minmax"]))
def test_a_scaler_is_exactly_the_same_after_writing_and_reading_json(values, method):
    scaler = ColumnScaler.fit(values, method)
    back = ColumnScaler.from_dict(json.loads(json.dumps(scaler.to_dict(), allow_nan=False)))
    for name in ("shift", "scale", "low", "high"):
        assert getattr(back, name).dtype == float
        np.testing.assert_array_equal(getattr(back, name), getattr(scaler, name))


def test_an_unknown_method_is_refused():
    with pytest.raises(InputError, match=r"'standard' or 'minmax'.*'robust'"):
        ColumnScaler.fit(column(1.0), "robust")


@pytest.mark.parametrize("unit", [1e-300, 1e300])
def test_tiny_and_huge_values_are_scaled_like_any_others(unit):
    values = np.array([[1.0], [2.0], [4.0]])
    scaled = ColumnScaler.fit(values * unit).apply(values * unit)
    np.testing.assert_allclose(scaled, ColumnScaler.fit(values).apply(values))


def test_values_far_outside_the_fitted_range_stay_finite():
    scaler = ColumnScaler.fit(np.array([[0.0], [1e-300]]))
    scaled = scaler.apply(np.array([[1e300], [-1e300], [np.nan]]))
    np.testing.assert_array_equal(scaled, [[1e300], [-1e300], [np.nan]])


def test_columns_that_are_constant_in_a_scaler_get_the_scaling_of_the_other():
    values = np.array([[1.0, 5.0, np.nan], [3.0, 5.0, np.nan], [9.0, 7.0, 100.0], [9.0, 9.0, 300.0]])
    train, whole = ColumnScaler.fit(values[:2]), ColumnScaler.fit(values)
    scaler = train.where_flat(whole)
    np.testing.assert_array_equal(scaler.shift, [2.0, 6.5, 200.0])
    np.testing.assert_allclose(scaler.scale, [1.0, np.std([5, 5, 7, 9]), 100.0])
    np.testing.assert_array_equal(scaler.high, [9.0, 9.0, 300.0])


def test_cells_are_turned_back_by_the_scale_of_their_own_column():
    scaler = ColumnScaler.fit(np.array([[1.0, -50.0], [3.0, 150.0]]))
    assert scaler.invert_at(np.array([1.0, 1.0, -2.0]), np.array([0, 1, 1])).tolist() == [3.0, 150.0, -150.0]
    assert np.isinf(replace(scaler, scale=np.full(2, 1e308)).invert_at(np.array([1e10]), np.array([0])))


def test_a_scaler_that_was_written_as_lists_is_the_same():
    scaler = ColumnScaler.fit(np.array([[1.0, np.nan], [4.0, np.nan]]))
    again = ColumnScaler.from_dict(scaler.to_dict())
    for name in ("shift", "scale", "low", "high"):
        assert getattr(again, name).dtype == np.float64
        np.testing.assert_array_equal(getattr(again, name), getattr(scaler, name))


def test_a_flat_column_takes_scale_and_range_from_the_other_scaler():
    flat = ColumnScaler.fit(np.array([[2.0, 1.0], [2.0, 9.0]]))
    whole = ColumnScaler.fit(np.array([[-4.0, 3.0], [8.0, 5.0]]))
    joined = flat.where_flat(whole)
    assert (joined.shift.tolist(), joined.scale.tolist()) == ([2.0, 5.0], [6.0, 4.0])
    assert (joined.low.tolist(), joined.high.tolist()) == ([-4.0, 1.0], [8.0, 9.0])
