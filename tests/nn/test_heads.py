from __future__ import annotations

import dataclasses

import pytest
import torch

from latentfill.nn.heads import ConvHead, HeadInput, HeadSize, MlpHead, WindowDropout

B, L, C, D, P = 4, 12, 3, 8, 2


def size(**changes: object) -> HeadSize:
    base = HeadSize(
        length=L, columns=C, phases=P, z_columns=C, z_dim=D, context=True, width=16, blocks=2, kernel=5, dropout=0.2
    )
    return dataclasses.replace(base, **changes)


def given(**changes: object) -> HeadInput:
    torch.manual_seed(1)
    base = HeadInput(
        z=torch.randn(B, C, D),
        coarse=torch.randn(B, L, C),
        level=torch.randn(B, C),
        line=torch.randn(B, L, C),
        observed=torch.rand(B, L, C) > 0.3,
        back=torch.rand(B, L, C),
        ahead=torch.rand(B, L, C),
        clock=torch.randn(B, L, P),
    )
    return dataclasses.replace(base, **changes)


def heads(**changes: object) -> dict[str, torch.nn.Module]:
    return {"conv": ConvHead(size(**changes), decodes=False).eval(), "mlp": MlpHead(size(**changes)).eval()}


@pytest.mark.parametrize("name", ["conv", "mlp"])
def test_an_untrained_head_with_context_starts_from_the_line(name: str):
    """The residual starts at zero; the convolutional head stands half way between the line and the decoded window."""
    start = given()
    expected = start.line if name == "mlp" else (start.line + start.coarse) / 2
    torch.testing.assert_close(heads()[name](start), expected)


@pytest.mark.parametrize("name", ["conv", "mlp"])
def test_without_context_nothing_observed_but_the_level_is_seen(name: str):
    head = heads(context=False)[name]
    torch.nn.init.normal_(head.outlet.weight if name == "mlp" else head.residual.weight)
    plain = head(given())
    other = head(
        given(line=torch.randn(B, L, C), observed=torch.zeros(B, L, C, dtype=torch.bool), back=torch.ones(B, L, C))
    )
    torch.testing.assert_close(plain, other, rtol=0, atol=0)
    assert not torch.allclose(plain, head(given(z=torch.zeros(B, C, D))))


def test_a_head_decodes_the_window_itself_where_the_encoder_cannot():
    head = ConvHead(size(), decodes=True)
    assert head(given(coarse=None)).shape == (B, L, C)


def test_a_pooled_embedding_serves_all_columns():
    head = ConvHead(size(z_columns=1), decodes=True)
    assert head(given(z=torch.randn(B, 1, D), coarse=None)).shape == (B, L, C)


def test_window_dropout_drops_whole_channels_and_keeps_the_mean():
    x = torch.ones(200, 7, 50)
    dropped = WindowDropout(0.3).train()(x)
    assert (dropped == dropped[:, :1]).all()
    assert abs(float(dropped.mean()) - 1) < 0.03
    assert WindowDropout(0.3).eval()(x) is x
