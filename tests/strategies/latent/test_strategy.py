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


class Silent:
    """An encoder that knows nothing: zeros for every window."""

    shape = EncoderShape(columns=C, dim=D, decodes=False)

    def encode(self, windows: Windows) -> Encoded:
        return Encoded(torch.zeros(len(windows), C, D))


def latent(**settings: object) -> LatentStrategy:
    """A strategy whose decoder is linear in z: level plus three fixed courses."""
    config = Config(length=L, stride=4, width=8, blocks=1, kernel=3, latent_pull=1e-4, latent_head="conv", **settings)
    setting = StrategySpec(config=config, columns=C, phases=0, encoder_shape=Silent.shape, device=torch.device("cpu"))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = LatentStrategy.unfitted(setting, 0)
    decoder = made.decoder.net.head.decoder
    decoder.layer.weight.data.copy_(courses())
    decoder.layer.bias.data.zero_()
    made.decoder.net.eval().requires_grad_(False)
    return made


def courses() -> torch.Tensor:
    """Three courses over the steps of a window, (L, D)."""
    step = torch.arange(L) / L
    return torch.stack([(2 * torch.pi * k * step).sin() for k in (1, 2, 3)], dim=1)


def windows(n: int = 40) -> Windows:
    """Windows that the decoder can make exactly, some cells of each missing."""
    rng = np.random.default_rng(1)
    values = (courses().numpy() @ rng.normal(size=(n, D, C))).reshape(n * L, C)
    values[rng.random(values.shape) < 0.25] = np.nan
    return ScaledSeries(values, np.zeros((n * L, 0))).cut(np.arange(0, n * L, L), L)


def error(made: LatentStrategy, asked: Windows, cells: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean((made.estimate(asked, Silent()).values[0] - truth)[cells] ** 2))


@pytest.mark.parametrize("optimiser", ["adam", "lbfgs"])
def test_z_is_moved_until_the_observed_cells_agree(optimiser: str):
    made = latent(latent_optimiser=optimiser, latent_steps=400, latent_tolerance=1e-4)
    asked = windows()
    observed = asked.observed
    before = error(latent(latent_steps=1, latent_rate=1e-9), asked, observed, asked.values)
    assert error(made, asked, observed, asked.values) < 0.05 * before


def test_the_decoder_stays_as_it_is_bit_for_bit():
    made = latent()
    before = {name: w.clone() for name, w in made.decoder.net.state_dict().items()}
    made.estimate(windows(), Silent())
    for name, weight in made.decoder.net.state_dict().items():
        assert torch.equal(weight, before[name]), name


@pytest.mark.parametrize("start", ["encoder", "zero", "random"])
def test_from_every_start_it_ends_in_the_same_place(start: str):
    asked = windows()
    found = latent(latent_start=start, latent_steps=600, latent_tolerance=1e-6).estimate(asked, Silent()).values[0]
    expected = latent(latent_steps=600, latent_tolerance=1e-6).estimate(asked, Silent()).values[0]
    assert np.abs(found - expected)[asked.observed].mean() < 0.05


def test_each_window_is_optimised_by_itself():
    asked = windows()
    together = latent().estimate(asked, Silent()).values[0]
    alone = latent().estimate(asked.take(slice(7, 8)), Silent()).values[0]
    np.testing.assert_allclose(alone[0], together[7], atol=0.02)


def test_more_restarts_are_never_worse_on_the_observed_cells():
    asked = windows()
    few, many = (latent(latent_steps=20, latent_restarts=n) for n in (1, 5))
    assert error(many, asked, asked.observed, asked.values) <= error(few, asked, asked.observed, asked.values) + 1e-9


def test_a_run_that_diverges_does_no_harm_and_is_reported():
    made = latent(latent_rate=1e30, latent_steps=30)
    asked = windows()
    found = made.estimate(asked, Silent()).values[0]
    assert np.isfinite(found).all()
    assert np.abs(found).max() < 10
    slow = latent(latent_rate=0.01, latent_steps=20)
    slow.estimate(asked, Silent())
    assert slow.windows == len(asked)
    assert slow.not_converged > len(asked) / 2


def test_a_strong_pull_keeps_z_where_it_starts():
    asked = windows()
    config = {"latent_steps": 100}
    held = LatentStrategy(Config(length=L, stride=4, latent_pull=1e6, **config), latent().decoder)
    start = latent(latent_steps=1, latent_rate=1e-9)
    np.testing.assert_allclose(held.estimate(asked, Silent()).values, start.estimate(asked, Silent()).values, atol=0.05)


def test_no_windows_give_no_estimates():
    assert latent().estimate(windows().take(slice(0)), Silent()).values.shape == (1, 0, L, C)
