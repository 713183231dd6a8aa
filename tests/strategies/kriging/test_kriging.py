from __future__ import annotations

import numpy as np
import pytest
import torch

from latentfill.strategies.kriging import column_group, kriging
from latentfill.strategies.kriging.column_group import CROSS_SHARES, NOISES
from latentfill.strategies.kriging.kriging import Kriging
from latentfill.windows.gaps import interpolate
from latentfill.windows.training_data import HeldOutWindows
from latentfill.windows.windows import ScaledSeries, Windows, cut, window_starts

L = 16


def autoregressive(rng: np.random.Generator, matrix: np.ndarray, n_steps: int) -> np.ndarray:
    """An autoregressive series (T, C) with coefficients `matrix`, scaled to unit variance in every column."""
    series = np.zeros((n_steps + 100, len(matrix)))
    for t in range(1, len(series)):
        series[t] = matrix @ series[t - 1] + rng.normal(size=len(matrix))
    return series[100:] / series[100:].std(axis=0)


def swinging(n_steps: int, seed: int = 0) -> np.ndarray:
    """Two oscillating columns, a quarter period apart, which linear interpolation estimates badly."""
    rotation = 0.98 * np.array([[np.cos(0.5), -np.sin(0.5)], [np.sin(0.5), np.cos(0.5)]])
    return autoregressive(np.random.default_rng(seed), rotation, n_steps)


def no_clock(series: np.ndarray) -> np.ndarray:
    return np.zeros((len(series), 0))


def daily(n_steps: int) -> np.ndarray:
    """Clock features of hourly steps with a daily cycle."""
    angle = 2 * np.pi * np.arange(n_steps)[:, None] / 24
    return np.concatenate([np.sin(angle), np.cos(angle)], axis=1)


def windows_of(series: np.ndarray, clock: np.ndarray | None = None, stride: int = L) -> Windows:
    clock = no_clock(series) if clock is None else clock
    return ScaledSeries(series, clock).cut(window_starts(len(series), L, stride), L)


def hide(series: np.ndarray, hidden: np.ndarray, clock: np.ndarray | None = None) -> HeldOutWindows:
    """Windows of the series without the `hidden` cells, and the values of these cells."""
    truth = np.where(hidden, series, np.nan)
    windows = windows_of(np.where(hidden, np.nan, series), clock)
    return HeldOutWindows(windows, cut(truth, windows.starts, L))


def fit(
    series: np.ndarray, clock: np.ndarray | None = None, held_out: HeldOutWindows | None = None, *, rate: float = 0.1
) -> Kriging:
    """Kriging fitted to a series; by default a tenth of the cells is held out to choose the settings."""
    clock = no_clock(series) if clock is None else clock
    if held_out is None:
        hidden = np.random.default_rng(9).random(series.shape) < rate
        series, held_out = np.where(hidden, np.nan, series), hide(series, hidden & ~np.isnan(series), clock)
    fitted = Kriging(L, series.shape[1], clock.shape[1])
    fitted.fit(ScaledSeries(series, clock), held_out)
    return fitted


def estimates(fitted: Kriging, windows: Windows) -> tuple[np.ndarray, np.ndarray]:
    kriged = fitted.estimate(windows)
    return kriged.mean.numpy(), kriged.spread.numpy()


def middle_gaps(windows: Windows, columns: slice = slice(None), length: int = 6) -> np.ndarray:
    """Cells in the middle of each window, (N, L, C)."""
    hidden = np.zeros(windows.values.shape, dtype=bool)
    hidden[:, 5 : 5 + length, columns] = True
    return hidden


def rmse(estimate: np.ndarray, truth: np.ndarray, cells: np.ndarray) -> float:
    return float(np.sqrt(np.square(estimate - truth)[cells].mean()))


@pytest.mark.parametrize("threads", ["1", "2"])
def test_windows_are_estimated_by_threads_inside_inference_mode(monkeypatch: pytest.MonkeyPatch, threads: str):
    """The decoder asks for kriging's estimates in inference mode, which other threads are not in."""
    monkeypatch.setenv("OMP_NUM_THREADS", threads)
    series = swinging(400)
    model, windows = fit(series), windows_of(series)
    gappy = windows.without(middle_gaps(windows))
    with torch.inference_mode():
        inside, _ = estimates(model, gappy)
    np.testing.assert_array_equal(inside, estimates(model, gappy)[0])


