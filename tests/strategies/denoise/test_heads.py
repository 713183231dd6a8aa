from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from latentfill.strategies.denoise.head_input import HeadInput, HeadSize
from latentfill.strategies.denoise.heads import StepHead, make_head
from latentfill.strategies.denoise.trunks import TRUNKS, TimeConv, WindowDropout

STEP_HEADS = sorted(TRUNKS)
HEADS = [*STEP_HEADS, "mlp"]

B, L, C, D, P = 4, 12, 3, 8, 2


def size(**changes: object) -> HeadSize:
    base = HeadSize(
        length=L,
        columns=C,
        phases=P,
        z_columns=C,
        z_dim=D,
        context=True,
        neighbours=False,
        width=16,
        blocks=2,
        kernel=5,
        dropout=0.2,
    )
    return dataclasses.replace(base, **changes)


def head_input(**changes: object) -> HeadInput:
    torch.manual_seed(1)
    base = HeadInput(
        z=torch.randn(B, C, D),
        decoded=torch.randn(B, L, C),
        level=torch.randn(B, C),
        usual_level=torch.randn(B, C),
        base=torch.randn(B, L, C),
        residual=torch.randn(B, L, C),
        spread=torch.rand(B, L, C) + 0.1,
        line=torch.randn(B, L, C),
        before=torch.randn(B, L, C),
        after=torch.randn(B, L, C),
        back=1 + torch.rand(B, L, C),
        ahead=1 + torch.rand(B, L, C),
        observed=torch.rand(B, L, C) > 0.3,
        clock=torch.randn(B, L, P),
        neighbour_mean=torch.randn(B, L, C),
        neighbour_spread=torch.rand(B, L, C),
    )
    return dataclasses.replace(base, **changes)


def heads(**changes: object) -> dict[str, torch.nn.Module]:
    return {name: make_head(name, size(**changes), decodes=False).eval() for name in HEADS}


def trained(head: torch.nn.Module) -> torch.nn.Module:
    """The head with random weights in the layers that are initialised with zeros."""
    for name in ("outlet", "residual", "gate", "near_gate"):
        layer = getattr(head, name, None)
        if layer is not None:
            torch.nn.init.normal_(layer.weight)
    return head


def test_an_untrained_mlp_head_returns_the_base():
    start = head_input()
    torch.testing.assert_close(heads()["mlp"](start), start.base, rtol=0, atol=0)


@pytest.mark.parametrize("name", STEP_HEADS)
def test_an_untrained_step_head_with_nearly_closed_gates_returns_about_the_base(name: str):
    start, open_by = head_input(), 1 / (1 + math.exp(3))
    torch.testing.assert_close(heads()[name](start), start.base + open_by * (start.decoded - start.base))
    moved = start.base + open_by * (start.decoded - start.base)
    torch.testing.assert_close(heads(neighbours=True)[name](start), moved + open_by * (start.neighbour_mean - moved))


@pytest.mark.parametrize("name", STEP_HEADS)
def test_an_untrained_step_head_without_context_returns_the_decoded_window(name: str):
    start = head_input()
    torch.testing.assert_close(heads(context=False)[name](start), start.decoded, rtol=0, atol=0)


@pytest.mark.parametrize("name", HEADS)
def test_corrections_of_the_base_are_in_units_of_its_spread(name: str):
    """Cells with a spread of zero stay as they are."""
    head = trained(heads()[name])
    if name != "mlp":
        torch.nn.init.constant_(head.gate.bias, -1e4)  # closed, whatever the weights are
    start = head_input()
    start.spread[:, ::2] = 0.0
    found = head(start)
    torch.testing.assert_close(found[:, ::2], start.base[:, ::2], rtol=0, atol=0)
    assert (found[:, 1::2] != start.base[:, 1::2]).all()


SEEN = ("decoded", "level", "base", "residual", "spread", "line", "before", "after", "back", "ahead", "clock")


