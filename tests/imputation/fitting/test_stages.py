"""Which strategies are fitted to a table, by its size, by the effort and by trials."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from latentfill.core.config import BY_EFFORT, STANDARD, THOROUGH, Config
from latentfill.core.series import FloatArray, Series
from latentfill.imputation.fitting import stages as module
from latentfill.imputation.fitting.fit import fit_series
from latentfill.imputation.fitting.stages import (
    FEWEST_ROWS_OF_TREES,
    KRIGING_ROWS_PER_COLUMN,
    MOST_TRIED,
    Stages,
    Trial,
    stages_by_size,
)
from latentfill.imputation.validation.holdout import HeldOutSeries
from latentfill.strategies.protocols.strategy import StrategySpec
from latentfill.windows.gaps import interpolate
from latentfill.windows.windows import ScaledSeries

MANY = 1 + max(MOST_TRIED.values())


def full(n_steps: int, n_columns: int) -> np.ndarray:
    """The observed cells of a table without gaps."""
    return np.ones((n_steps, n_columns), dtype=bool)


def test_a_large_table_of_few_columns_gets_all_networks_and_no_trials():
    stages = stages_by_size(THOROUGH, full(FEWEST_ROWS_OF_TREES, 3))
    assert stages.to_try == ()
    assert {"linear", "state_space", "kriging", "boosted", "denoise"} <= set(stages.certain)
    assert set(stages.certain) | set(stages.skipped) == set(THOROUGH)


def test_kriging_needs_rows_for_each_column():
    rows = KRIGING_ROWS_PER_COLUMN
    assert "kriging" in stages_by_size(STANDARD, full(3 * rows, 3)).certain
    assert f"fewer than {3 * rows}" in stages_by_size(STANDARD, full(3 * rows - 1, 3)).skipped["kriging"]
    assert "kriging" in stages_by_size(STANDARD, full(3 * rows - 1, 1)).certain


def test_a_strategy_that_would_have_to_gain_too_much_is_not_tried():
    stages = stages_by_size(STANDARD, full(3000, 200))
    assert stages.to_try == ("state_space",)
    assert "lower the error by 40%" in stages.skipped["kriging"]


def test_dear_strategies_are_tried_first_on_wide_tables():
    stages = stages_by_size(STANDARD, full(3000, MANY))
    assert stages.to_try == ("state_space", "kriging")
    assert stages.certain == ("linear", "autoregression", "factors")
    assert stages_by_size(STANDARD, full(2000, MOST_TRIED["kriging"])).to_try == ()


@pytest.mark.parametrize(
    ("name", "n_steps", "n_columns", "reason"),
    [
        ("state_space", 166, 3, "the table has 498 values, fewer than 500"),
        ("kriging", 11, 3, "the table has 11 rows, fewer than 12"),
        ("denoise", 999, 3, "too few to train networks"),
        ("autoregression", 999, 2, "state_space keeps unrelated columns apart"),
        ("factors", 999, 9, "the table has 9 columns, fewer than 10"),
    ],
)
def test_a_strategy_that_does_not_suit_the_table_is_skipped_with_a_reason(
    name: str, n_steps: int, n_columns: int, reason: str
):
    stages = stages_by_size(THOROUGH, full(n_steps, n_columns))
    assert name not in (*stages.certain, *stages.to_try)
    assert reason in stages.skipped[name]


def test_the_decoder_of_stored_embeddings_is_trained_on_tables_of_any_length():
    assert "denoise" in stages_by_size(THOROUGH, full(100, 3), stored=True).certain
    assert "kriging" in stages_by_size(THOROUGH, full(5, 3), stored=True).skipped


def test_a_strategy_that_passes_its_trial_is_certain():
    stages = Stages(("linear",), ("state_space", "kriging")).accepting("kriging").without("state_space", "no gain")
    assert (stages.certain, stages.to_try) == (("linear", "kriging"), ())
    assert stages.skipped == {"state_space": "no gain"}


# --- trials --------------------------------------------------------------------------------------


def held_out(values: FloatArray) -> HeldOutSeries:
    """A series with a tenth of the cells held out for tuning."""
    tuning = np.random.default_rng(1).random(values.shape) < 0.1
    return HeldOutSeries(ScaledSeries(values, np.zeros((len(values), 0))), tuning, np.zeros_like(tuning), seed=0)


def walks(related: bool) -> FloatArray:
    """Four columns (T, 4): noisy copies of one walk, or unrelated noise."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(300, 4))
    if related:
        values += 4 * np.cumsum(rng.normal(size=(300, 1)), axis=0)
    return (values - values.mean(axis=0)) / values.std(axis=0)