def test_gaps_of_a_known_process_are_estimated_far_better_than_by_linear_interpolation():
    series = swinging(4000)
    unseen = windows_of(series[3000:])
    hidden = middle_gaps(unseen)
    mean, _ = estimates(fit(series[:3000]), unseen.without(hidden))
    line = interpolate(unseen.without(hidden).values)
    assert rmse(mean, unseen.values, hidden) < 0.6 * rmse(line, unseen.values, hidden)


@pytest.mark.parametrize("pattern", ["runs", "points"])
def test_the_spread_matches_the_error_of_the_mean(pattern: str):
    series = swinging(6000)
    unseen = windows_of(series[3000:])
    points = np.random.default_rng(1).random(unseen.values.shape) < 0.3
    hidden = middle_gaps(unseen) if pattern == "runs" else points
    mean, spread = estimates(fit(series[:3000]), unseen.without(hidden))
    error = (mean - unseen.values)[hidden] / spread[hidden]
    assert 0.85 < error.std() < 1.1
    assert abs(error.mean()) < 0.1


def test_spreads_are_large_enough_after_fitting_to_mostly_missing_cells():
    """The covariance must include the uncertainty of the completed cells."""
    series = swinging(4000)
    missing = np.random.default_rng(12).random((3000, 2)) < 0.7
    unseen = windows_of(series[3000:])
    hidden = middle_gaps(unseen)
    mean, spread = estimates(fit(np.where(missing, np.nan, series[:3000])), unseen.without(hidden))
    assert ((mean - unseen.values)[hidden] / spread[hidden]).std() < 1.2


def test_mean_and_spread_are_in_the_units_of_the_series():
    series = swinging(800)
    windows, large = windows_of(series), windows_of(1000 * series)
    hidden = middle_gaps(windows)
    mean, spread = estimates(fit(series), windows.without(hidden))
    for part, other in zip((mean, spread), estimates(fit(1000 * series), large.without(hidden)), strict=True):
        np.testing.assert_allclose(other, 1000 * part, rtol=1e-6, atol=1e-6)


def test_the_spread_grows_with_the_distance_from_observed_cells():
    series = swinging(1500)
    windows = windows_of(series)
    _, spread = estimates(fit(series), windows.without(middle_gaps(windows, length=9)))
    first_half = spread[0, 5:10]
    assert (np.diff(first_half, axis=0) > 0).all()
    assert first_half.min() > 0


def test_observed_cells_are_returned_unchanged():
    """Also if the mean follows the clock, where subtracting and adding it would round."""
    series = swinging(1200) + np.sin(2 * np.pi * np.arange(1200) / 24)[:, None]
    fitted = fit(series, daily(1200))
    windows = windows_of(series, daily(1200))
    windows = windows.without(np.random.default_rng(2).random(windows.values.shape) < 0.3)
    assert fitted.wave.abs().max() > 0.1
    mean, spread = estimates(fitted, windows)
    np.testing.assert_array_equal(mean[windows.observed], windows.values[windows.observed])
    assert (spread > 0).all()


def recovered(matrix: np.ndarray) -> float:
    """Error in gaps of a column that the other three determine, after fitting with a tenth of the cells missing."""
    others = autoregressive(np.random.default_rng(3), matrix, 3000)
    determined = others @ np.array([0.6, -0.5, 0.3])
    series = np.column_stack([others, determined / determined.std()])
    missing = np.random.default_rng(4).random((2000, 4)) < 0.1
    unseen = windows_of(series[2000:])
    hidden = middle_gaps(unseen, columns=slice(3, 4))
    mean, _ = estimates(fit(np.where(missing, np.nan, series[:2000])), unseen.without(hidden))
    return rmse(mean, unseen.values, hidden)


COUPLED = np.array([[0.9, 0.0, 0.0], [0.4, 0.5, 0.0], [0.0, 0.3, 0.6]])


def test_a_column_determined_by_others_is_recovered_after_fitting_with_missing_cells():
    assert recovered(COUPLED) < 0.06


