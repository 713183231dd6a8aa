from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import latentfill
from latentfill.core.config import Config
from latentfill.embeddings.protocols.encoder import Encoded, EncoderShape
from latentfill.strategies.denoise.decoder import KNOTS, USUAL
from latentfill.strategies.denoise.head_input import HeadInput
from latentfill.strategies.denoise.strategy import DenoiseStrategy
from latentfill.strategies.kriging.kriging import Kriging
from latentfill.strategies.neighbours.window_bank import WindowBank
from latentfill.strategies.protocols.strategy import StrategySpec
from latentfill.windows.training_data import HeldOutWindows
from latentfill.windows.windows import ScaledSeries, Windows, cut

L, C = 12, 2


class Slopes:
    """An encoder of one number per column: the difference between the end and the start of its window."""

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
    spec = StrategySpec(config=config, columns=C, phases=0, encoder_shape=Slopes.shape)
    return DenoiseStrategy(spec, kriging, neighbours)


def with_gaps() -> Windows:
    windows = windows_of(series())
    return windows.without(np.random.default_rng(1).random(windows.values.shape) < 0.4)


def test_an_untrained_decoder_returns_the_estimate_of_kriging():
    strategy, windows = untrained(series(), head="mlp"), with_gaps()
    expected = strategy.kriging.estimate(windows).mean.numpy()
    for found in strategy.estimate(windows, Slopes()).values:
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_an_untrained_decoder_without_context_returns_the_level():
    strategy, windows = untrained(series(), head="mlp", context="none"), with_gaps()
    assert strategy.estimate_names == ("denoise",)
    (decoded,) = strategy.estimate(windows, Slopes()).values
    level = np.nanmean(windows.values, axis=1, keepdims=True)
    np.testing.assert_allclose(decoded, np.broadcast_to(level, decoded.shape), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "k"), [({"neighbours": 3}, 3), ({"neighbours": 0}, 0), ({"neighbours": 3, "context": "none"}, 0)]
)
def test_neighbours_are_used_only_if_configured_and_with_context(settings: dict[str, object], k: int):
    strategy = untrained(series(), **settings)
    assert strategy.k == k
    assert (strategy.net.head.near_gate is not None) == (k > 0)


def test_a_bank_without_windows_is_not_used():
    strategy = untrained(np.full((50, C), np.nan))
    assert strategy.k == 0
    assert np.isfinite(strategy.estimate(with_gaps(), Slopes()).values).all()


