"""Sums and means over periods, with intervals from samples."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import latentfill
from latentfill.core.errors import InputError
from latentfill.imputation.totals.periods import find_periods
from latentfill.imputation.totals.totals import Totals, totals_of
from latentfill.kinds.circular import Circular
from latentfill.kinds.counter import Counter
from latentfill.kinds.kind import Kind
from latentfill.kinds.number import Number

DAYS = find_periods(24, 48, None)


def of(values: np.ndarray, samples: np.ndarray, kind: Kind | None = None, coverage: float = 0.9) -> Totals:
    return totals_of("x", kind or Number(), values, samples, DAYS, coverage)


def test_sums_and_means_are_those_of_the_filled_column():
    values = np.arange(48.0)
    values[3] = np.nan
    result = of(values, np.tile(values, (20, 1)))
    np.testing.assert_allclose(result.sum, [np.nansum(values[:24]), values[24:].sum()])
    np.testing.assert_allclose(result.mean, [np.nanmean(values[:24]), values[24:].mean()])
    assert result.cells.tolist() == [23, 24]
    assert result.missing.tolist() == [1, 0]
    assert result.filled.tolist() == [0, 0]
    np.testing.assert_array_equal(result.sum_lower, result.sum_upper)


@pytest.mark.parametrize("n", [10, 60, 400])
def test_intervals_cover_new_totals_as_often_as_asked_for_also_from_few_samples(n: int):
    rng, inside = np.random.default_rng(0), []
    for _ in range(400):
        drawn = rng.normal(size=(n + 1, 48))
        result = of(np.zeros(48), drawn[1:])
        truth = drawn[0].reshape(2, 24).sum(axis=1)
        inside += ((result.sum_lower <= truth) & (truth <= result.sum_upper)).tolist()
    assert 0.86 < np.mean(inside) < 0.94


def test_values_that_differ_between_samples_are_uncertain():
    values, samples = np.ones(48), np.ones((6, 48))
    samples[2, 5] = 2.0
    assert of(values, samples).filled.tolist() == [1, 0]


def test_a_sum_of_amounts_is_never_negative():
    samples = np.abs(np.random.default_rng(1).normal(size=(6, 48))) * (np.arange(48) % 24 == 0)
    assert (of(samples.mean(axis=0), samples).sum_lower >= 0).all()


def test_the_total_of_a_meter_is_what_it_counted_and_the_days_add_up():
    register = 1000 + np.cumsum(np.arange(48.0))
    result = of(register, np.tile(register, (6, 1)), Counter())
    assert result.sum.sum() == register[-1] - register[0]
    assert result.sum[1] == register[47] - register[23]


def test_a_direction_has_a_circular_mean_and_no_sum():
    values = np.where(np.arange(48) % 2 == 0, 350.0, 20.0)
    result = of(values, np.tile(values, (6, 1)), Circular())
    np.testing.assert_allclose(result.mean, 5.0)
    assert np.isnan(result.sum).all()


def test_a_period_without_a_value_has_no_total():
    values = np.where(np.arange(48) < 24, np.nan, 1.0)
    result = of(values, np.tile(values, (6, 1)))
    assert np.isnan(result.sum[0])
    assert np.isnan(result.mean[0])
    assert result.missing.tolist() == [24, 0]


def test_few_samples_are_refused():
    with pytest.raises(InputError, match=r"at least 5 completed tables .* got 2.*--samples 100"):
        of(np.ones(48), np.ones((2, 48)))


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    index = pd.date_range("2023-03-25", periods=600, freq="h", name="time")
    frame = pd.DataFrame({"a": rng.normal(10, 1, 600), "b": rng.normal(-5, 1, 600)}, index=index)
    return frame.mask(rng.random(frame.shape) < 0.1)


def test_totals_of_a_file_use_the_samples_beside_it(frame: pd.DataFrame, tmp_path):
    path = tmp_path / "filled.csv"
    imputer = latentfill.Imputer(samples=20, strategy="linear").fit(frame)
    imputation = imputer.fill(frame)
    imputation.to_frame().to_csv(path)
    for number in range(20):
        imputation.write_sample(number, tmp_path / f"filled.sample{number + 1}.csv")
    table = latentfill.totals(path, every="month").to_pandas()
    assert table["period"].tolist() == ["2023-03", "2023-04"] * 2
    expected = imputation.to_frame()["a"].resample("MS").sum()
    np.testing.assert_allclose(table["sum"][:2], expected)
    assert (table["sum_lower"] < table["sum"]).all()
    assert (table["sum"] < table["sum_upper"]).all()
    gaps = frame["a"].isna().resample("MS").sum()
    np.testing.assert_array_equal(table["uncertain"][:2], gaps)


def test_totals_of_a_frame_are_a_frame_of_its_kind(frame: pd.DataFrame):
    filled = frame.interpolate()
    samples = [filled + number for number in range(5)]
    table = latentfill.totals(filled, every=100, samples=samples)
    assert isinstance(table, pd.DataFrame)
    assert len(table) == 2 * 6


def test_days_are_those_of_the_time_zone():
    stamps = pd.date_range("2023-03-25", periods=71, freq="h", tz="Europe/Berlin").tz_localize(None)
    frame = pd.DataFrame({"time": stamps.astype(str), "a": np.ones(71)})
    table = latentfill.totals(frame, every="day", samples=[frame] * 5, timezone="Europe/Berlin")
    assert table["cells"].tolist() == [24, 23, 24]  # clocks go forward on 26 March


def test_other_tables_are_no_samples(frame: pd.DataFrame):
    filled = frame.interpolate()
    with pytest.raises(InputError, match=r"sample 2 is not a completion of the filled table"):
        latentfill.totals(filled, every="day", samples=[filled, filled[:-1]])
    with pytest.raises(InputError, match=r"totals of a frame need samples"):
        latentfill.totals(filled, every="day")
    with pytest.raises(InputError, match=r"coverage must be between 0 and 1, got 90"):
        latentfill.totals(filled, every="day", samples=[filled] * 5, coverage=90)