@pytest.mark.parametrize("name", STEP_HEADS)
@pytest.mark.parametrize("part", SEEN)
def test_a_step_head_with_context_sees_all_its_inputs(part: str, name: str):
    head, start = trained(heads(neighbours=True)[name]), head_input()
    other = dataclasses.replace(start, **{part: getattr(start, part) + 1})
    assert not torch.allclose(head(start), head(other))


def test_a_head_sees_an_embedding_only_as_its_decoded_window():
    start = head_input()
    other = dataclasses.replace(start, z=start.z + 1)
    with_encoder, decoding = trained(heads()["conv"]), trained(StepHead(size(), decodes=True).eval())
    torch.testing.assert_close(with_encoder(start), with_encoder(other), rtol=0, atol=0)
    assert not torch.allclose(decoding(start), decoding(other))


@pytest.mark.parametrize("part", ["neighbour_mean", "neighbour_spread"])
@pytest.mark.parametrize("neighbours", [False, True])
def test_only_a_head_with_neighbours_sees_the_neighbours(part: str, neighbours: bool):
    head, start = trained(heads(neighbours=neighbours)["conv"]), head_input()
    other = dataclasses.replace(start, **{part: getattr(start, part) + 1})
    assert torch.allclose(head(start), head(other)) != neighbours


@pytest.mark.parametrize("name", HEADS)
def test_without_context_a_head_sees_only_the_level_of_the_observed_cells(name: str):
    head = trained(heads(context=False)[name])
    start = head_input()
    start = dataclasses.replace(start, base=start.level[:, None].expand(B, L, C))  # as the strategy sets it
    other = dataclasses.replace(
        start,
        line=torch.randn(B, L, C),
        before=torch.randn(B, L, C),
        after=torch.randn(B, L, C),
        observed=torch.zeros(B, L, C, dtype=torch.bool),
        back=torch.ones(B, L, C),
        neighbour_mean=None,
        neighbour_spread=None,
    )
    torch.testing.assert_close(head(start), head(other), rtol=0, atol=0)
    assert not torch.allclose(head(start), head(dataclasses.replace(start, z=torch.zeros(B, C, D))))


def test_a_head_decodes_the_window_itself_if_the_encoder_cannot():
    head = StepHead(size(), decodes=True)
    assert head(head_input(decoded=None)).shape == (B, L, C)


def test_a_pooled_embedding_decodes_to_different_columns():
    head = trained(StepHead(size(z_columns=1), decodes=True).eval())
    decoded = head.decoder(torch.randn(B, 1, D))
    assert decoded.shape == (B, L, C)
    assert (decoded[:, :, 0] != decoded[:, :, 1]).all()
    assert head(head_input(z=torch.randn(B, 1, D), decoded=None)).shape == (B, L, C)


@pytest.mark.parametrize("name", STEP_HEADS)
@pytest.mark.parametrize("width", [3, 16])
def test_every_step_of_a_trunk_sees_earlier_and_later_steps(name: str, width: int):
    trunk = TRUNKS[name](width, 2, 5, 0.0).eval()
    x = torch.randn(2, L, width)
    found = trunk(x)
    assert found.shape == x.shape
    for away in (-1, 1):
        other = x.clone()
        other[:, 5 + away, 0] += 1
        assert not torch.allclose(trunk(other)[:, 5], found[:, 5])


@pytest.mark.parametrize("dilation", [1, 3])
def test_the_convolution_over_time_equals_torchs_conv1d(dilation: int):
    ours = TimeConv(6, 5, dilation)
    theirs = torch.nn.Conv1d(6, 6, 5, padding=2 * dilation, dilation=dilation, groups=6)
    theirs.weight.data, theirs.bias.data = ours.conv.weight.data[:, :, 0], ours.conv.bias.data
    x = torch.randn(3, 20, 6)
    torch.testing.assert_close(ours(x), theirs(x.mT).mT)


def test_window_dropout_drops_whole_channels_and_keeps_the_mean():
    x = torch.ones(200, 7, 50)
    dropped = WindowDropout(0.3).train()(x)
    assert (dropped == dropped[:, :1]).all()
    assert abs(float(dropped.mean()) - 1) < 0.03
    assert WindowDropout(0.3).eval()(x) is x
