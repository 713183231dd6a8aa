"""The kinds of all columns of a series, and its working columns."""

from __future__ import annotations

import json

import numpy as np
import pytest

from latentfill.core.series import Series
from latentfill.kinds.circular import Circular
from latentfill.kinds.classes import MOST_COLUMNS, Classes
from latentfill.kinds.columns import ColumnKinds
from latentfill.kinds.counter import Counter
from latentfill.kinds.kind import StepTimes
from latentfill.kinds.number import Number
from latentfill.kinds.zero_inflated import ZeroInflated

NAN = np.nan
N = 90
T = np.arange(N, dtype=float)


def made() -> Series:
    """A direction, a meter, an amount, a code, a flag and a number, each with gaps of its own."""
    rng = np.random.default_rng(0)
    columns = {
        "dir": rng.uniform(0, 360, N),
        "kwh": np.cumsum(rng.uniform(0, 2, N)),
        "rain": np.where(rng.random(N) < 0.7, 0.0, rng.exponential(1.0, N)),
        "mode": rng.choice([10.0, 20.0, 90.0], N),
        "flag": rng.choice([0.0, 1.0], N),
        "temp": rng.normal(size=N),
    }
    values = np.stack(list(columns.values()), axis=1)
    return Series(np.where(rng.random(values.shape) < 0.2, NAN, values), tuple(columns), None, np.arange(N))


GIVEN = "dir=circular,kwh=counter,rain=zero-inflated,mode=code,flag=flag,temp=continuous"


@pytest.fixture
def series() -> Series:
    return made()


@pytest.fixture
def kinds(series: Series) -> ColumnKinds:
    return ColumnKinds.found(series, GIVEN, None)


def test_each_column_has_its_working_columns_side_by_side(kinds: ColumnKinds, series: Series):
    assert kinds.names == ("circular:360", "counter", "zero-inflated", "code", "flag", "continuous")
    assert [kind.width for kind in kinds.kinds] == [2, 1, 1, 3, 1, 1]
    assert kinds.first.tolist() == [0, 2, 3, 4, 7, 8]
    assert kinds.column_of.tolist() == [0, 0, 1, 2, 3, 3, 3, 4, 5]
    assert kinds.working(3) == slice(4, 7)
    working = kinds.encode(series)
    assert working.columns[:3] == ("dir (1 of 2)", "dir (2 of 2)", "kwh")
    assert working.values.shape == (N, len(working.columns)) == (N, 9)


def test_working_columns_hold_what_their_kinds_say(kinds: ColumnKinds, series: Series):
    working = kinds.encode(series).values
    direction, meter, _, mode, flag, temp = series.values.T
    turned = np.rad2deg(np.arctan2(working[:, 0], working[:, 1])) % 360
    np.testing.assert_allclose(turned, direction)
    np.testing.assert_allclose(working[1:, 2], np.diff(meter))
    np.testing.assert_array_equal(np.nan_to_num(working[:, 4:7]) @ [10.0, 20.0, 90.0], np.nan_to_num(mode))
    np.testing.assert_array_equal(working[:, 7], flag)
    np.testing.assert_array_equal(working[:, 8], temp)


def test_working_columns_of_a_column_are_missing_together(kinds: ColumnKinds, series: Series):
    assert kinds.tied is not None
    assert kinds.tied.tolist() == [0, 0, 2, 3, 4, 4, 4, 7, 8]
    missing = np.isnan(kinds.encode(series).values)
    np.testing.assert_array_equal(missing, missing[:, kinds.tied])
    assert ColumnKinds.plain(3).tied is None
    assert ColumnKinds((Counter(), Number())).tied is None


def test_a_mask_of_columns_is_true_where_any_working_column_is(kinds: ColumnKinds):
    working = np.array([False, True, False, True, False, False, False, False, True])
    assert kinds.where_observed(working).tolist() == [True, False, True, False, False, True]
    assert ColumnKinds(()).where_observed(np.zeros(0, dtype=bool)).tolist() == []


def test_plain_columns_are_passed_on_as_they_are(series: Series):
    plain = ColumnKinds.plain(6)
    assert plain.encode(series) is series
    assert plain.are_plain
    assert list(plain.special()) == []


def test_special_columns_are_those_that_are_not_plain(kinds: ColumnKinds):
    assert not kinds.are_plain
    assert [c for c, _ in kinds.special()] == [0, 1, 3, 4]


def test_kinds_survive_being_saved(kinds: ColumnKinds, series: Series):
    rare = np.concatenate([np.repeat(np.arange(MOST_COLUMNS + 1.0), 6), [77.0]])
    truth = np.repeat([0.0, 5.0], 50)[:, None]
    more = (
        Circular(24.0, -12.0, whole=True),
        Classes.of(rare),
        Number.of(series.values[:, 5], "integer", lowest=-1.0, whole=True),
        Number.of(T).on_line(T, StepTimes(T, T)),
        ZeroInflated.found(truth[:, 0], 24, whole=True).learnt(truth, truth),
        Number.of(np.full(4, NAN)),
    )
    saved = ColumnKinds((*kinds.kinds, *more))
    loaded = ColumnKinds.load(json.loads(json.dumps(saved.state())))
    assert loaded.kinds == saved.kinds
    assert [type(kind) for kind in loaded.kinds] == [type(kind) for kind in saved.kinds]


def test_covariates_follow_as_continuous_columns(kinds: ColumnKinds):
    assert kinds.with_more(0) is kinds
    with_two = kinds.with_more(2)
    assert with_two.names == (*kinds.names, "continuous", "continuous")
    assert with_two.column_of.tolist() == [*kinds.column_of.tolist(), 6, 7]


def test_learnt_kinds_replace_those_of_some_columns(kinds: ColumnKinds):
    assert kinds.replaced({}) is kinds
    replaced = kinds.replaced({0: Circular(24.0)})
    assert replaced.names == ("circular:24", *kinds.names[1:])


def test_the_unit_of_errors_comes_from_the_scale_of_the_working_columns():
    kinds = ColumnKinds((Number(), Circular(), Classes(values=(0.0, 1.0)), Classes(values=(1.0, 2.0, 3.0))))
    units = kinds.error_scale(np.array([2.5, 0.7, 0.7, 0.5, 0.3, 0.4, 1.2]))
    np.testing.assert_allclose(units, [2.5, 360 / (2 * np.pi), 0.5 * np.sqrt(2), np.sqrt(0.09 + 0.16 + 1.44)])


def test_as_numbers_each_column_is_worked_on_as_it_is(kinds: ColumnKinds, series: Series):
    numbers = kinds.as_numbers(series.values)
    assert numbers.are_plain
    assert numbers.encode(series) is series
    direction, _, rain, mode, flag, _ = numbers.kinds
    assert isinstance(direction, Number)
    assert (direction.lowest, direction.highest) == (0.0, 360.0)
    assert isinstance(mode, Number)
    assert isinstance(flag, Number)
    assert (mode.among, flag.among) == ((10.0, 20.0, 90.0), (0.0, 1.0))
    assert isinstance(rain, Number)
    assert rain.lowest == 0.0
    assert numbers.instead_of == {0: "circular:360", 1: "counter", 3: "code", 4: "flag"}
    assert kinds.instead_of == {}
    assert ColumnKinds.load(json.loads(json.dumps(numbers.state()))).kinds == numbers.kinds
