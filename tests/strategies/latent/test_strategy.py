from __future__ import annotations

import numpy as np
import pytest
import torch

from latentfill.core.config import Config
from latentfill.embeddings.protocols.encoder import Encoded, EncoderShape
from latentfill.strategies.latent.strategy import LatentStrategy
from latentfill.strategies.protocols.strategy import StrategySpec
from latentfill.windows.windows import ScaledSeries, Windows

L, C, D = 12, 2, 3


class ZeroEncoder:
    """An encoder that returns zeros for every window."""

    shape = EncoderShape(columns=C, dim=D, decodes=False)

    def encode(self, windows: Windows) -> Encoded:
        return Encoded(torch.zeros(len(windows), C, D))


def latent(**settings: object) -> LatentStrategy:
    """A strategy whose decoder is linear in z: the level plus three basis functions."""
    config = Config(length=L, stride=4, width=8, blocks=1, kernel=3, latent_pull=1e-4, latent_head="conv", **settings)
    spec = StrategySpec(config=config, columns=C, phases=0, encoder_shape=ZeroEncoder.shape)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        strategy = LatentStrategy.unfitted(spec, 0)
    decoder = strategy.decoder.net.head.decoder
    decoder.layer.weight.data.copy_(basis())
    decoder.layer.bias.data.zero_()
    strategy.decoder.net.eval().requires_grad_(False)
    return strategy


def basis() -> torch.Tensor:
    """Three basis functions over the steps of a window, (L, D)."""
    step = torch.arange(L) / L
    return torch.stack([(2 * torch.pi * k * step).sin() for k in (1, 2, 3)], dim=1)


def windows(n: int = 40) -> Windows:
    """Windows with gaps that the decoder can reproduce exactly."""
    rng = np.random.default_rng(1)
    values = (basis().numpy() @ rng.normal(size=(n, D, C))).reshape(n * L, C)
    values[rng.random(values.shape) < 0.25] = np.nan
    return ScaledSeries(values, np.zeros((n * L, 0))).cut(np.arange(0, n * L, L), L)


def error(strategy: LatentStrategy, batch: Windows, cells: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean((strategy.estimate(batch, ZeroEncoder()).values[0] - truth)[cells] ** 2))


@pytest.mark.parametrize("optimiser", ["adam", "lbfgs"])
def test_optimising_z_reproduces_the_observed_cells(optimiser: str):
    strategy = latent(latent_optimiser=optimiser, latent_steps=400, latent_tolerance=1e-4)
    batch = windows()
    observed = batch.observed
    before = error(latent(latent_steps=1, latent_rate=1e-9), batch, observed, batch.values)
    assert error(strategy, batch, observed, batch.values) < 0.05 * before


def test_optimising_z_does_not_change_the_decoder():
    strategy = latent()
    before = {name: w.clone() for name, w in strategy.decoder.net.state_dict().items()}
    strategy.estimate(windows(), ZeroEncoder())
    for name, weight in strategy.decoder.net.state_dict().items():
        assert torch.equal(weight, before[name]), name


@pytest.mark.parametrize("start", ["encoder", "zero", "random"])
def test_every_start_leads_to_the_same_estimate(start: str):
    batch = windows()
    found = latent(latent_start=start, latent_steps=600, latent_tolerance=1e-6).estimate(batch, ZeroEncoder()).values[0]
    expected = latent(latent_steps=600, latent_tolerance=1e-6).estimate(batch, ZeroEncoder()).values[0]
    assert np.abs(found - expected)[batch.observed].mean() < 0.05


def test_each_window_is_optimised_by_itself():
    batch = windows()
    together = latent().estimate(batch, ZeroEncoder()).values[0]
    alone = latent().estimate(batch.take(slice(7, 8)), ZeroEncoder()).values[0]
    np.testing.assert_allclose(alone[0], together[7], atol=0.02)


def test_more_restarts_are_never_worse_on_the_observed_cells():
    batch = windows()
    few, many = (latent(latent_steps=20, latent_restarts=n) for n in (1, 5))
    assert error(many, batch, batch.observed, batch.values) <= error(few, batch, batch.observed, batch.values) + 1e-9


def test_diverging_runs_give_finite_estimates_and_unconverged_windows_are_counted():
    strategy = latent(latent_rate=1e30, latent_steps=30)
    batch = windows()
    found = strategy.estimate(batch, ZeroEncoder()).values[0]
    assert np.isfinite(found).all()
    assert np.abs(found).max() < 10
    slow = latent(latent_rate=0.01, latent_steps=20)
    slow.estimate(batch, ZeroEncoder())
    assert slow.windows == len(batch)
    assert slow.not_converged > len(batch) / 2


def test_a_strong_pull_keeps_z_at_its_start():
    batch = windows()
    config = {"latent_steps": 100}
    pulled = LatentStrategy(Config(length=L, stride=4, latent_pull=1e6, **config), latent().decoder)
    start = latent(latent_steps=1, latent_rate=1e-9)
    np.testing.assert_allclose(
        pulled.estimate(batch, ZeroEncoder()).values, start.estimate(batch, ZeroEncoder()).values, atol=0.05
    )


def test_no_windows_give_no_estimates():
    assert latent().estimate(windows().take(slice(0)), ZeroEncoder()).values.shape == (1, 0, L, C)