def test_without_em_steps_a_column_determined_by_others_is_not_recovered(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(column_group, "EM_STEPS", 0)
    assert recovered(COUPLED) > 0.25


def test_estimates_follow_the_level_of_a_window():
    series = swinging(1500)
    fitted, windows = fit(series), windows_of(series)
    windows = windows.without(middle_gaps(windows))
    moved = Windows(windows.values + 5, windows.clock, windows.starts, windows.n_steps)
    shift = (estimates(fitted, moved)[0] - estimates(fitted, windows)[0])[~windows.observed]
    np.testing.assert_allclose(shift, 5, atol=0.1)


def test_a_column_hidden_in_a_whole_window_follows_the_clock():
    """The other column is noise, so the column can only be estimated from the clock."""
    rng, n_steps = np.random.default_rng(5), 24 * 60
    sine = np.sqrt(2) * np.sin(2 * np.pi * np.arange(n_steps) / 24)
    series = np.column_stack([sine + 0.1 * rng.normal(size=n_steps), rng.normal(size=n_steps)])
    windows = windows_of(series, daily(n_steps))
    hidden = middle_gaps(windows, columns=slice(0, 1)) | (np.arange(2) == 0)
    mean, _ = estimates(fit(series, daily(n_steps)), windows.without(hidden))
    truth = cut(np.column_stack([sine, sine]), windows.starts, L)
    assert rmse(mean, truth, hidden) < 0.1
    flat, _ = estimates(fit(series), windows_of(series).without(hidden))
    assert rmse(flat, truth, hidden) > 0.7


def test_a_level_observed_only_at_some_hours_is_not_learnt_as_a_cycle():
    """Ten by day, missing at night: the harmonics must not explain the ten."""
    n_steps = 24 * 40
    series = np.where(np.arange(n_steps) % 24 < 12, 10.0, np.nan)[:, None]
    fitted = fit(series + 0.01 * swinging(n_steps)[:, :1], daily(n_steps))
    assert fitted.wave.abs().max() < 0.1


def test_the_cycles_do_not_influence_the_choice_of_settings():
    """Noise columns stay unrelated and equal columns stay equal when a common daily wave is added to them."""
    wave = 3 * np.sin(2 * np.pi * np.arange(480) / 24)[:, None]
    noise, twins = np.random.default_rng(13).normal(size=(480, 4)), np.repeat(swinging(480)[:, :1], 2, axis=1)
    assert fit(noise + wave, daily(480), rate=0.3).groups[0].settings[0] == min(CROSS_SHARES)
    assert fit(noise + wave, rate=0.3).groups[0].settings[0] == max(CROSS_SHARES)
    plain, waved = fit(twins, rate=0.3), fit(twins + wave, daily(480), rate=0.3)
    assert waved.groups[0].settings.tolist() == plain.groups[0].settings.tolist()


def correlated_columns(n_steps: int = 1500) -> np.ndarray:
    """Eight columns: 0, 3, 6 are nearly one, so are 1, 4, 7, and so are 2 and 5."""
    rng = np.random.default_rng(6)
    signals = autoregressive(rng, 0.9 * np.eye(3), n_steps)
    return np.column_stack([signals[:, c % 3] for c in range(8)]) + 0.02 * rng.normal(size=(n_steps, 8))


def test_many_columns_are_split_into_groups_of_correlated_columns(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kriging, "GROUP_CELLS", 3 * L)
    fitted = fit(correlated_columns())
    groups = sorted(group.columns.tolist() for group in fitted.groups)
    assert groups == [[0, 3, 6], [1, 4, 7], [2, 5]]


def test_correlated_columns_with_many_gaps_are_grouped(monkeypatch: pytest.MonkeyPatch):
    """Columns 0 and 3 are equal but rarely observed; column 1 is complete and shares half of its variance with them."""
    monkeypatch.setattr(kriging, "GROUP_CELLS", 2 * L)
    rng = np.random.default_rng(14)
    one, half, other = rng.normal(size=(3, 1500))
    series = np.column_stack([one, one + half, other, one])
    series[:, [0, 3]] = np.where(rng.random((1500, 2)) < 0.7, np.nan, series[:, [0, 3]])
    assert sorted(group.columns.tolist() for group in fit(series).groups) == [[0, 3], [1, 2]]


def test_every_column_is_estimated_from_its_group(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kriging, "GROUP_CELLS", 3 * L)
    series = correlated_columns()
    fitted, windows = fit(series), windows_of(series)
    for column in range(8):
        hidden = middle_gaps(windows, columns=slice(column, column + 1))
        mean, _ = estimates(fitted, windows.without(hidden))
        assert rmse(mean, windows.values, hidden) < 0.1, column


def test_columns_of_windows_larger_than_a_group_are_estimated_one_by_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kriging, "GROUP_CELLS", L - 1)
    fitted = fit(swinging(600))
    assert sorted(group.columns.tolist() for group in fitted.groups) == [[0], [1]]
    windows = windows_of(swinging(600))
    assert np.isfinite(estimates(fitted, windows.without(middle_gaps(windows)))[0]).all()


