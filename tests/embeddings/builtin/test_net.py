from __future__ import annotations

import torch

from latentfill.embeddings.builtin.net import MaskAwareTransformer, TransformerShape


def encoder(columns: int = 3, phases: int = 2) -> MaskAwareTransformer:
    shape = TransformerShape(length=10, columns=columns, phases=phases, dim=8, layers=1, heads=2, dropout=0.1)
    return MaskAwareTransformer(shape).eval()


def test_each_column_has_an_embedding_and_a_level():
    values, observed = torch.randn(4, 10, 3), torch.rand(4, 10, 3) > 0.3
    z, level = encoder()(values, observed, torch.randn(4, 2))
    assert z.shape == (4, 3, 8)
    expected = torch.stack([values[b, :, c][observed[b, :, c]].mean() for b in range(4) for c in range(3)])
    torch.testing.assert_close(level.flatten(), expected)
    assert encoder().decode(z, level).shape == (4, 10, 3)


def test_a_hidden_value_does_not_change_the_embedding():
    net, observed, phase = encoder(), torch.rand(4, 10, 3) > 0.3, torch.randn(4, 2)
    values = torch.randn(4, 10, 3)
    planted = torch.where(observed, values, torch.tensor(1e9))
    poisoned = torch.where(observed, values, torch.tensor(torch.nan))
    for other in (planted, poisoned):
        for a, b in zip(net(values, observed, phase), net(other, observed, phase), strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=0)


def test_the_missing_mask_changes_the_embedding():
    net, values, phase = encoder(), torch.zeros(1, 10, 3), torch.zeros(1, 2)
    full = torch.ones(1, 10, 3, dtype=torch.bool)
    part = full.clone()
    part[0, 4, 1] = False
    assert not torch.allclose(net(values, full, phase)[0], net(values, part, phase)[0])


def test_adding_a_constant_changes_the_level_but_not_the_embedding():
    net, observed, phase = encoder(), torch.rand(2, 10, 3) > 0.3, torch.randn(2, 2)
    values = torch.randn(2, 10, 3)
    z, level = net(values, observed, phase)
    moved_z, moved_level = net(values + 5, observed, phase)
    torch.testing.assert_close(moved_z, z, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(moved_level, level + 5)


def test_empty_windows_and_series_without_cycles_are_embedded():
    z, level = encoder(phases=0)(torch.randn(2, 10, 3), torch.zeros(2, 10, 3, dtype=torch.bool), torch.zeros(2, 0))
    assert torch.isfinite(z).all()
    assert (level == 0).all()