def gain(series: HeldOutSeries, others: FloatArray) -> float:
    columns = others.shape[2]
    spec = StrategySpec(config=Config(), columns=columns, phases=0, encoder_shape=None)
    return Trial.of(series, columns).gain("state_space", spec, others)


def test_a_trial_finds_a_gain_where_columns_are_related():
    series = held_out(walks(related=True))
    assert gain(series, interpolate(series.visible.values)[None]) > 0.3


def test_a_trial_finds_none_beside_estimates_without_error():
    series = held_out(walks(related=True))
    assert gain(series, np.stack([np.zeros((300, 4)), series.series.values])) == 0


def test_a_trial_without_tuning_cells_or_with_columns_without_an_estimate_is_possible():
    series = held_out(walks(related=True))
    nothing = replace(series, tuning=np.zeros_like(series.tuning))
    assert gain(nothing, np.zeros((1, 300, 4))) == 0
    assert gain(series, np.full((1, 300, 4), np.nan)) > 0.5


def test_a_trial_takes_related_columns_in_the_middle_of_the_series(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "TRIAL_STEPS", 100)
    values = walks(related=True)
    values[:, 1] = np.random.default_rng(2).normal(size=300)
    trial = Trial.of(held_out(values), 3)
    assert trial.columns.tolist() == [0, 2, 3]
    assert trial.steps == slice(100, 200)
    np.testing.assert_array_equal(trial.held_out.series.values, values[100:200, [0, 2, 3]])


# --- in a fit ------------------------------------------------------------------------------------


def wide(related: bool) -> Series:
    values = np.tile(walks(related), (1, 3))[:, :11]
    values += np.random.default_rng(3).normal(size=values.shape)
    return Series(values, tuple(f"c{c}" for c in range(11)), None, np.arange(300))


def test_a_fit_says_which_strategies_were_not_worth_their_time(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "KRIGING_ROWS_PER_COLUMN", 30)
    monkeypatch.setattr(module, "MOST_WANTED", 1.0)
    monkeypatch.setattr(module, "LEAST_GAIN", 0.9)
    path = fit_series(wide(related=False), Config(length=24)).builtin
    assert path.candidates.names == ("linear", "autoregression", "state_space", "factors")
    assert "in a trial on a part of the table" in path.skipped["kriging"]
    monkeypatch.setattr(module, "LEAST_GAIN", -1.0)
    assert "kriging" in fit_series(wide(related=True), Config(length=24)).builtin.candidates.names


def test_named_candidates_are_fitted_without_a_trial():
    path = fit_series(wide(related=False), Config(length=24, candidates=("kriging", "factors"))).builtin
    assert set(path.candidates.names) == {"linear", "kriging", "factors"}
    assert path.skipped == {}


@pytest.mark.parametrize("effort", ["quick", "standard"])
def test_without_the_effort_for_networks_none_is_trained(effort: str):
    fitted = fit_series(wide(related=False), Config(length=24, effort=effort))
    assert fitted.encoder is None
    assert set(fitted.builtin.candidates.names) | set(fitted.builtin.skipped) == set(BY_EFFORT[effort])