def degenerate(kind: str) -> np.ndarray:
    series = swinging(L if kind == "as long as a window" else 400)
    series[3:8, 1] = np.nan
    if kind == "constant column":
        series[:, 0] = 3.0
    elif kind == "column without any value":
        series[:, 0] = np.nan
    elif kind == "column with a single value":
        series[:, 0] = np.where(np.arange(len(series)) == 5, 2.0, np.nan)
    elif kind == "columns never seen together":
        series[::2, 0] = series[1::2, 1] = np.nan
    return series


ODD = (
    "as long as a window",
    "column with a single value",
    "column without any value",
    "columns never seen together",
    "constant column",
)


@pytest.mark.parametrize("clocked", [False, True])
@pytest.mark.parametrize("kind", ODD)
def test_odd_series_get_finite_estimates(kind: str, clocked: bool):
    series = degenerate(kind)
    clock = daily(len(series)) if clocked else no_clock(series)
    windows = windows_of(series, clock)
    empty = windows.without(np.ones(windows.values.shape, dtype=bool))
    fitted = fit(series, clock)
    for batch in (windows, empty):
        mean, spread = estimates(fitted, batch)
        assert np.isfinite(mean).all()
        assert (spread[~batch.observed] > 0).all()


def test_a_constant_column_stays_constant():
    series = degenerate("constant column")
    windows = windows_of(series)
    mean, _ = estimates(fit(series), windows.without(middle_gaps(windows, columns=slice(0, 1))))
    np.testing.assert_allclose(mean[:, :, 0], 3.0, atol=1e-9)


def test_an_empty_window_gets_the_column_means():
    series = swinging(800) + np.array([2.0, -1.0])
    windows = windows_of(series).take(slice(1))
    mean, _ = estimates(fit(series), windows.without(np.ones((1, L, 2), dtype=bool)))
    np.testing.assert_allclose(mean[0], np.tile(series.mean(axis=0), (L, 1)), atol=0.1)


def test_no_windows_give_no_estimates():
    windows = windows_of(swinging(400))
    kriged = fit(swinging(400)).estimate(windows.take(slice(0)))
    assert kriged.mean.shape == kriged.residual.shape == kriged.spread.shape == (0, L, 2)


