from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from latentfill.core.config import Config
from latentfill.embeddings.protocols.encoder import Encoded, EncoderShape
from latentfill.strategies.denoise.decoder import KNOTS, USUAL
from latentfill.strategies.denoise.strategy import DenoiseStrategy
from latentfill.strategies.kriging.kriging import Kriging
from latentfill.strategies.neighbours.window_bank import WindowBank
from latentfill.strategies.protocols.strategy import StrategySpec
from latentfill.windows.training_data import HeldOutWindows
from latentfill.windows.windows import ScaledSeries, Windows, cut

L, C = 12, 2


class Slopes:
    """An encoder of one number per column: how much higher its window ends than it begins."""

    shape = EncoderShape(columns=C, dim=1, decodes=False)

    def encode(self, windows: Windows) -> Encoded:
        values = torch.tensor(windows.values, dtype=torch.float32).nan_to_num()
        return Encoded((values[:, L // 2 :].mean(1) - values[:, : L // 2].mean(1))[:, :, None])


def series() -> np.ndarray:
    step = np.arange(200.0)
    noise = 0.1 * np.random.default_rng(0).normal(size=(200, C))
    return np.column_stack([np.sin(step / 3), np.cos(step / 3)]) + noise


def windows_of(values: np.ndarray) -> Windows:
    return ScaledSeries(values, np.zeros((len(values), 0))).cut(np.arange(len(values) - L + 1), L)


def untrained(values: np.ndarray, **settings: object) -> DenoiseStrategy:
    windows = windows_of(values)
    nothing = HeldOutWindows(windows, cut(np.full_like(values, np.nan), windows.starts, L))
    kriging = Kriging(L, C, 0)
    kriging.fit(ScaledSeries(values, np.zeros((len(values), 0))), nothing)
    neighbours = WindowBank.of(windows, Slopes(), torch.device("cpu"))
    config = Config(length=L, stride=4, width=8, blocks=1, kernel=3, **settings)
    device = torch.device("cpu")
    setting = StrategySpec(config=config, columns=C, phases=0, encoder_shape=Slopes.shape, device=device)
    return DenoiseStrategy(setting, kriging, neighbours)


def with_gaps() -> Windows:
    windows = windows_of(series())
    return windows.without(np.random.default_rng(1).random(windows.values.shape) < 0.4)


def test_an_untrained_decoder_returns_the_estimate_of_kriging():
    strategy, windows = untrained(series(), head="mlp"), with_gaps()
    expected = strategy.kriging.estimate(windows).mean.numpy()
    for found in strategy.estimate(windows, Slopes()).values:
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_without_context_it_starts_from_the_level_of_what_is_observed():
    strategy, windows = untrained(series(), head="mlp", context="none"), with_gaps()
    assert strategy.estimate_names == ("denoise",)
    (decoded,) = strategy.estimate(windows, Slopes()).values
    level = np.nanmean(windows.values, axis=1, keepdims=True)
    np.testing.assert_allclose(decoded, np.broadcast_to(level, decoded.shape), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "k"), [({"neighbours": 3}, 3), ({"neighbours": 0}, 0), ({"neighbours": 3, "context": "none"}, 0)]
)
def test_neighbours_are_seen_if_asked_for_and_with_context_only(settings: dict[str, object], k: int):
    strategy = untrained(series(), **settings)
    assert strategy.k == k
    assert (strategy.net.head.near_gate is not None) == (k > 0)


def test_a_bank_without_windows_is_not_used():
    strategy = untrained(np.full((50, C), np.nan))
    assert strategy.k == 0
    assert np.isfinite(strategy.estimate(with_gaps(), Slopes()).values).all()


def test_where_neighbours_give_nothing_kriging_stands_in():
    """The series is two windows long, so that every window overlaps the one in the middle."""
    values = series()[: 2 * L]
    strategy = untrained(values, neighbours=4)
    torch.nn.init.constant_(strategy.net.head.near_gate.bias, 100.0)  # all is taken from the neighbours
    middle = windows_of(values).take(np.array([L // 2]))
    middle = middle.without(np.arange(L)[:, None] == np.array([[3, 7]]))
    kriged, decoded = strategy.estimate(middle, Slopes()).values
    np.testing.assert_allclose(decoded, kriged, rtol=1e-5, atol=1e-5)


def test_the_mean_of_the_neighbours_is_taken_as_far_as_the_gate_is_open():
    strategy, windows = untrained(series(), neighbours=4), with_gaps()
    torch.nn.init.constant_(strategy.net.head.near_gate.bias, 100.0)
    strategy.neighbours.values.fill_(7.0)
    kriged, decoded = strategy.estimate(windows.without(np.ones(windows.values.shape, dtype=bool)), Slopes()).values
    np.testing.assert_allclose(decoded, 7.0, rtol=1e-5)
    assert np.abs(kriged).max() < 2


def test_more_windows_than_are_estimated_at_a_time_keep_their_order(monkeypatch: pytest.MonkeyPatch):
    strategy, windows = untrained(series()), with_gaps()
    strategy.net.eval()
    whole = strategy.estimate(windows, Slopes()).values
    monkeypatch.setattr("latentfill.strategies.denoise.strategy.BATCH", 50)
    np.testing.assert_allclose(strategy.estimate(windows, Slopes()).values, whole, rtol=1e-4, atol=1e-5)


def test_no_windows_give_no_estimates():
    for found in untrained(series()).estimate(with_gaps().take(slice(0)), Slopes()).values:
        assert found.shape == (0, L, C)


def test_the_decoder_is_trusted_as_far_as_held_out_windows_allow():
    """Here it adds one everywhere, which is right where little is known, and of no use where much is."""
    strategy, windows = untrained(series(), head="mlp"), with_gaps()
    _, given = strategy.inputs_for(windows, Slopes())
    spread = torch.where(torch.arange(L)[None, :, None] < L // 2, KNOTS[0], KNOTS[-1]).expand(given.base.shape)
    given = replace(given, spread=spread)
    torch.nn.init.constant_(strategy.net.head.outlet.bias, 1.0)
    truth = torch.where(spread == KNOTS[-1], given.base + spread, given.base)
    before = strategy.net(given)
    torch.testing.assert_close(before, given.base + spread)
    strategy.net.learn_trust(given, truth, ~given.observed)
    assert strategy.net.trust[0] < 0.3
    assert strategy.net.trust[-1] > 0.7
    added = (strategy.net(given) - given.base) / spread
    torch.testing.assert_close(added[:, 0, 0], strategy.net.trust[0].expand(len(added)))
    torch.testing.assert_close(added[:, -1, 0], strategy.net.trust[-1].expand(len(added)))


def test_a_level_beyond_what_is_usual_is_shown_as_the_last_usual_one():
    decoder = untrained(series()).net
    levels = torch.stack([torch.arange(101.0), -torch.arange(101.0)], dim=1)
    decoder.measure(torch.randn(101, C, 1), levels)
    low, high = (100 * share for share in USUAL)
    held = decoder.clip_level(torch.tensor([[50.0, -50.0], [1e6, -1e6], [-1e6, 1e6]]))
    torch.testing.assert_close(held, torch.tensor([[50.0, -50.0], [high, -high], [low, -low]]))
