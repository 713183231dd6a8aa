"""Gaussian vectors conditioned on some of their cells, and the covariance of windows of a stationary series."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from latentfill.nn.runtime import one_thread

SOLVED_AT_ONCE = 1 << 23  # numbers in the linear systems of one batch
LEAST_PRECISION_SHARE = 1e-5  # least ratio of a cell's precision given the known cells to that given all cells
SIMILAR_SIZE = 0.85  # size of a batch's smallest system over its largest; the work grows with the cube of the size


@dataclass(frozen=True, slots=True, eq=False)
class Conditional:
    """B Gaussian vectors of D cells, given their known cells."""

    mean: Tensor  # (B, D), where known the value itself
    spread: Tensor  # (B, D) standard deviation, 0 where known
    summed: Tensor | None = None  # (D, D) covariance of the hidden cells, summed over the vectors
    residual: Tensor | None = None  # (B, D) value minus its leave-one-out estimate, 0 where hidden
    residual_spread: Tensor | None = None  # (B, D) standard deviation of the residual, 0 where hidden


def condition(
    precision: Tensor, known: Tensor, observed: Tensor, *, sum_up: bool = False, leave_out: bool = False
) -> Conditional:
    """Mean and spread of Gaussian vectors with prior mean zero, given some of their cells.

    `precision` (D, D) is the inverse covariance Q; `known` (B, D) is 0 where not `observed`. The hidden cells h have
    covariance inv(Q_hh) and mean -inv(Q_hh) Q_ho x_o given the others (Rasmussen and Williams 2006, A.3), so the cost
    depends on the number of hidden cells, not on D. `sum_up` adds the summed covariance, `leave_out` the leave-one-out
    residuals of the known cells (eq. 5.12): P x_o / diag P, where P = Q_oo - Q_oh inv(Q_hh) Q_ho; diag P is computed in
    single precision.
    """
    d = len(precision)
    linear_term = -(known @ precision)
    mean, spread = known.clone(), torch.zeros_like(known)
    given_others = precision.diagonal().expand_as(known).clone() if leave_out else None  # diag P, where known
    single = precision.float()
    summed = precision.new_zeros(d * d) if sum_up else None
    for rows, cells, hidden in _batches(observed):
        with one_thread():
            root = _root_of_covariance(precision, cells, hidden)
        right_side = linear_term[rows].gather(1, cells) * hidden
        solved = (root.mT @ (root @ right_side[:, :, None]))[:, :, 0]
        mean[rows] = mean[rows].scatter_add(1, cells, solved * hidden)
        spread[rows] = spread[rows].scatter_add(1, cells, root.square().sum(1).sqrt() * hidden)
        if summed is not None:
            pairs = hidden[:, :, None] & hidden[:, None, :]
            flat_index = cells[:, :, None] * d + cells[:, None, :]
            summed.index_add_(0, flat_index[pairs], (root.mT @ root)[pairs])
        if given_others is not None:
            given_others[rows] -= (root.float() @ (single[cells] * hidden[:, :, None])).square().sum(1)
    if given_others is None:
        return Conditional(mean, spread, None if summed is None else summed.view(d, d))
    given_others = torch.maximum(given_others, LEAST_PRECISION_SHARE * precision.diagonal())
    residual = torch.where(observed, (mean @ precision) / given_others, 0.0)
    return Conditional(
        mean, spread, residual=residual, residual_spread=torch.where(observed, given_others.rsqrt(), 0.0)
    )


def _batches(observed: Tensor) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Batches of vectors with similar numbers of hidden cells, in descending order.

    Each batch is the indices of its vectors (b,), their hidden cells (b, H), and a mask (b, H) that is False where a
    vector has fewer than H hidden cells and is padded.
    """
    counts = (~observed).sum(1)
    order = torch.argsort(counts)
    order = order[counts[order] > 0]
    while len(order):
        n = int(counts[order[-1]])
        alike = int((counts[order] >= SIMILAR_SIZE * n).sum())
        taken = min(alike, max(1, SOLVED_AT_ONCE // (n * observed.shape[1])))
        rows, order = order[-taken:], order[:-taken]
        cells = torch.argsort(observed[rows].byte(), dim=1, stable=True)[:, :n]  # hidden cells come first
        yield rows, cells, ~observed[rows].gather(1, cells)


def _root_of_covariance(precision: Tensor, cells: Tensor, hidden: Tensor) -> Tensor:
    """R (b, H, H) with R.T @ R = inv(Q_hh); the identity where padded."""
    system = precision[cells[:, :, None], cells[:, None, :]] * (hidden[:, :, None] & hidden[:, None, :])
    system.diagonal(dim1=1, dim2=2).add_((~hidden).to(system.dtype))
    factor, failed = torch.linalg.cholesky_ex(system)
    if failed.any():  # single precision was not enough
        factor = torch.linalg.cholesky(system.double()).to(system.dtype)
    identity = torch.eye(system.shape[1], dtype=system.dtype, device=system.device).expand_as(system)
    root: Tensor = torch.linalg.solve_triangular(factor, identity, upper=False)
    return root


def lagged_products(series: Tensor, lags: int) -> Tensor:
    """Sums over time of x_i(t) x_j(t + d), shape (lags, C, C), of a series (T, C)."""
    return torch.stack([series[: len(series) - d].T @ series[d:] for d in range(lags)])


def block_toeplitz(lagged: Tensor) -> Tensor:
    """Covariance (L * C, L * C) of windows of L steps, from the lagged covariances (L, C, C) of their series.

    Cells are ordered by step, then by column.
    """
    length, c, _ = lagged.shape
    both = torch.cat([lagged.flip(0)[:-1].mT, lagged])  # lags 1 - L ... L - 1
    step = torch.arange(length, device=lagged.device)
    return both[step[None, :] - step[:, None] + length - 1].transpose(1, 2).reshape(length * c, length * c)


def lagged_sums(covariance: Tensor, length: int) -> Tensor:
    """Blocks of a window's covariance (L * C, L * C) summed per lag, (L, C, C): the reverse of `block_toeplitz`."""
    c = len(covariance) // length
    blocks = covariance.view(length, c, length, c).transpose(1, 2)  # (L, L, C, C)
    return torch.stack([blocks.diagonal(d).sum(-1) for d in range(length)])


def precisions(covariance: Tensor, noises: tuple[float, ...]) -> Iterator[Tensor]:
    """Yields the inverse of a covariance (D, D) plus independent noise, for each noise variance.

    Negative eigenvalues, which a covariance measured between gaps may have, count as zero.
    """
    with one_thread():
        values, vectors = torch.linalg.eigh(covariance)
    for noise in noises:
        yield (vectors / (values.clamp(min=0) + noise)) @ vectors.T
