"""Fills windows (N, L, C) from one embedding per window, without a table: the method's strategies to the letter."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from latentfill.core.config import AUTO, Config
from latentfill.core.errors import InputError, NotFittedError
from latentfill.core.messages import quoted
from latentfill.core.series import FloatArray
from latentfill.embeddings.protocols.record import Embeddings, Provenance
from latentfill.embeddings.stored.arrays import IN_MEMORY, arrays_of, as_array
from latentfill.embeddings.stored.h5_names import WHOLE
from latentfill.embeddings.stored.lookup import StoredEncoder, check_usable
from latentfill.imputation.filling.window_estimate import weighted_windows
from latentfill.imputation.fitting.fitted import FittedPath
from latentfill.imputation.fitting.strategy_fitter import StrategyFitter
from latentfill.imputation.validation.column_units import ColumnUnits
from latentfill.imputation.validation.holdout import hold_out
from latentfill.nn.progress import ProgressCallback
from latentfill.strategies.candidates import needs_encoder
from latentfill.windows.restore import restore_observed
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import ScaledSeries, Windows


class WindowImputer:
    """Fills windows of a time series from one embedding per window.

    Windows are independent of each other, in any order. Nothing but their observed cells and their embeddings is used:
    the strategy `denoise` trains a decoder from embedding to window, `neighbours` averages the windows with the most
    similar embeddings, and `latent` optimises each embedding until its decoded window agrees with the observed cells.

    Parameters
    ----------
    strategy
        `denoise` (the default), `neighbours`, `latent` or `auto`, which weights all of them and methods without
        embeddings.
    progress
        Called with a `Progress` while training.
    **settings
        Settings of `Config`. The decoder exactly as the method describes it (embedding and noise in, window out, masked
        mean squared error on the observed cells): ``context="none", head="mlp", loss="mse"``, or another head.

    Examples
    --------
    >>> windows = np.sin(np.arange(40)[:, None, None] + np.arange(24)[:, None] / 4 + np.arange(2))  # (N, L, C)
    >>> z = windows.mean(axis=1)  # (N, D): in earnest, an encoder's
    >>> windows[:, 5:8, 0] = np.nan
    >>> filled = latentfill.WindowImputer(decoder_steps=20).fit(windows, z).fill(windows, z)
    >>> filled.shape, int(np.isnan(filled).sum())
    ((40, 24, 2), 0)
    """

    def __init__(self, *, strategy: str = "denoise", progress: ProgressCallback | None = None, **settings: Any) -> None:
        if strategy != AUTO and not needs_encoder([strategy]):
            raise InputError(
                f"strategy {quoted(strategy)} does not use embeddings. Choose denoise, neighbours, latent or auto."
            )
        self.config = Config(**{**settings, "strategy": strategy})
        self.progress = progress

    def fit(self, windows: ArrayLike, z: ArrayLike) -> Self:
        """Fit scaling and strategy to windows (N, L, C), NaN where missing, with embeddings (N, D) or (N, C, D).

        Returns itself. Raises an `InputError` for arrays of other shapes, fewer than two windows, or a column without
        an observed value.
        """
        values = _windows(windows)
        if len(values) < 2 or not (~np.isnan(values)).any(axis=(0, 1)).all():
            raise InputError("there must be at least two windows, and in each column an observed value to learn from.")
        length = values.shape[1]
        config = self.config.replace(length=length, stride=length, seq_len=length, alone=True, embeddings=IN_MEMORY)
        flat = values.reshape(-1, values.shape[2])
        self.scaler_ = ColumnScaler.fit(flat, config.windows.scaling)
        scaled = ScaledSeries(self.scaler_.apply(flat), np.zeros((len(flat), 0)))
        held_out, units = hold_out(scaled, config, for_networks=True), ColumnUnits.plain(self.scaler_)
        fitter = StrategyFitter(held_out, config, units, progress=self.progress)
        self.path_: FittedPath = fitter.fit_stored(WHOLE, _embeddings(z, values), None, in_series=False)
        return self

    def fill(self, windows: ArrayLike, z: ArrayLike) -> FloatArray:
        """The windows (N, L, C) with their missing cells estimated; observed cells are returned bit for bit.

        Raises an `InputError` for windows or embeddings of another size than the fitted ones, and a `NotFittedError`
        before `fit`.
        """
        if not hasattr(self, "path_"):
            raise NotFittedError("this WindowImputer has not been fitted: call fit(windows, z) first.")
        values, path = _windows(windows), self.path_
        embeddings = _embeddings(z, values)
        shape = path.spec.required_encoder_shape
        fitted = (path.candidates.length, path.spec.columns, shape.columns, shape.dim)
        given = (*values.shape[1:], *embeddings.vectors.shape[1:])
        if given != fitted:
            raise InputError(
                f"the imputer was fitted to windows of {fitted[0]} steps and {fitted[1]} columns with embeddings of "
                f"shape {fitted[2:]}, got {given[0]} steps, {given[1]} columns and shape {given[2:]}."
            )
        scaled = self.scaler_.apply(values)
        clock, n_steps = np.zeros((*values.shape[:2], 0)), len(values) * values.shape[1]
        encoder = StoredEncoder(embeddings, self.config.device)
        estimates = path.candidates.estimate_windows(Windows(scaled, clock, embeddings.starts, n_steps), encoder)
        return restore_observed(self.scaler_.invert(weighted_windows(path, scaled, estimates.values)), values)

    def fit_fill(self, windows: ArrayLike, z: ArrayLike) -> FloatArray:
        """`fit` and `fill` in one."""
        return self.fit(windows, z).fill(windows, z)


def fill_windows(windows: ArrayLike, z: ArrayLike, **settings: Any) -> FloatArray:
    """Fit to windows (N, L, C) with embeddings (N, D) or (N, C, D) and fill them, in one call; see `WindowImputer`.

    Parameters
    ----------
    windows
        Windows (N, L, C) in original units, NaN where missing.
    z
        Embeddings (N, D) of whole windows, or (N, C, D) of each column.
    **settings
        As for `WindowImputer`.

    Returns
    -------
    The windows (N, L, C) with their gaps filled; observed values are unchanged.

    Raises
    ------
    InputError
        If shapes do not match, or values are infinite.
    """
    return WindowImputer(**settings).fit_fill(windows, z)


def _windows(windows: ArrayLike) -> FloatArray:
    """The windows as float64; an `InputError` unless they are numbers of shape (N, L, C)."""
    values = as_array(windows)
    if values.ndim != 3 or values.dtype.kind not in "fiu" or not values.size or np.isinf(values).any():
        raise InputError(
            f"windows must be finite numbers or NaN of shape (windows, steps, columns), got {values.dtype} of shape "
            f"{values.shape}."
        )
    return values.astype(np.float64)


def _embeddings(z: ArrayLike, values: FloatArray) -> Embeddings:
    """The embeddings of windows (N, L, C) that are taken to follow each other."""
    vectors = arrays_of(z).read(WHOLE, len(values), values.shape[2])
    starts = np.arange(len(values), dtype=np.int64) * values.shape[1]
    embeddings = Embeddings(vectors, starts, Provenance(encoder="unknown", source=IN_MEMORY))
    check_usable(embeddings)
    return embeddings
