from __future__ import annotations

import math

import torch
from torch import nn

from latentfill.nn.training import TrainingSchedule, train


def plan(**changes: object) -> TrainingSchedule:
    settings = {"steps": 300, "learning_rate": 0.05, "check_every": 20, "patience": 3} | changes
    return TrainingSchedule(**settings)


def line_fit(held_out_slope: float, **changes: object):
    """Fit y = 2x with a held-out set that asks for another slope."""
    net = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(net.weight)
    x = torch.linspace(-1, 1, 32)[:, None]

    def loss() -> torch.Tensor:
        return (net(x) - 2 * x).square().mean()

    def held_out() -> float:
        return float((net(x) - held_out_slope * x).square().mean())

    history = train(net, loss, held_out, plan(**changes), stage="line")
    return net, history


def test_training_reaches_the_answer_and_leaves_the_module_frozen():
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


def test_without_held_out_cells_the_last_weights_are_kept():
    net = nn.Linear(1, 1)
    history = train(net, lambda: (net.bias - 1).square().sum(), None, plan(steps=150), stage="bias")
    assert history.held_out == ()
    assert abs(net.bias.item() - 1) < 0.1


def test_a_diverging_run_keeps_the_weights_from_before():
    net = nn.Linear(1, 1, bias=False)
    nn.init.ones_(net.weight)
    calls = 0

    def loss() -> torch.Tensor:
        nonlocal calls
        calls += 1
        return net.weight.sum() * (math.nan if calls > 30 else 1)

    train(net, loss, lambda: float(net.weight.abs().sum()), plan(steps=200), stage="nan")
    assert torch.isfinite(net.weight).all()


def test_the_last_progress_says_done_also_when_stopped_early():
    seen = []
    net = nn.Linear(1, 1)
    history = train(
        net, lambda: net.bias.square().sum(), lambda: 1.0 + len(seen), plan(), stage="x", progress=seen.append
    )
    assert history.steps < 300
    assert (seen[-1].step, seen[-1].steps, seen[-1].seconds_left) == (history.steps, history.steps, 0.0)
