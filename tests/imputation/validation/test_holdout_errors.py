"""Errors of candidates on held-out cells."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.config import Config
from latentfill.imputation.validation import holdout_errors as module
from latentfill.imputation.validation.holdout import HeldOutSeries
from latentfill.imputation.validation.holdout_errors import HoldoutErrors, errors_at, measure
from latentfill.strategies.candidates import Candidates, Estimates
from latentfill.strategies.protocols.strategy import StrategySpec, TrainingInputs
from latentfill.windows.windows import ScaledSeries

NAN = np.nan


def test_a_candidate_without_an_estimate_gets_the_error_of_the_first_that_has_one():
    truth = np.array([2.0, 30.0])
    estimates = np.array([[3.0, 31.0], [NAN, 28.0]])
    np.testing.assert_allclose(errors_at(estimates, truth), [[1, 1], [1, -2]])


def test_cells_that_no_candidate_estimates_are_left_out():
    truth = np.array([[1.0], [2.0], [3.0], [4.0]])
    hidden = np.array([[False], [True], [True], [False]])
    visible = np.where(hidden, NAN, truth)
    estimates = np.array([[[NAN], [2.5], [NAN], [NAN]], [[NAN], [1.0], [NAN], [NAN]]])
    result = HoldoutErrors.of(Estimates(estimates, np.full((4, 1), NAN), np.zeros((4, 1))), hidden, truth, visible)
    assert result.cells.step.tolist() == [1]
    np.testing.assert_allclose(result.errors, [[0.5], [-1.0]])
    assert result.known.all()


@pytest.mark.parametrize("tuning", [True, False])
def test_only_tuning_cells_count_as_unseen(monkeypatch: pytest.MonkeyPatch, tuning: bool):
    """Without tuning cells, no round of hiding takes their place."""
    rng = np.random.default_rng(0)
    series = ScaledSeries(rng.normal(size=(300, 2)), np.zeros((300, 0)))
    held = rng.random((300, 2)) < 0.1
    some = held & (rng.random(held.shape) < 0.5)
    held_out = HeldOutSeries(series, some if tuning else np.zeros_like(held), held & ~some, seed=0)
    spec = StrategySpec(config=Config(length=24), columns=2, phases=0, encoder_shape=None)
    inputs = TrainingInputs(data=held_out.training_data(np.arange(277), 24), encoder=None)
    candidates, _ = Candidates.fit(("linear", "mean"), spec, inputs)
    seen = []
    monkeypatch.setattr(module, "without_optimism", lambda errors, cells, unseen: seen.append(unseen) or errors)
    measure(candidates, None, held_out, np.arange(0, 277, 12))
    assert seen[0].sum() == (some.sum() if tuning else 0)
    assert not seen[0].all()


def test_windows_that_are_filled_alone_see_no_cell_outside():
    """A run that reaches over the end of a window is interpolated inside, but extrapolated in windows alone."""
    rng = np.random.default_rng(0)
    values = np.cumsum(rng.normal(size=(200, 1)), axis=0)
    tuning = np.zeros(values.shape, dtype=bool)
    tuning[15:25] = tuning[65:69] = True
    held_out = HeldOutSeries(ScaledSeries(values, np.zeros((200, 0))), tuning, np.zeros_like(tuning), seed=0)
    config = Config(strategy="linear", length=20, stride=5)
    spec = StrategySpec(config=config, columns=1, phases=0, encoder_shape=None)
    starts = np.arange(0, 181, 5)
    inputs = TrainingInputs(data=held_out.training_data(starts, 20), encoder=None)
    candidates, _ = Candidates.fit(("linear",), spec, inputs)
    whole, alone = (measure(candidates, None, held_out, starts, alone=alone).learn for alone in (False, True))
    unseen = [errors.where(np.arange(len(errors.cells)) < tuning.sum()) for errors in (whole, alone)]
    hidden = np.where(tuning, NAN, values)
    line = np.interp(np.arange(15, 25), [14, 25], values[[14, 25], 0])
    np.testing.assert_allclose(unseen[0].errors[0, :10], line - values[15:25, 0])
    ends = np.repeat(hidden[[14, 25], 0], 5)
    np.testing.assert_allclose(unseen[1].errors[0, :10], ends - values[15:25, 0])
    np.testing.assert_allclose(unseen[1].errors[0, 10:], unseen[0].errors[0, 10:])
    assert len(np.unique(unseen[1].cells.gap_number)) == 3