def test_where_all_neighbours_are_missing_kriging_is_used():
    """The series is two windows long, so that every window overlaps the middle window."""
    values = series()[: 2 * L]
    strategy = untrained(values, neighbours=4)
    torch.nn.init.constant_(strategy.net.head.near_gate.bias, 100.0)  # the gate is open: only the neighbours count
    middle = windows_of(values).take(np.array([L // 2]))
    middle = middle.without(np.arange(L)[:, None] == np.array([[3, 7]]))
    kriged, decoded = strategy.estimate(middle, Slopes()).values
    np.testing.assert_allclose(decoded, kriged, rtol=1e-5, atol=1e-5)


def test_the_gate_mixes_in_the_mean_of_the_neighbours():
    strategy, windows = untrained(series(), neighbours=4), with_gaps()
    torch.nn.init.constant_(strategy.net.head.near_gate.bias, 100.0)
    strategy.neighbours.values.fill_(7.0)
    strategy.net.eval()
    kriged, decoded = strategy.estimate(windows.without(np.ones(windows.values.shape, dtype=bool)), Slopes()).values
    np.testing.assert_allclose(decoded, 7.0, rtol=1e-5)
    assert np.abs(kriged).max() < 2


def test_estimates_of_several_batches_keep_their_order(monkeypatch: pytest.MonkeyPatch):
    strategy, windows = untrained(series()), with_gaps()
    strategy.net.eval()
    whole = strategy.estimate(windows, Slopes()).values
    monkeypatch.setattr("latentfill.strategies.denoise.strategy.BATCH", 50)
    np.testing.assert_allclose(strategy.estimate(windows, Slopes()).values, whole, rtol=1e-4, atol=1e-5)


def test_no_windows_give_no_estimates():
    for found in untrained(series()).estimate(with_gaps().take(slice(0)), Slopes()).values:
        assert found.shape == (0, L, C)


def test_trust_is_learnt_from_held_out_windows():
    """The decoder adds one spread everywhere, which is right at the largest spread and wrong at the smallest."""
    strategy, windows = untrained(series(), head="mlp"), with_gaps()
    _, head_input = strategy.inputs_for(windows, Slopes())
    spread = torch.where(torch.arange(L)[None, :, None] < L // 2, KNOTS[0], KNOTS[-1]).expand(head_input.base.shape)
    head_input = replace(head_input, spread=spread, usual_level=head_input.level)
    torch.nn.init.constant_(strategy.net.head.outlet.bias, 1.0)
    strategy.net.eval()
    truth = torch.where(spread == KNOTS[-1], head_input.base + spread, head_input.base)
    before = strategy.net(head_input)
    torch.testing.assert_close(before, head_input.base + spread)
    strategy.net.learn_trust(head_input, truth, ~head_input.observed)
    trust = strategy.net.trust[0]
    assert trust[0] < 0.3
    assert trust[-1] > 0.7
    added = (strategy.net(head_input) - head_input.base) / spread
    torch.testing.assert_close(added[:, 0, 0], trust[0].expand(len(added)))
    torch.testing.assert_close(added[:, -1, 0], trust[-1].expand(len(added)))


def test_what_z_adds_is_trusted_as_far_as_it_helps():
    """The head adds z, of random signs, in units of the spread."""
    strategy, windows = untrained(series(), head="mlp"), with_gaps()
    strategy.net.eval()
    _, head_input = strategy.inputs_for(windows, Slopes())
    z = torch.randn(len(windows), generator=torch.Generator().manual_seed(0)).sign()
    head_input = replace(head_input, z=z[:, None, None].expand_as(head_input.z))
    strategy.net.head = AddsZ()
    hidden = ~head_input.observed
    helps = head_input.base + 0.5 * z[:, None, None] * head_input.spread
    strategy.net.learn_trust(head_input, helps, hidden)
    torch.testing.assert_close(strategy.net.trust, torch.tensor([[0.0], [0.5]]).expand(2, len(KNOTS)), rtol=0, atol=0.1)
    luck = torch.randn(hidden.shape, generator=torch.Generator().manual_seed(1))
    strategy.net.learn_trust(head_input, head_input.base + luck * head_input.spread, hidden)
    assert strategy.net.trust[1].max() < 0.05


class AddsZ(torch.nn.Module):
    def forward(self, head_input: HeadInput) -> torch.Tensor:
        return head_input.base + head_input.z.mean(dim=(1, 2))[:, None, None] * head_input.spread


def test_without_z_an_input_has_nothing_of_the_embedding():
    strategy, windows = untrained(series(), neighbours=4), with_gaps()
    _, head_input = strategy.inputs_for(windows, Slopes())
    chosen = torch.arange(len(windows)) % 2 == 0
    without = head_input.without_z(chosen)
    assert (without.z[chosen] == 0).all()
    torch.testing.assert_close(without.neighbour_mean[chosen], head_input.base[chosen])
    for name in ("z", "neighbour_mean", "neighbour_spread"):
        torch.testing.assert_close(getattr(without, name)[~chosen], getattr(head_input, name)[~chosen])


def test_an_unusual_level_is_clipped_to_the_usual_range():
    decoder = untrained(series()).net
    levels = torch.stack([torch.arange(101.0), -torch.arange(101.0)], dim=1)
    decoder.measure(Encoded(torch.randn(101, C, 1)), levels)
    low, high = (100 * share for share in USUAL)
    clipped = decoder.clip_level(torch.tensor([[50.0, -50.0], [1e6, -1e6], [-1e6, 1e6]]))
    torch.testing.assert_close(clipped, torch.tensor([[50.0, -50.0], [high, -high], [low, -low]]))


def test_with_context_only_the_stored_embeddings_around_a_window_are_read():
    """The stored embedding of a window is its last step; the one around it, of two numbers, is all zeros."""
    windows = with_gaps()
    for context, expected in (("observed", torch.zeros(len(windows), C, 2)), ("none", LastSteps().encode(windows).z)):
        config = Config(length=L, context=context, neighbours=0, width=8, blocks=1)
        spec = StrategySpec(config=config, columns=C, phases=0, encoder_shape=LastSteps.shape)
        kriging = untrained(series()).kriging if context == "observed" else None
        strategy = DenoiseStrategy(spec, kriging, None)
        strategy.net.eval()
        seen = []
        strategy.net.register_forward_pre_hook(lambda _, given, seen=seen: seen.append(given[0].z))
        strategy.estimate(windows, LastSteps())
        torch.testing.assert_close(seen[0], expected)


class LastSteps:
    shape = EncoderShape(columns=C, dim=1, decodes=False, stored=True)

    def encode(self, windows: Windows) -> Encoded:
        return Encoded(torch.tensor(windows.values[:, -1], dtype=torch.float32).nan_to_num()[:, :, None])

    def around(self) -> Zeros:
        return Zeros()


class Zeros:
    shape = LastSteps.shape.around

    def encode(self, windows: Windows) -> Encoded:
        return Encoded(torch.zeros(len(windows), C, 2))


def products_of_training(**settings: object) -> set[tuple[bool, torch.dtype]]:
    """Whether a linear layer was in training mode, and the type of its output, for all layers that ran."""
    seen = set()

    def record(module: torch.nn.Module, _: object, output: torch.Tensor) -> None:
        if isinstance(module, torch.nn.Linear):
            seen.add((module.training, output.dtype))

    quick = {"length": L, "stride": 4, "width": 8, "blocks": 1, "kernel": 3, "encoder_steps": 5, "decoder_steps": 5}
    hook = torch.nn.modules.module.register_module_forward_hook(record)
    try:
        fitted = latentfill.Imputer(strategy="denoise", **quick, **settings).fit(series())
    finally:
        hook.remove()
    weights = [
        p
        for module in fitted.fitted_.builtin.candidates.by_name["denoise"].modules.values()
        for p in module.parameters()
    ]
    assert {weight.dtype for weight in weights} == {torch.float32}
    return seen


@pytest.mark.parametrize("head", ["mlp", "conv", "lstm", "transformer"])
def test_matrices_are_multiplied_in_bfloat16_only_in_training_and_only_if_it_is_set(head: str):
    in_single = {(True, torch.float32), (False, torch.float32)}
    assert products_of_training(head=head) == in_single
    assert products_of_training(head=head, bfloat16=True) == {(True, torch.bfloat16), (False, torch.float32)}
