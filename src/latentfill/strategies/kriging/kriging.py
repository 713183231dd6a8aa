"""The best linear estimate of missing cells from all observed cells of a window, and the spread of its error.

Kriging: mean and variance of a Gaussian process given its observed cells (Wiener 1949; Rasmussen and Williams 2006,
eq. 2.19), around a mean that follows the shortest cycle. The covariance over lags and columns is learnt from the series
itself by expectation maximisation (Dempster, Laird and Rubin 1977). The level of each window is an
unknown with a wide prior, as in ordinary kriging, so that drift of the series does no harm.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from latentfill.core.series import FloatArray
from latentfill.core.workers import in_parallel
from latentfill.nn.runtime import one_thread
from latentfill.strategies.column_correlation import correlations, most_correlated
from latentfill.strategies.harmonics import HARMONICS, fit_harmonics, harmonics
from latentfill.strategies.kriging.column_group import ColumnGroup
from latentfill.strategies.kriging.kriged import Kriged
from latentfill.strategies.square_root import SquareRoots, mean_of_square
from latentfill.windows.training_data import HeldOutWindows
from latentfill.windows.windows import ScaledSeries, Windows

GROUP_CELLS = 1024  # cells of a window that are estimated together, at most; columns are split into groups of this size
BATCH = 128  # windows estimated at a time by each thread
TUNING_WINDOWS = 96  # windows, at most, whose held-out cells choose the settings


class Kriging(nn.Module):
    """Kriging of windows of L steps, C columns and P clock features; it is not trained by gradient descent."""

    wave: Tensor  # (H, C) what each harmonic of the shortest cycle adds to the mean
    root: Tensor  # (C,) see `SquareRoots`
    lowest: Tensor  # (C,)

    def __init__(self, length: int, columns: int, phases: int) -> None:
        super().__init__()
        waves = 2 * HARMONICS if phases else 0
        self.register_buffer("wave", torch.zeros(waves, columns, dtype=torch.float64))
        self.register_buffer("root", torch.zeros(columns, dtype=torch.bool))
        self.register_buffer("lowest", torch.zeros(columns, dtype=torch.float64))
        size = max(1, GROUP_CELLS // length)
        sizes = [min(size, columns - first) for first in range(0, columns, size)]
        self.groups = nn.ModuleList(ColumnGroup(length, k) for k in sizes)

    def fit(self, series: ScaledSeries, tuning: HeldOutWindows, roots: SquareRoots | None = None) -> None:
        """Learn from a series without its held-out cells, and choose the settings by the held-out cells of `tuning`.

        Columns with `roots` are kriged as square roots.
        """
        roots = roots or SquareRoots.none(series.values.shape[1])
        self.root.copy_(torch.from_numpy(roots.root))
        self.lowest.copy_(torch.from_numpy(roots.lowest))
        values = roots.apply(series.values)
        self.wave.copy_(torch.from_numpy(fit_harmonics(values, harmonics(series.clock))))
        values = values - self._mean(series.clock).cpu().numpy()
        tuning = tuning.take(slice(None, None, -(-len(tuning.windows) // TUNING_WINDOWS)))
        mean = self._mean(tuning.windows.clock).cpu().numpy()
        windows, truth = roots.apply(tuning.windows.values) - mean, roots.apply(tuning.truth) - mean
        correlation = correlations(values)
        ungrouped = np.arange(values.shape[1])
        for group in self._groups():
            columns = most_correlated(correlation, ungrouped, len(group.mean))
            ungrouped = np.setdiff1d(ungrouped, columns)
            group.columns.copy_(torch.from_numpy(columns))
            of_group = replace(series, values=values[:, columns])
            group.fit(of_group, windows[:, :, columns], truth[:, :, columns])

    def estimate(self, windows: Windows, *, fast: bool = False) -> Kriged:
        """Estimates for all cells of B windows; `fast` computes in single precision.

        A column without an observed cell in a window is estimated from the other columns.
        """
        device = self.wave.device
        with torch.inference_mode(False):  # threads that are not in it write into these tensors
            mean = torch.empty(windows.values.shape, dtype=torch.float64, device=device)
            kriged = Kriged(mean, torch.empty_like(mean), torch.empty_like(mean))
        for group in self._groups():
            group.prepare()

        def estimate_batch(rows: slice) -> None:
            self._estimate_batch(windows.take(rows), Kriged(*(part[rows] for part in kriged)), fast=fast)

        batches = [slice(first, first + BATCH) for first in range(0, len(windows), BATCH)]
        with one_thread():  # in each of the threads: the matrices are small
            in_parallel(estimate_batch, batches)
        return kriged

    def _estimate_batch(self, batch: Windows, into: Kriged, *, fast: bool) -> None:
        """Estimate a few windows, and write the estimates `into` a part of the result."""
        cyclic = self._mean(batch.clock)
        read = torch.tensor(batch.values, dtype=torch.float64, device=self.wave.device)
        values = torch.where(self.root, (read - self.lowest).clamp(min=0.0).sqrt(), read)
        for group in self._groups():
            c = group.columns
            kriged = group.estimate((values - cyclic)[:, :, c], fast=fast)
            into.mean[:, :, c] = kriged.mean + cyclic[:, :, c]
            into.residual[:, :, c], into.spread[:, :, c] = kriged.residual, kriged.spread
        if self.root.any():
            self._square(values, read, into)
        into.mean[:] = torch.where(read.isnan(), into.mean, read)

    def _square(self, values: Tensor, read: Tensor, kriged: Kriged) -> None:
        """Turn estimates of square roots `values` (B, L, C) into estimates of what was `read`."""
        c, observed = self.root, ~read.isnan()[:, :, self.root]
        left_out = torch.where(observed, values[:, :, c] - kriged.residual[:, :, c], kriged.mean[:, :, c])
        mean, kriged.spread[:, :, c] = mean_of_square(left_out, kriged.spread[:, :, c] ** 2)
        mean = mean + self.lowest[c]
        kriged.mean[:, :, c] = mean
        kriged.residual[:, :, c] = torch.where(observed, read[:, :, c] - mean, 0.0)

    def _mean(self, clock: FloatArray) -> Tensor:
        """The part of the mean that follows the shortest cycle, (..., C), for clock features (..., P)."""
        return torch.tensor(harmonics(clock), dtype=torch.float64, device=self.wave.device) @ self.wave

    def _groups(self) -> list[ColumnGroup]:
        return list(self.groups)  # type: ignore[arg-type]