def test_estimates_do_not_depend_on_the_other_windows():
    """Windows with fewer hidden cells are padded; the values of one window must not reach another."""
    series = swinging(800)
    fitted, windows = fit(series), windows_of(series)
    share = np.linspace(0, 1, len(windows))[:, None, None]
    windows = windows.without(np.random.default_rng(7).random(windows.values.shape) < share)
    together, spreads = estimates(fitted, windows)
    for i in range(len(windows)):
        alone, spread = estimates(fitted, windows.take(slice(i, i + 1)))
        np.testing.assert_allclose(alone[0], together[i], rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(spread[0], spreads[i], rtol=1e-9, atol=1e-9)


def test_more_windows_than_one_batch_are_all_estimated(monkeypatch: pytest.MonkeyPatch):
    fitted = fit(swinging(800))
    windows = windows_of(swinging(800))
    windows = windows.without(middle_gaps(windows))
    whole = estimates(fitted, windows)
    monkeypatch.setattr(kriging, "BATCH", 7)
    for part, other in zip(whole, estimates(fitted, windows), strict=True):
        np.testing.assert_allclose(part, other, rtol=1e-9, atol=1e-9)


def test_fast_estimates_are_nearly_the_same_and_keep_observed_cells():
    series = swinging(800)
    fitted, windows = fit(series), windows_of(series)
    windows = windows.without(np.random.default_rng(16).random(windows.values.shape) < 0.5)
    fast = fitted.estimate(windows, fast=True)
    mean, spread = fast.mean.numpy(), fast.spread.numpy()
    exact, exact_spread = estimates(fitted, windows)
    np.testing.assert_allclose(mean, exact, atol=1e-3)
    np.testing.assert_allclose(spread, exact_spread, atol=1e-3)
    assert not np.array_equal(mean, exact)
    np.testing.assert_array_equal(mean[windows.observed], windows.values[windows.observed])


def test_a_marker_in_the_held_out_truth_changes_only_the_settings():
    series = swinging(800)
    hidden = np.random.default_rng(8).random(series.shape) < 0.1
    held_out = hide(series, hidden)
    marked = HeldOutWindows(held_out.windows, np.where(np.isnan(held_out.truth), np.nan, 1e6))
    seen = np.where(hidden, np.nan, series)
    plain, planted = (fit(seen, held_out=batch).state_dict() for batch in (held_out, marked))
    assert plain.keys() == planted.keys()
    for name, part in plain.items():
        if not name.endswith("settings"):
            assert torch.equal(part, planted[name]), name


def test_without_held_out_cells_the_first_settings_are_used():
    series = swinging(400)
    fitted = fit(series, held_out=hide(series, np.zeros(series.shape, dtype=bool)))
    np.testing.assert_allclose(fitted.groups[0].settings.numpy(), [CROSS_SHARES[0], NOISES[0]])


def test_the_covariance_of_unrelated_columns_is_not_used():
    """Some of 6 noise columns correlate by chance at some of 16 lags; held-out cells show that this does not help."""
    noise = np.random.default_rng(10).normal(size=(200, 6))
    assert fit(noise, rate=0.3).groups[0].settings[0] == min(CROSS_SHARES)


def test_the_covariance_of_equal_columns_is_used():
    assert fit(np.repeat(swinging(800)[:, :1], 3, axis=1)).groups[0].settings[0] > 0.8


def test_fitting_again_forgets_the_first_series():
    series = correlated_columns(600)[:, :2]
    hidden = np.random.default_rng(15).random(series.shape) < 0.1
    seen, held_out = np.where(hidden, np.nan, series), hide(series, hidden)
    again, unseen = fit(swinging(600)), fit(seen, held_out=held_out)
    again.estimate(held_out.windows)
    again.fit(ScaledSeries(seen, no_clock(seen)), held_out)
    assert torch.equal(again.estimate(held_out.windows).mean, unseen.estimate(held_out.windows).mean)


def test_a_reloaded_kriging_gives_identical_estimates(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kriging, "GROUP_CELLS", 3 * L)
    series, clock = correlated_columns(600), daily(600)
    fitted = fit(series, clock)
    back = Kriging(L, 8, 2)
    back.load_state_dict(fitted.state_dict())
    windows = windows_of(series, clock)
    windows = windows.without(np.random.default_rng(11).random(windows.values.shape) < 0.3)
    for part, other in zip(estimates(fitted, windows), estimates(back, windows), strict=True):
        np.testing.assert_array_equal(part, other)


def test_residuals_equal_the_errors_after_hiding_each_cell():
    """Only about equal, because the residual regression learns from the residuals themselves."""
    series = swinging(800)
    fitted, windows = fit(series), windows_of(series).take(slice(0, 400, 40))
    kriged = fitted.estimate(windows)
    np.testing.assert_array_equal(kriged.mean.numpy(), windows.values)
    for step, column in [(0, 0), (7, 1), (L - 1, 0)]:
        single = np.zeros(windows.values.shape, dtype=bool)
        single[:, step, column] = True
        alone = fitted.estimate(windows.without(single))
        residual, spread = kriged.residual.numpy()[:, step, column], kriged.spread.numpy()[:, step, column]
        error = windows.values[:, step, column] - alone.mean.numpy()[:, step, column]
        assert np.abs(residual - error).max() < spread.max()
        assert np.corrcoef(residual, error)[0, 1] > 0.9


def test_a_relation_between_columns_that_differs_in_a_window_is_followed():
    """Two columns are equal up to noise in the series, but have opposite signs in the windows to fill."""
    rng = np.random.default_rng(17)
    common = np.convolve(rng.normal(size=1300), np.ones(3) / 3, mode="valid")[:1200, None]
    series = common * np.array([[1.0, 1.0]]) + 0.05 * rng.normal(size=(1200, 2))
    turned = windows_of(series * np.array([[1.0, -1.0]]))
    hidden = np.zeros(turned.values.shape, dtype=bool)
    hidden[:, ::6, 1] = True
    mean, _ = estimates(fit(series), turned.without(hidden))
    plain = np.square(turned.values - -turned.values)[hidden].mean()  # the second column taken for the first
    assert np.square(mean - turned.values)[hidden].mean() < 0.3 * plain
