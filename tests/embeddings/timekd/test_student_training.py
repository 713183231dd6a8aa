from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from latentfill.embeddings.protocols.record import Embeddings, Provenance
from latentfill.embeddings.timekd.distil_data import DistilData
from latentfill.embeddings.timekd.distil_loss import LossWeights
from latentfill.embeddings.timekd.distil_settings import DistilSettings
from latentfill.embeddings.timekd.forecasts import ForecastWindows, forecast_errors
from latentfill.embeddings.timekd.student_training import fit_student
from latentfill.embeddings.timekd.teacher_vectors import TeacherVectors

CPU = torch.device("cpu")
SETTINGS = DistilSettings(dim=16, layers=1, heads=2, steps=120, batch=16, check_every=40, learning_rate=1e-2)


def waves(steps: int = 300) -> np.ndarray:
    """Two noisy daily waves, some cells missing."""
    rng = np.random.default_rng(0)
    angle = 2 * np.pi * np.arange(steps) / 24
    values = np.stack([np.sin(angle), np.cos(angle)], axis=1) + rng.normal(0, 0.1, (steps, 2))
    values[rng.random(values.shape) < 0.1] = np.nan
    return values


def windows(values: np.ndarray, first: int = 0, last: int = 200) -> ForecastWindows:
    return ForecastWindows(values, np.arange(first, last), length=24, pred_len=6)


def data(train: ForecastWindows, check: ForecastWindows, teacher: TeacherVectors | None = None) -> DistilData:
    return DistilData(train, check, check, teacher)


def test_training_improves_forecasts():
    values = waves()
    train, check = windows(values), windows(values, 230, 270)
    short, _ = fit_student(data(train, check), replace(SETTINGS, steps=1), seed=0, device=CPU)
    long, history = fit_student(data(train, check), SETTINGS, seed=0, device=CPU)
    assert forecast_errors(long, check, CPU).mse < 0.5 * forecast_errors(short, check, CPU).mse
    assert history.held_out[-1] < history.held_out[0]
    assert history.held_out[history.best] == pytest.approx(forecast_errors(long, check, CPU).mse)


def future_of(train: ForecastWindows) -> TeacherVectors:
    """A teacher whose vectors are the steps after each window."""
    future = train.batch(CPU).future.nan_to_num().transpose(1, 2).numpy()
    stored = Embeddings(future, train.starts, Provenance(encoder="made up", source="here"))
    return TeacherVectors.of(stored, np.arange(len(train)))


def test_a_teacher_that_knows_the_future_improves_the_student():
    values = waves()
    train, check = windows(values), windows(values, 230, 270)
    with_teacher, history = fit_student(data(train, check, future_of(train)), SETTINGS, seed=0, device=CPU)
    without_teacher, _ = fit_student(data(train, check), SETTINGS, seed=0, device=CPU)
    errors = [forecast_errors(net, check, CPU).mse for net in (with_teacher, without_teacher)]
    assert history.held_out[-1] < history.held_out[0]
    assert errors[0] != errors[1]
    assert errors[0] < 1.1 * errors[1]


def test_a_teacher_with_zero_weights_does_not_change_the_student():
    """Both start from the same weights and see the same windows, so they differ only by the teacher."""
    values = waves()
    train, check = windows(values), windows(values, 230, 270)
    weights = LossWeights(reconstruction=0, feature=0, attention=0)
    zero_weights = replace(SETTINGS, dropout=0.0, steps=20, weights=weights)
    with_teacher, _ = fit_student(data(train, check, future_of(train)), zero_weights, seed=0, device=CPU)
    without_teacher, _ = fit_student(data(train, check), zero_weights, seed=0, device=CPU)
    errors = [forecast_errors(net, check, CPU).mse for net in (with_teacher, without_teacher)]
    assert errors[0] == pytest.approx(errors[1], rel=1e-4)


def test_without_observed_validation_cells_training_does_not_stop_early():
    values = waves()
    values[250:] = np.nan
    _, history = fit_student(data(windows(values), windows(values, 244, 260)), SETTINGS, seed=0, device=CPU)
    assert (history.steps, history.held_out) == (120, ())


def test_gaps_and_missing_columns_leave_the_weights_finite():
    values = waves()
    values[:, 1] = np.nan
    values[50:120] = np.nan  # windows and futures without observed cells
    net, _ = fit_student(data(windows(values), windows(values, 230, 270)), SETTINGS, seed=0, device=CPU)
    assert all(torch.isfinite(weight).all() for weight in net.state_dict().values())


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    values = waves()
    train, check = windows(values), windows(values, 230, 270)
    teacher = future_of(train)
    short = replace(SETTINGS, steps=5)
    nets = [
        fit_student(data(train, check, teacher), short, seed=seed, device=CPU)[0].state_dict() for seed in (1, 1, 2)
    ]
    assert all(torch.equal(nets[0][name], nets[1][name]) for name in nets[0])
    assert not torch.equal(nets[0]["token.weight"], nets[2]["token.weight"])
