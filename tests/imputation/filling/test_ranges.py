"""The ranges that estimates and intervals are clipped to."""

from __future__ import annotations

import numpy as np

from latentfill.imputation.filling.ranges import ColumnRanges

INF, NAN = np.inf, np.nan


def ranges(low: float, high: float, minimum: float = -INF, maximum: float = INF) -> ColumnRanges:
    return ColumnRanges(*(np.array([value]) for value in (low, high, minimum, maximum)))


def limited(of: ColumnRanges, *estimates: float, margin: float | None = 0.1) -> list[float]:
    return of.limit_to_observed(np.array(estimates)[:, None], margin)[:, 0].tolist()


def test_estimates_stay_within_the_observed_range_and_a_margin():
    assert limited(ranges(-10.0, 10.0), -50.0, 0.0, 50.0) == [-12.0, 0.0, 12.0]
    assert limited(ranges(-10.0, 10.0), -50.0, 50.0, margin=None) == [-50.0, 50.0]


def test_estimates_do_not_cross_zero_if_no_observed_value_does():
    assert limited(ranges(0.5, 10.0), -50.0, 50.0) == [0.0, 10.95]
    assert limited(ranges(-10.0, -0.5), -50.0, 50.0) == [-10.95, 0.0]


def test_a_column_without_a_value_has_no_observed_range():
    assert limited(ranges(NAN, NAN), -50.0, 50.0) == [-50.0, 50.0]


def test_the_users_limits_hold_for_estimates_and_intervals():
    of = ranges(-10.0, 10.0, minimum=-2.0, maximum=3.0)
    assert of.limit(np.array([[-5.0], [5.0]]))[:, 0].tolist() == [-2.0, 3.0]
    assert [end.item() for end in of.interval_ends] == [-2.0, 3.0]


def test_intervals_reach_beyond_the_observed_range_but_not_across_zero():
    assert [end.item() for end in ranges(0.5, 10.0).interval_ends] == [0.0, INF]
    assert [end.item() for end in ranges(-10.0, 10.0).interval_ends] == [-INF, INF]
    assert [end.item() for end in ranges(-10.0, -1.0, minimum=-20.0).interval_ends] == [-20.0, 0.0]
