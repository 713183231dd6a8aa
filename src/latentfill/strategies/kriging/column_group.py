"""Kriging of a few columns: their covariance over time and across columns, and estimates from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from latentfill.core.series import FloatArray
from latentfill.strategies.kriging.gaussian import (
    Conditional,
    block_toeplitz,
    condition,
    lagged_products,
    lagged_sums,
    precisions,
)
from latentfill.strategies.kriging.kriged import Kriged
from latentfill.strategies.kriging.residual_regression import KrigedWindows, regress_residuals
from latentfill.windows.blend import blend, taper
from latentfill.windows.windows import ScaledSeries, cut

LEVEL_VARIANCE = 10.0  # prior variance of a window's level, in variances of the column
EM_STEPS = 3
COMPLETED_AT_ONCE = 256  # windows

# Candidates for the share of the measured covariance between columns that is used, and for the variance of the noise
# in variances of the column. The first are used unless another one is clearly better on held-out cells.
CROSS_SHARES = (0.9, 1.0, 0.5, 0.0)
NOISES = (1e-3, 1e-2, 1e-4, 1e-1)
CLEARLY = 1.0  # standard errors of the gain, as in the rule of Breiman et al. (1984) for pruning trees


class ColumnGroup(nn.Module):
    """Kriging of K columns together."""

    columns: Tensor  # (K,) indices of the series' columns
    mean: Tensor  # (K,)
    scale: Tensor  # (K,) standard deviation
    lagged: Tensor  # (L, K, K) covariance of column i with column j at lags 0 to L - 1, in units of `scale`
    settings: Tensor  # (2,) share of the covariance between columns that is used, variance of the noise

    def __init__(self, length: int, columns: int) -> None:
        super().__init__()
        self.register_buffer("columns", torch.arange(columns))
        self.register_buffer("mean", torch.zeros(columns, dtype=torch.float64))
        self.register_buffer("scale", torch.ones(columns, dtype=torch.float64))
        self.register_buffer("lagged", torch.zeros(length, columns, columns, dtype=torch.float64))
        self.register_buffer("settings", torch.tensor([CROSS_SHARES[0], NOISES[0]], dtype=torch.float64))
        self._precision: Tensor | None = None  # computed from the rest, so it is not stored

    def fit(self, series: ScaledSeries, windows: FloatArray, truth: FloatArray) -> None:
        """Learn the covariance of a series (T, K), and choose the settings that have the least error on held-out cells.

        `truth` (N, L, K) holds the held-out cells, which are missing from `windows` (N, L, K), and NaN elsewhere.
        """
        self._measure(series.values)
        (precision,) = precisions(self._covariance(CROSS_SHARES[0], level=0.0), NOISES[:1])
        for _ in range(EM_STEPS):
            self._complete(series, precision)
            (precision,) = precisions(self._covariance(1.0, level=0.0), (min(NOISES),))
        if not np.isnan(truth).all():
            self._choose_settings(*(torch.from_numpy(part.astype(float)).to(self.mean) for part in (windows, truth)))
        self._precision = None

    def estimate(self, values: Tensor, *, fast: bool = False) -> Kriged:
        """Estimates for windows (B, L, K) of this group's columns, NaN where missing."""
        precision = self.prepare().float() if fast else self.prepare()
        observed = ~values.isnan()
        conditional = self._condition(precision, values, leave_out=True)
        assert conditional.residual is not None
        assert conditional.residual_spread is not None
        parts = (conditional.mean, conditional.residual, conditional.residual_spread)
        mean, residual, residual_spread = (part.view_as(values).double() for part in parts)
        kriged = KrigedWindows(mean, residual, residual_spread, observed)
        added, spread_factor = regress_residuals(kriged, self.lagged[0])
        spread = torch.where(observed, residual_spread, conditional.spread.view_as(values) * spread_factor)
        return Kriged((mean + added) * self.scale + self.mean, residual * self.scale, spread * self.scale)

    def prepare(self) -> Tensor:
        """The precision (L * K, L * K) of a window; it is computed once."""
        if self._precision is None:
            share, noise = self.settings.tolist()
            (self._precision,) = precisions(self._covariance(share, LEVEL_VARIANCE), (noise,))
        return self._precision

    def _condition(
        self, precision: Tensor, values: Tensor, *, sum_up: bool = False, leave_out: bool = False
    ) -> Conditional:
        """`condition` for windows (B, L, K) of the series; the result in units of `scale`, around `mean`."""
        observed = ~values.isnan()
        known = torch.where(observed, (values - self.mean) / self.scale, 0.0).flatten(1).to(precision.dtype)
        return condition(precision, known, observed.flatten(1), sum_up=sum_up, leave_out=leave_out)

    def _covariance(self, share: float, level: float) -> Tensor:
        """Covariance (L * K, L * K) of a window: `share` of that between columns, plus `level` within each column."""
        same_column = torch.eye(len(self.mean), dtype=torch.float64, device=self.mean.device)
        return block_toeplitz(self.lagged * (same_column + share * (1 - same_column)) + level * same_column)

    def _choose_settings(self, windows: Tensor, truth: Tensor) -> None:
        """Choose the share first, then the noise."""
        by_share = [self._errors(windows, truth, share, NOISES[:1])[0] for share in CROSS_SHARES]
        share = CROSS_SHARES[clearly_best(by_share)]
        noise = NOISES[clearly_best(self._errors(windows, truth, share, NOISES))]
        self.settings.copy_(torch.tensor([share, noise], dtype=torch.float64))

    def _errors(self, windows: Tensor, truth: Tensor, share: float, noises: tuple[float, ...]) -> list[Tensor]:
        """The sum of squared errors of the held-out cells in each window (N,), for each variance of the noise."""
        expected = (truth - self.mean) / self.scale
        return [
            (self._condition(precision, windows).mean.view_as(truth) - expected).square().nansum((1, 2))
            for precision in precisions(self._covariance(share, LEVEL_VARIANCE), noises)
        ]

    def _measure(self, values: FloatArray) -> None:
        """Set a first estimate of the covariance, from pairs of cells of a series (T, K) that are both observed."""
        series = torch.from_numpy(values).to(self.mean.device)
        observed = ~series.isnan()
        count = observed.sum(0).clamp(min=1)
        self.mean.copy_(torch.where(observed, series, 0.0).sum(0) / count)
        centred = torch.where(observed, series - self.mean, 0.0)
        scale = (centred.square().sum(0) / count).sqrt()
        self.scale.copy_(torch.where(scale > 0, scale, 1.0))
        lags = len(self.lagged)
        pairs = lagged_products(observed.double(), lags).clamp(min=1)
        # without gaps, this share makes the covariance positive semi-definite
        share = 1 - torch.arange(lags, device=series.device)[:, None, None] / len(series)
        self.lagged.copy_(lagged_products(centred / self.scale, lags) / pairs * share)

    def _complete(self, series: ScaledSeries, precision: Tensor) -> None:
        """One step of expectation maximisation: the covariance of the completed series plus that of its errors."""
        length, values = len(self.lagged), series.values
        starts = series.starts(length, max(1, length // 2))
        means, error_covariance = [], torch.zeros_like(precision)
        for first in range(0, len(starts), COMPLETED_AT_ONCE):
            part = starts[first : first + COMPLETED_AT_ONCE]
            windows = torch.tensor(cut(values, part, length), device=precision.device)
            conditional = self._condition(precision, windows, sum_up=True)
            assert conditional.summed is not None
            means.append(conditional.mean.view_as(windows).cpu().numpy())
            error_covariance += conditional.summed
        blended = torch.from_numpy(blend(np.concatenate(means), starts, len(values), taper(length)))
        standard = (torch.from_numpy(values).to(self.mean.device) - self.mean) / self.scale
        completed = torch.where(standard.isnan(), blended.to(self.mean.device), standard)
        certain = lagged_products(completed.nan_to_num(), length) / self._pairs(series, completed)
        self.lagged.copy_(certain + lagged_sums(error_covariance, length) / (len(starts) * length))

    def _pairs(self, series: ScaledSeries, completed: Tensor) -> Tensor | int:
        """Pairs of steps at each lag (L, 1, 1) of a series of several parts; of one, about the number of its steps."""
        if series.parts == 1:
            return series.n_steps
        inside = (~completed.isnan().all(1, keepdim=True)).double()
        return lagged_products(inside, len(self.lagged)).clamp(min=1)


def clearly_best(errors: Sequence[Tensor]) -> int:
    """Which of several settings to use, given each one's errors in the same windows (N,).

    It is the best one whose gain over the first exceeds `CLEARLY` times its standard error over the windows, or the
    first.
    """
    gains = errors[0] - torch.stack(list(errors))
    standard_error = (gains - gains.mean(1, keepdim=True)).square().sum(1).sqrt()
    is_clear = gains.sum(1) > CLEARLY * standard_error
    return int(torch.where(is_clear, gains.sum(1), 0.0).argmax())
