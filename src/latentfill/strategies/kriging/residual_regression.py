"""Corrects kriging in each window: residuals in observed cells predict the errors in hidden cells.

Kriging uses the covariance of the whole series, but in one window, or one year, the columns may be related differently.
In each window, a Bayesian linear regression of each column's leave-one-out residuals on the other columns learns this
difference. Coefficients are averaged over several priors, weighted by their evidence in the window (MacKay 1992,
"Bayesian interpolation").
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

# Precisions of the prior on the regression's coefficients. The first allows practically no regression.
PRIORS = (1e6, 3000.0, 1000.0, 300.0, 100.0, 30.0, 10.0, 3.0)
BELIEF = 0.2  # factor on the log evidence, as residuals of neighbouring cells are not independent
PARTNERS = 12  # other columns that a column is regressed on
AT_ONCE = 1 << 24  # numbers in the matrices of the windows that are solved together
ROUNDS = 2  # the second round regresses on the windows as corrected by the first
ROUNDING = (
    1e-9  # share of a matrix's trace that is added to its diagonal, so that it can be inverted for extreme values
)
PRIOR_CELLS_OF_RESIDUAL_SIZE = 20.0  # weight, in cells, of the prior that residuals have their expected size


class KrigedWindows(NamedTuple):
    """B windows of L steps and K columns after kriging, in units of each column's standard deviation, all (B, L, K)."""

    mean: Tensor  # the completed window
    residual: Tensor  # observed value minus its leave-one-out estimate, 0 where hidden
    residual_spread: Tensor  # expected standard deviation of the residual
    observed: Tensor  # bool


class Correction(NamedTuple):
    """The correction of the hidden cells."""

    added: Tensor  # (B, L, K) added to their mean; 0 where observed
    spread_factor: Tensor  # (B, 1, K) multiplies their spread


def regress_residuals(windows: KrigedWindows, correlation: Tensor) -> Correction:
    """The correction of hidden cells, from a regression of each column on its `PARTNERS` most correlated columns.

    `correlation` (K, K) is the correlation of the columns; its sign does not matter.
    """
    k = windows.mean.shape[-1]
    alike = correlation.abs().clone().fill_diagonal_(-1.0)
    partners = alike.topk(min(PARTNERS, k - 1), dim=1).indices  # (K, J - 2)
    numbers = len(PRIORS) * k * (partners.shape[1] + 2) ** 2
    at_once = max(1, AT_ONCE // numbers)
    parts = [slice(first, first + at_once) for first in range(0, max(1, len(windows.mean)), at_once)]
    corrections = [_correct(KrigedWindows(*(tensor[part] for tensor in windows)), partners) for part in parts]
    return Correction(
        torch.cat([part.added for part in corrections]), torch.cat([part.spread_factor for part in corrections])
    )


def _correct(windows: KrigedWindows, partners: Tensor) -> Correction:
    mean, residual, residual_spread, observed = windows
    leave_one_out = mean - residual
    weight = torch.where(observed, residual_spread.clamp(min=1e-6) ** -2, 0.0)
    added = torch.zeros_like(mean)
    for _ in range(ROUNDS):
        regressors = _regressors(mean + added, leave_one_out, observed, partners)
        coefficients, squares = _regress(regressors, residual.mT, weight.mT)
        added = torch.einsum("bklj,bkj->blk", regressors, coefficients)
        added = torch.where(observed | ~added.isfinite(), 0.0, added)
    prior = PRIOR_CELLS_OF_RESIDUAL_SIZE
    size = (prior + BELIEF * squares) / (prior + BELIEF * observed.sum(1))
    return Correction(added, size.sqrt()[:, None])


def _regressors(completed: Tensor, leave_one_out: Tensor, observed: Tensor, partners: Tensor) -> Tensor:
    """The regressors (B, K, L, J) of each column: its partners, its own leave-one-out estimate, and a constant.

    All but the constant have mean 0 over the observed cells.
    """
    share = (observed / observed.sum(1, keepdim=True).clamp(min=1)).to(completed.dtype)
    completed, leave_one_out = (x - (x * share).sum(1, keepdim=True) for x in (completed, leave_one_out))
    others = completed[:, :, partners].transpose(1, 2)  # (B, K, L, J - 2)
    own_estimate = leave_one_out.mT[..., None]
    return torch.cat([others, own_estimate, torch.ones_like(own_estimate)], dim=-1)


def _regress(regressors: Tensor, target: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Coefficients (B, K, J), averaged over `PRIORS` by their evidence, and the remaining sum of squares (B, K).

    `target` and `weight` are (B, K, L); squares are weighted.
    """
    j = regressors.shape[-1]
    weighted = regressors * weight[..., None]
    gram, cross = weighted.mT @ regressors, (weighted.mT @ target[..., None])[..., 0]  # (B, K, J, J), (B, K, J)
    cells, total = (weight > 0).sum(-1), (weight * target.square()).sum(-1)
    prior = regressors.new_tensor(PRIORS).view(-1, 1, 1)  # (P, 1, 1)
    ridge = prior[..., None] + ROUNDING * gram.diagonal(dim1=-2, dim2=-1).sum(-1, keepdim=True)  # (P, B, K, 1)
    factor, failed = torch.linalg.cholesky_ex(
        gram + ridge[..., None] * torch.eye(j, dtype=gram.dtype, device=gram.device)
    )
    right = cross.expand(len(PRIORS), *cross.shape)[..., None]
    coefficients = torch.cholesky_solve(right, factor)[..., 0]  # (P, B, K, J)
    remaining = (total - (coefficients * cross).sum(-1)).clamp(min=0)
    log_det = 2 * factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
    evidence = 0.5 * (j * prior.log() - log_det) - 0.5 * (cells + 2) * (remaining + 2).log()  # (P, B, K)
    failed_fits = (failed > 0) | ~evidence.isfinite() | ~coefficients.isfinite().all(-1)  # numbers too large to square
    share = torch.softmax(BELIEF * evidence.masked_fill(failed_fits, -torch.inf), dim=0).nan_to_num()
    coefficients = coefficients.masked_fill(failed_fits[..., None], 0.0)
    remaining = torch.where(failed_fits, cells, remaining)
    return (share[..., None] * coefficients).sum(0), torch.where(failed_fits.all(0), cells, (share * remaining).sum(0))
