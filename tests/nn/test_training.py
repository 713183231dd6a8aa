from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from latentfill.nn import training
from latentfill.nn.losses import Loss
from latentfill.nn.optimiser import AdamW
from latentfill.nn.progress import History, OutOfTimeError, Stage, TrainingProgress
from latentfill.nn.training import FINAL_SHARE, WARM_UP_STEPS, Objective, TrainingSchedule, train


def schedule(**changes: object) -> TrainingSchedule:
    settings = {"steps": 300, "learning_rate": 0.05, "check_every": 20, "patience": 3} | changes
    return TrainingSchedule(**settings)


def line_fit(held_out_slope: float, **changes: object) -> tuple[nn.Linear, History]:
    """Fit y = 2x, with held-out data of another slope."""
    net = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(net.weight)
    x = torch.linspace(-1, 1, 32)[:, None]

    def loss() -> Loss:
        return Loss.of_mean((net(x) - 2 * x).square().mean())

    def held_out() -> float:
        return float((net(x) - held_out_slope * x).square().mean())

    return net, train(net, Objective(loss, held_out), schedule(**changes), Stage("line"))


def test_training_reaches_the_minimum_and_freezes_the_module():
    net, history = line_fit(2.0)
    assert abs(net.weight.item() - 2) < 0.05
    assert not net.training
    assert not net.weight.requires_grad
    assert history.steps == 300


def test_training_stops_when_held_out_error_rises_and_keeps_the_best_weights():
    net, history = line_fit(0.5, steps=1000)
    assert history.steps < 1000
    assert len(history.held_out) - 1 - history.best == 3
    assert abs(net.weight.item() - 0.5) < 0.5 < 2 - net.weight.item()


def test_the_kept_weights_have_the_lowest_measured_error():
    net, history = line_fit(0.5, steps=1000)
    x = torch.linspace(-1, 1, 32)[:, None]
    assert float((net(x) - 0.5 * x).square().mean()) == history.held_out[history.best] == min(history.held_out)


def test_without_held_out_cells_the_last_weights_are_kept():
    net = nn.Linear(1, 1)
    history = train(
        net, Objective(lambda: Loss.of_mean((net.bias - 1).square().sum()), None), schedule(steps=150), Stage("bias")
    )
    assert history.held_out == ()
    assert abs(net.bias.item() - 1) < 0.1


def test_a_diverging_run_keeps_the_best_earlier_weights():
    net = nn.Linear(1, 1, bias=False)
    nn.init.ones_(net.weight)
    calls = 0

    def loss() -> Loss:
        nonlocal calls
        calls += 1
        return Loss.of_mean(net.weight.sum() * (math.nan if calls > 30 else 1))

    train(net, Objective(loss, lambda: float(net.weight.abs().sum())), schedule(steps=200), Stage("nan"))
    assert torch.isfinite(net.weight).all()


def test_the_last_progress_report_is_complete_even_after_early_stopping():
    reports: list[TrainingProgress] = []
    net = nn.Linear(1, 1)
    objective = Objective(lambda: Loss.of_mean(net.bias.square().sum()), lambda: 1.0 + len(reports))
    history = train(net, objective, schedule(), Stage("x", reports.append))
    assert history.steps < 300
    assert (reports[-1].step, reports[-1].steps, reports[-1].seconds_left) == (history.steps, history.steps, 0.0)
    assert {progress.stage for progress in reports} == {"x"}


def test_training_that_would_miss_its_deadline_raises():
    net = nn.Linear(1, 1)
    objective = Objective(lambda: Loss.of_mean(net.bias.square().sum()), None)
    with pytest.raises(OutOfTimeError, match="late"):
        train(net, objective, schedule(deadline=0.0), Stage("late"))


def test_the_learning_rate_warms_up_and_then_falls_along_a_cosine():
    planned = schedule(steps=1000)
    shares = [planned.share_of_peak(step) for step in range(1, 1001)]
    assert shares[0] == pytest.approx(1 / WARM_UP_STEPS, rel=1e-4)
    assert shares.index(max(shares)) == WARM_UP_STEPS - 1
    assert shares[499] == pytest.approx((1 + FINAL_SHARE) / 2)
    assert shares[-1] == pytest.approx(FINAL_SHARE)


def test_each_step_is_taken_at_the_learning_rate_of_the_schedule(monkeypatch: pytest.MonkeyPatch):
    rates = []

    class Recorded(AdamW):
        def step(self, gradient: torch.Tensor, rate: float) -> None:
            rates.append(rate)
            super().step(gradient, rate)

    monkeypatch.setattr(training, "AdamW", Recorded)
    net, planned = nn.Linear(1, 1), schedule(steps=150)
    train(net, Objective(lambda: Loss.of_mean(net.bias.square().sum()), None), planned, Stage("x"))
    assert rates == [0.05 * planned.share_of_peak(step) for step in range(1, 151)]
