"""The best linear estimate of missing cells from all observed ones, across columns and time, and its spread.

Kriging: mean and variance of a Gaussian process given its observed cells (Wiener 1949; Rasmussen and Williams 2006,
eq. 2.19), around a mean that follows the series' cycles. The covariance over lags and columns is learnt from the
series itself by expectation maximisation (Dempster, Laird and Rubin 1977). The level of each window is left open, as in
ordinary kriging: drift makes no window unlikely.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from latentfill.core.series import FloatArray, IntArray
from latentfill.strategies.kriging.gaussian import (
    Conditional,
    block_toeplitz,
    condition,
    lagged_products,
    lagged_sums,
    precisions,
)
from latentfill.strategies.kriging.miss_regression import regress_misses
from latentfill.windows.blend import blend, taper
from latentfill.windows.training_data import HeldOutWindows
from latentfill.windows.windows import ScaledSeries, Windows, cut, window_starts

HARMONICS = 8  # of the shortest cycle, in the mean; slower ones pass for a window's level
PRIOR_CELLS_OF_CYCLE = 30.0  # how many observed cells say that a column has no cycle
GROUP_CELLS = 1024  # cells of a window that are estimated together; more columns are split into groups
LEVEL_VARIANCE = 10.0  # of a window's level, in variances of the column
EM_STEPS = 3
BATCH = 256  # windows estimated at a time
SETTLE_WINDOWS = 96  # windows on whose held-out cells the settings are chosen

# What share of the covariance between columns is believed, and how much of a column's variance is noise. The first of
# each are taken where nothing is held out to choose by.
CROSS_SHARES = (0.9, 1.0, 0.5, 0.0)
NOISES = (1e-2, 1e-3, 1e-4, 1e-1)


@dataclass(frozen=True, slots=True, eq=False)
class Kriged:
    """What kriging says of B windows, all (B, L, C), scaled units, float64."""

    mean: Tensor  # the best linear estimate; the value itself where observed
    missed: Tensor  # value less the estimate from all other cells, where observed; else 0
    spread: Tensor  # standard deviation of the estimate's error; where observed, of what is missed


class Kriging(nn.Module):
    """Kriging of windows of L steps, C columns and P clock features; nothing in it is trained by gradients."""

    wave: Tensor  # (H, C) what each harmonic of the clock adds to the mean

    def __init__(self, length: int, columns: int, phases: int) -> None:
        super().__init__()
        waves = 2 * HARMONICS if phases else 0
        self.register_buffer("wave", torch.zeros(waves, columns, dtype=torch.float64))
        size = max(1, GROUP_CELLS // length)
        sizes = [min(size, columns - first) for first in range(0, columns, size)]
        self.groups = nn.ModuleList(ColumnGroup(length, k) for k in sizes)

    def fit(self, series: ScaledSeries, held_out: HeldOutWindows) -> None:
        """Learn from a series whose held-out cells are missing; choose the settings by those of `held_out`."""
        self.wave.copy_(torch.from_numpy(_fit_wave(series.values, harmonics(series.clock))))
        flat = series.values - self._mean(series.clock).cpu().numpy()
        held_out = held_out.take(slice(None, None, -(-len(held_out.windows) // SETTLE_WINDOWS)))
        around = self._mean(held_out.windows.clock).cpu().numpy()
        windows, truth = held_out.windows.values - around, held_out.truth - around
        alike = _likeness(flat)
        left = np.arange(flat.shape[1])
        for group in self._groups():
            columns = _most_alike(alike, left, len(group.mean))
            left = np.setdiff1d(left, columns)
            group.columns.copy_(torch.from_numpy(columns))
            group.fit(flat[:, columns], windows[:, :, columns], truth[:, :, columns])

    def estimate(self, windows: Windows, *, fast: bool = False) -> Kriged:
        """What windows (B, L, C) hold in their missing cells.

        A column of which a window shows nothing gets what the other columns tell of it. `fast` computes in single
        precision.
        """
        device = self.wave.device
        mean = torch.empty(windows.values.shape, dtype=torch.float64, device=device)
        missed, spread = torch.empty_like(mean), torch.empty_like(mean)
        for first in range(0, len(windows), BATCH):
            part = windows.take(slice(first, first + BATCH))
            around = self._mean(part.clock)
            values = torch.tensor(part.values, dtype=torch.float64, device=device)
            for group in self._groups():
                c = group.columns
                found = group.estimate((values - around)[:, :, c], fast=fast)
                mean[first : first + BATCH, :, c] = found.mean + around[:, :, c]
                missed[first : first + BATCH, :, c] = found.missed
                spread[first : first + BATCH, :, c] = found.spread
            mean[first : first + BATCH] = torch.where(values.isnan(), mean[first : first + BATCH], values)
        return Kriged(mean, missed, spread)

    def _mean(self, clock: FloatArray) -> Tensor:
        """The part of the mean that follows the clock, (..., C)."""
        return torch.tensor(harmonics(clock), dtype=torch.float64, device=self.wave.device) @ self.wave

    def _groups(self) -> list[ColumnGroup]:
        return list(self.groups)  # type: ignore[arg-type]


class ColumnGroup(nn.Module):
    """K columns that are estimated together."""

    columns: Tensor  # (K,) which of the series' columns they are
    mean: Tensor  # (K,)
    scale: Tensor  # (K,)
    lagged: Tensor  # (L, K, K) covariance in units of `scale`: column i with column j, so many steps later
    settings: Tensor  # (2,) share of the covariance between columns that is believed, variance of the noise

    def __init__(self, length: int, columns: int) -> None:
        super().__init__()
        self.register_buffer("columns", torch.arange(columns))
        self.register_buffer("mean", torch.zeros(columns, dtype=torch.float64))
        self.register_buffer("scale", torch.ones(columns, dtype=torch.float64))
        self.register_buffer("lagged", torch.zeros(length, columns, columns, dtype=torch.float64))
        self.register_buffer("settings", torch.tensor([CROSS_SHARES[0], NOISES[0]], dtype=torch.float64))
        self._precision: Tensor | None = None  # follows from the rest, so it is not stored

    def fit(self, values: FloatArray, windows: FloatArray, truth: FloatArray) -> None:
        """Learn the covariance of a series (T, K); take the settings with the least error on held-out cells.

        Those are the ones of `truth` (N, L, K) that are not NaN, hidden in `windows`.
        """
        self._measure(values)
        (precision,) = precisions(self._covariance(CROSS_SHARES[0], level=0.0), NOISES[:1])
        for _ in range(EM_STEPS):
            self._complete(values, precision)
            (precision,) = precisions(self._covariance(1.0, level=0.0), (min(NOISES),))
        if not np.isnan(truth).all():
            known, target = (
                torch.tensor(part, dtype=torch.float64, device=self.mean.device) for part in (windows, truth)
            )
            share, _ = min((self._errors(known, target, share, NOISES[1:2])[0], share) for share in CROSS_SHARES)[::-1]
            errors = self._errors(known, target, share, NOISES)
            self.settings.copy_(torch.tensor([share, NOISES[int(np.argmin(errors))]], dtype=torch.float64))
        self._precision = None

    def estimate(self, values: Tensor, *, fast: bool = False) -> Kriged:
        """The same for windows (B, L, K) of this group, NaN in their hidden cells, around the mean."""
        if self._precision is None:
            share, noise = self.settings.tolist()
            (self._precision,) = precisions(self._covariance(share), (noise,))
        precision = self._precision.float() if fast else self._precision
        observed = ~values.isnan()
        found = self._given(precision, values, leave_out=True)
        assert found.missed is not None
        assert found.missed_by is not None
        mean, missed, missed_by = (p.view_as(values).double() for p in (found.mean, found.missed, found.missed_by))
        miss, size = regress_misses(mean, missed, missed_by, observed, self.lagged[0])
        spread = torch.where(observed, missed_by, found.spread.view_as(values) * size)
        return Kriged((mean + miss) * self.scale + self.mean, missed * self.scale, spread * self.scale)

    def _given(
        self, precision: Tensor, values: Tensor, *, sum_up: bool = False, leave_out: bool = False
    ) -> Conditional:
        """`condition` for windows (B, L, K) of the series; the result in units of `scale`, around `mean`."""
        observed = ~values.isnan()
        known = torch.where(observed, (values - self.mean) / self.scale, 0.0).flatten(1).to(precision.dtype)
        return condition(precision, known, observed.flatten(1), sum_up=sum_up, leave_out=leave_out)

    def _covariance(self, share: float, level: float = LEVEL_VARIANCE) -> Tensor:
        own = torch.eye(len(self.mean), dtype=torch.float64, device=self.mean.device)
        return block_toeplitz(self.lagged * (own + share * (1 - own)) + level * own)

    def _errors(self, known: Tensor, target: Tensor, share: float, noises: tuple[float, ...]) -> list[float]:
        """Mean squared error over the cells of `target`, for each variance of the noise."""
        cells = ~target.isnan()
        wanted = ((target - self.mean) / self.scale)[cells]
        return [
            float((self._given(precision, known).mean.view_as(target)[cells] - wanted).square().mean())
            for precision in precisions(self._covariance(share), noises)
        ]

    def _measure(self, values: FloatArray) -> None:
        """First guess, from the pairs of cells that are both observed."""
        series = torch.from_numpy(values).to(self.mean.device)
        observed = ~series.isnan()
        count = observed.sum(0).clamp(min=1)
        self.mean.copy_(torch.where(observed, series, 0.0).sum(0) / count)
        centred = torch.where(observed, series - self.mean, 0.0)
        scale = (centred.square().sum(0) / count).sqrt()
        self.scale.copy_(torch.where(scale > 0, scale, 1.0))
        lags = len(self.lagged)
        pairs = lagged_products(observed.double(), lags).clamp(min=1)
        share = 1 - torch.arange(lags, device=series.device)[:, None, None] / len(series)  # keeps the result definite
        self.lagged.copy_(lagged_products(centred / self.scale, lags) / pairs * share)

    def _complete(self, values: FloatArray, precision: Tensor) -> None:
        """One step of expectation maximisation: the moments of the completed series and of what is left in doubt."""
        length = len(self.lagged)
        starts = window_starts(len(values), length, max(1, length // 2))
        means, doubt = [], torch.zeros_like(precision)
        for first in range(0, len(starts), BATCH):
            windows = torch.tensor(cut(values, starts[first : first + BATCH], length), device=precision.device)
            found = self._given(precision, windows, sum_up=True)
            assert found.summed is not None
            means.append(found.mean.view_as(windows).cpu().numpy())
            doubt += found.summed
        blended = torch.from_numpy(blend(np.concatenate(means), starts, len(values), taper(length))).to(
            self.mean.device
        )
        standard = (torch.from_numpy(values).to(self.mean.device) - self.mean) / self.scale
        certain = lagged_products(torch.where(standard.isnan(), blended, standard), length) / len(values)
        self.lagged.copy_(certain + lagged_sums(doubt, length) / (len(starts) * length))


def harmonics(clock: FloatArray) -> FloatArray:
    """Sines and cosines (..., H) of the first cycle of a clock (..., P) and of its first multiples."""
    if not clock.shape[-1]:
        return clock
    turn = clock[..., clock.shape[-1] // 2] + 1j * clock[..., 0]
    powers = np.stack([turn**k for k in range(1, HARMONICS + 1)], axis=-1)
    return np.concatenate([powers.imag, powers.real], axis=-1)


def _fit_wave(values: FloatArray, waves: FloatArray) -> FloatArray:
    """Ridge regression of each column (T, C) on its own mean and `waves` (T, H): coefficients (H, C)."""
    c = values.shape[1]
    h = waves.shape[1]
    found = np.zeros((h, c))
    for column in range(c if h else 0):
        seen = ~np.isnan(values[:, column])
        if seen.any():
            x, y = waves[seen], values[seen, column]
            x, y = x - x.mean(axis=0), y - y.mean()
            found[:, column] = np.linalg.solve(x.T @ x + PRIOR_CELLS_OF_CYCLE * np.eye(h), x.T @ y)
    return found


def _likeness(values: FloatArray) -> FloatArray:
    """Absolute correlation (C, C) of the columns of a series (T, C), over cells where both are observed."""
    observed = ~np.isnan(values)
    count = np.maximum(observed.sum(axis=0), 1)
    centred = np.where(observed, values - np.where(observed, values, 0.0).sum(axis=0) / count, 0.0)
    spread = np.sqrt((centred**2).sum(axis=0) / count)
    standard = centred / np.where(spread > 0, spread, 1.0)
    pairs = observed.T.astype(float) @ observed
    likeness: FloatArray = np.abs(standard.T @ standard) / np.maximum(pairs, 1)
    return likeness


def _most_alike(alike: FloatArray, left: IntArray, size: int) -> IntArray:
    """`size` of the columns that are `left`: the one with the most in common with the others, and those nearest it."""
    among = alike[np.ix_(left, left)]
    centre = among.sum(axis=1).argmax()
    among[centre, centre] = np.inf
    return np.sort(left[np.argsort(-among[centre], kind="stable")[:size]])
