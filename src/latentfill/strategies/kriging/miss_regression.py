"""What kriging misses in the observed cells of a window tells what it misses in the hidden ones.

The covariance is that of the whole series; in one window, or one year, columns may go together in another way. A
Bayesian linear regression in each window and column, of the leave-one-out misses on what the columns show, follows
that. How far it may go, the window's own evidence says (MacKay 1992, "Bayesian interpolation").
"""

from __future__ import annotations

import torch
from torch import Tensor

# Precisions of the regression's weights. The first is as good as no regression.
PRIORS = (1e6, 3000.0, 1000.0, 300.0, 100.0, 30.0, 10.0, 3.0)
BELIEF = 0.2  # share of the evidence that counts: misses of neighbouring cells are not independent
PARTNERS = 12  # other columns that a column is regressed on
AT_ONCE = 1 << 24  # numbers in the matrices of the windows that are solved together
ROUNDS = 2  # the second looks at hidden cells as the first has mended them
ROUNDING = 1e-9  # of a matrix's trace, added to its diagonal: values far from all that was fitted stay solvable
PRIOR_CELLS_OF_MISS_SIZE = 20.0  # how many cells say that misses are as large as they should be


def regress_misses(
    mean: Tensor, missed: Tensor, missed_by: Tensor, observed: Tensor, likeness: Tensor
) -> tuple[Tensor, Tensor]:
    """What to add to the hidden cells' mean, (B, L, K), and how much wider their spread is, (B, 1, K).

    `mean` (B, L, K) is the completed window, `missed` value less leave-one-out estimate of the observed cells and
    `missed_by` the standard deviation that this should have, all in units of each column's standard deviation. A
    column is regressed on the `PARTNERS` others that are most alike, by `likeness` (K, K), of any sign.
    """
    k = mean.shape[-1]
    alike = likeness.abs().clone().fill_diagonal_(-1.0)
    partners = alike.topk(min(PARTNERS, k - 1), dim=1).indices  # (K, J - 2)
    numbers = len(PRIORS) * k * (partners.shape[1] + 2) ** 2
    at_once = max(1, AT_ONCE // numbers)
    parts = [slice(first, first + at_once) for first in range(0, max(1, len(mean)), at_once)]
    found = [_regress_windows(mean[p], missed[p], missed_by[p], observed[p], partners) for p in parts]
    return torch.cat([added for added, _ in found]), torch.cat([wider for _, wider in found])


def _regress_windows(
    mean: Tensor, missed: Tensor, missed_by: Tensor, observed: Tensor, partners: Tensor
) -> tuple[Tensor, Tensor]:
    alone = mean - missed  # (B, L, K) what each cell is taken for without its own value
    weight = torch.where(observed, missed_by.clamp(min=1e-6) ** -2, 0.0)
    added = torch.zeros_like(mean)
    for _ in range(ROUNDS):
        views = _views(mean + added, alone, observed, partners)
        coefficients, left = _regress(views, missed.mT, weight.mT)
        added = torch.einsum("bklj,bkj->blk", views, coefficients)
        added = torch.where(observed | ~added.isfinite(), 0.0, added)
    size = (PRIOR_CELLS_OF_MISS_SIZE + BELIEF * left) / (PRIOR_CELLS_OF_MISS_SIZE + BELIEF * observed.sum(1))
    return added, size.sqrt()[:, None]


def _views(completed: Tensor, alone: Tensor, observed: Tensor, partners: Tensor) -> Tensor:
    """What each column's misses are regressed on, (B, K, L, J): its partners, its own estimate, and one.

    Each is taken from its mean over the observed cells.
    """
    share = (observed / observed.sum(1, keepdim=True).clamp(min=1)).to(completed.dtype)
    completed, alone = (x - (x * share).sum(1, keepdim=True) for x in (completed, alone))
    others = completed[:, :, partners].transpose(1, 2)  # (B, K, L, J - 2)
    own = alone.mT[..., None]
    return torch.cat([others, own, torch.ones_like(own)], dim=-1)


def _regress(views: Tensor, target: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Weights (B, K, J) of the views, a mean over `PRIORS`, and the weighted sum of squares (B, K) that is left.

    Target and weight are (B, K, L).
    """
    j = views.shape[-1]
    weighted = views * weight[..., None]
    gram, pull = weighted.mT @ views, (weighted.mT @ target[..., None])[..., 0]  # (B, K, J, J), (B, K, J)
    cells, total = (weight > 0).sum(-1), (weight * target.square()).sum(-1)
    prior = views.new_tensor(PRIORS).view(-1, 1, 1)  # (P, 1, 1)
    ridge = prior[..., None] + ROUNDING * gram.diagonal(dim1=-2, dim2=-1).sum(-1, keepdim=True)  # (P, B, K, 1)
    factor, failed = torch.linalg.cholesky_ex(
        gram + ridge[..., None] * torch.eye(j, dtype=gram.dtype, device=gram.device)
    )
    weights = torch.cholesky_solve(pull.expand(len(PRIORS), *pull.shape)[..., None], factor)[..., 0]  # (P, B, K, J)
    left = (total - (weights * pull).sum(-1)).clamp(min=0)
    log_det = 2 * factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
    evidence = 0.5 * (j * prior.log() - log_det) - 0.5 * (cells + 2) * (left + 2).log()  # (P, B, K)
    lost = (failed > 0) | ~evidence.isfinite() | ~weights.isfinite().all(-1)  # numbers too large to square
    share = torch.softmax(BELIEF * evidence.masked_fill(lost, -torch.inf), dim=0).nan_to_num()
    weights = weights.masked_fill(lost[..., None], 0.0)
    left = torch.where(lost, cells, left)
    return (share[..., None] * weights).sum(0), torch.where(lost.all(0), cells, (share * left).sum(0))
