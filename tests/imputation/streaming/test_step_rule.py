"""The steps of a long file are those of the same rows in a short one."""

from itertools import pairwise

import numpy as np
import pytest

from latentfill.core.errors import InputError
from latentfill.imputation.streaming.step_rule import StampScan
from latentfill.tables.backends.streams.stream import UnstreamableError
from latentfill.tables.options import TableOptions
from latentfill.tables.to_series import to_series
from latentfill.tables.value_columns import ValueColumns

REACH = 50


def stamps(minutes):
    return np.datetime64("2024-01-01", "ns") + np.array(minutes) * np.timedelta64(60, "s")


def scanned(time, cuts=(7, 8, 20)):
    """The scan of stamps, a few at a time."""
    scan = StampScan()
    for part in np.split(time, cuts):
        if len(part):
            scan.add(part, "line 2")
    return scan


def in_pieces(rule, time, cuts):
    """The times and positions of all steps, a few rows at a time, and the steps of all rows."""
    times, places, steps, before = [], [], [], 0
    bounds = [0, *cuts, len(time)]
    for first, stop in pairwise(bounds):
        found = rule.steps_of(time[first:stop], stop - first, time[stop] if stop < len(time) else None)
        times.append(found.time)
        places.append(found.position)
        steps.append(found.step + before)
        before += len(found.time)
    position = None if places[0] is None else np.concatenate(places)
    return np.concatenate(times), position, np.concatenate(steps)


RNG = np.random.default_rng(0)
CASES = {
    "regular": np.arange(30) * 10,
    "missing rows": np.delete(np.arange(40), [3, 9, 10, 11, 30]) * 10,
    "a divisor of all distances": np.sort(RNG.choice(90, 45, replace=False)) * 6,
    "uneven": np.cumsum(RNG.integers(5, 400, 40)),
    "uneven with pauses": np.cumsum(np.where(np.arange(40) % 9 == 8, 3000, RNG.integers(8, 13, 40))),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("grid", [False, True])
def test_the_steps_are_those_of_the_whole_table(case, grid):
    time, options = stamps(CASES[case]), TableOptions(grid=grid)
    columns = ValueColumns((0,), ("x",), np.arange(len(time), dtype=float)[:, None], ())
    scan = scanned(time)
    if grid and case.startswith("uneven"):
        with pytest.raises(InputError, match="no regular grid"):
            scan.rule(grid=True, regular=True, reach=10**6)
        with pytest.raises(InputError, match="no regular grid"):
            to_series(columns, time, options)
        return
    series, _ = to_series(columns, time, options)
    rule = scan.rule(grid=grid, regular=True, reach=10**6)
    times, position, steps = in_pieces(rule, time, (7, 8, 20))
    np.testing.assert_array_equal(steps, series.step_of_row)
    assert rule.step == series.step
    assert np.abs((times - series.time).astype(np.int64)).max() <= 1  # nanoseconds of rounding
    if series.position is not None:
        np.testing.assert_allclose(position, series.position, rtol=1e-9, atol=1e-6)


def test_of_a_long_pause_only_its_ends_are_steps():
    time = stamps([*range(0, 300, 10), *range(5000, 5300, 10)])
    rule = scanned(time).rule(grid=False, regular=True, reach=REACH)
    assert not rule.is_grid  # more than two steps a row
    time = stamps([*range(0, 3000, 10), *range(5000, 8000, 10)])
    rule = scanned(time, (400,)).rule(grid=False, regular=True, reach=REACH)
    times, _, steps = in_pieces(rule, time, (100, 450))
    assert steps[300] - steps[299] == 2 * REACH
    of_pause = times[steps[299] : steps[300] + 1]
    np.testing.assert_array_equal(of_pause[:REACH], stamps(2990 + 10 * np.arange(REACH)))
    np.testing.assert_array_equal(of_pause[-REACH:], stamps(5000 - 10 * np.arange(REACH)[::-1]))


def test_a_pause_longer_than_the_reach_cannot_get_rows():
    scan = scanned(stamps([*range(0, 3000, 10), *range(5000, 8000, 10)]))
    with pytest.raises(UnstreamableError, match="200 rows are missing in one place"):
        scan.rule(grid=True, regular=True, reach=REACH)


@pytest.mark.parametrize("minutes", [[0, 10, 5], [0, 10, 10], [10, 0]])
def test_rows_that_are_not_in_time_order_are_for_the_whole_table(minutes):
    with pytest.raises(UnstreamableError, match="order of time"):
        scanned(stamps(minutes), (1,))


@pytest.mark.parametrize("days", [1, 31])
def test_rows_a_day_or_more_apart_are_for_the_whole_table(days):
    with pytest.raises(UnstreamableError, match="a day or more apart"):
        scanned(stamps(np.arange(20) * days * 1440)).rule(grid=False, regular=True, reach=REACH)
