from __future__ import annotations

import numpy as np
import pytest
import torch

from latentfill.strategies.kriging import residual_regression
from latentfill.strategies.kriging.residual_regression import KrigedWindows, regress_residuals

B, L, K = 5, 60, 3
UNRELATED = torch.eye(K, dtype=torch.float64)


def windows(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Completed windows (B, L, K), and the mask of their observed cells."""
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.normal(size=(B, L, K))), torch.from_numpy(rng.random((B, L, K)) < 0.8)


def test_a_residual_that_follows_another_column_is_added_to_the_hidden_cells():
    mean, observed = windows()
    difference = 0.5 * (mean[..., 1] - 0.3) + 0.1
    residual = torch.zeros_like(mean)
    residual[..., 0] = torch.where(observed[..., 0], difference, 0.0)
    added, _ = regress_residuals(KrigedWindows(mean, residual, torch.full_like(mean, 0.05), observed), UNRELATED)
    hidden = ~observed[..., 0]
    torch.testing.assert_close(added[..., 0][hidden], difference[hidden], rtol=0.05, atol=0.01)
    assert (added[observed] == 0).all()
    assert added[..., 1:].abs().max() < 1e-9


def test_random_residuals_correct_hidden_cells_little():
    mean, observed = windows()
    size = 0.3
    residual = torch.where(observed, size * torch.randn(B, L, K, dtype=torch.float64), 0.0)
    added, spread_factor = regress_residuals(
        KrigedWindows(mean + residual, residual, torch.full_like(mean, size), observed), UNRELATED
    )
    assert added[~observed].square().mean().sqrt() < 0.15 * size
    assert ((spread_factor > 0.8) & (spread_factor < 1.25)).all()


@pytest.mark.parametrize("times", [0.5, 2.0])
def test_the_spread_follows_the_size_of_the_residuals(times: float):
    mean, observed = windows()
    residual = torch.where(observed, times * torch.randn(B, L, K, dtype=torch.float64), 0.0)
    _, spread_factor = regress_residuals(
        KrigedWindows(mean + residual, residual, torch.ones_like(mean), observed), UNRELATED
    )
    middle = float(spread_factor.median())
    assert min(times, 1.0) < middle < max(times, 1.0)


@pytest.mark.parametrize("shape", [(1, 4, 1), (2, 1, 3), (0, 5, 2)])
def test_windows_without_an_observed_cell_are_left_as_they_are(shape: tuple[int, ...]):
    zeros = torch.zeros(shape, dtype=torch.float64)
    unseen = torch.zeros(shape, dtype=torch.bool)
    added, spread_factor = regress_residuals(
        KrigedWindows(zeros, zeros, zeros, unseen), torch.eye(shape[-1], dtype=torch.float64)
    )
    assert (added == 0).all()
    assert (spread_factor == 1).all()


def test_residuals_and_spreads_of_zero_give_no_correction():
    """As for a column that the other cells determine exactly."""
    mean, observed = windows()
    added, spread_factor = regress_residuals(
        KrigedWindows(mean, torch.zeros_like(mean), torch.zeros_like(mean), observed), UNRELATED
    )
    assert (added == 0).all()
    assert spread_factor.isfinite().all()


@pytest.mark.parametrize("size", [1e-12, 1e12, 1e200])
def test_values_of_any_size_give_finite_corrections(size: float):
    mean, observed = windows()
    residual = torch.where(observed, size * torch.randn(B, L, K, dtype=torch.float64), 0.0)
    added, spread_factor = regress_residuals(
        KrigedWindows(size * mean + residual, residual, torch.ones_like(mean), observed), UNRELATED
    )
    assert added.isfinite().all()
    assert spread_factor.isfinite().all()


def test_columns_are_regressed_on_the_most_correlated_columns_of_either_sign(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(residual_regression, "PARTNERS", 1)
    mean, observed = windows()
    residual = torch.zeros_like(mean)
    residual[..., 0] = torch.where(observed[..., 0], 0.5 * mean[..., 1], 0.0)
    correlation = torch.tensor([[1.0, -0.9, 0.5], [-0.9, 1.0, 0.0], [0.5, 0.0, 1.0]], dtype=torch.float64)
    for alike, helps in ((correlation, True), (correlation[[0, 2, 1]][:, [0, 2, 1]], False)):
        added, _ = regress_residuals(KrigedWindows(mean, residual, torch.full_like(mean, 0.05), observed), alike)
        difference = (added[..., 0] - 0.5 * mean[..., 1])[~observed[..., 0]]
        assert (difference.abs().max() < 0.2) == helps


def test_regressing_windows_in_parts_gives_the_same_correction(monkeypatch: pytest.MonkeyPatch):
    mean, observed = windows()
    residual = torch.where(observed, torch.randn(B, L, K, dtype=torch.float64), 0.0)
    windows_to_correct = KrigedWindows(mean + residual, residual, torch.ones_like(mean), observed)
    whole = regress_residuals(windows_to_correct, UNRELATED)
    monkeypatch.setattr(residual_regression, "AT_ONCE", 1)
    for part, other in zip(whole, regress_residuals(windows_to_correct, UNRELATED), strict=True):
        torch.testing.assert_close(part, other)
