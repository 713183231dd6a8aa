"""`latentfill.impute`: data of any kind, filled in one call."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike
from rich.console import Console

from latentfill.api.containers.opening import open_covariates, open_data
from latentfill.api.imputer_settings import ImputerSettings
from latentfill.api.progress_bars import notebook_bars, series_bar
from latentfill.core.config import Config
from latentfill.core.fill_warning import tell_user
from latentfill.imputation.imputer import Imputer
from latentfill.imputation.panels import Splits, impute_array, impute_splits
from latentfill.imputation.stacked import impute_stacked
from latentfill.nn.progress import ProgressCallback
from latentfill.tables.backends.native import NativeFrame


def impute(
    data: object,
    *,
    config: Config | None = None,
    progress: ProgressCallback | None = None,
    covariates: object = None,
    starts: ArrayLike | None = None,
    **settings: Unpack[ImputerSettings],
) -> Any:
    """Fit on `data` and fill it, in one call; the parameters are those of `Imputer`.

    The same kind of data comes back, with its index, types and attributes: a frame or a series of pandas or polars, a
    table of pyarrow, a mapping of columns, an array of NumPy, a tensor, a `DataArray` or `Dataset`, a `TimeSeries`,
    the panels of sktime, the sets of PyPOTS. A path gives a pyarrow table, one of an HDF5 file a dictionary.

    With ``by``, the data stack several series, which are told apart by these columns, levels of the index or
    dimensions; none is filled from the cells of another, and ``model`` says whether they share a model (``"shared"``,
    ``"own"`` or ``"auto"``). The same holds for the N series of an array (N, L, C); an array (T, C) is one series.
    With ``pivot``, the data are long: one column has the names and one the values of the readings.

    Raises
    ------
    InputError
        If the data cannot be read or a setting cannot be used; the message says what is wrong and the way out.

    Examples
    --------
    >>> hours = pd.date_range("2024-01-01", periods=48, freq="h")
    >>> df = pd.DataFrame({"load": 10.0 + np.arange(48) % 24}, index=hours)
    >>> df.iloc[5] = np.nan
    >>> float(latentfill.impute(df)["load"].iloc[5])
    15.0
    """
    imputer = Imputer(config, progress=progress, covariates=covariates, starts=starts, **settings)
    imputer.covariates = open_covariates(imputer.covariates)
    opened = open_data(data, imputer.options, bounds=imputer.config.output.intervals is not None)
    return opened.back(_filled(imputer.with_options(opened.options), opened.content))


def _filled(imputer: Imputer, content: object) -> Any:
    """The content of a container, filled with a model of its own; notes are warnings."""
    if isinstance(content, Splits):
        return impute_splits(content, imputer)
    if isinstance(content, np.ndarray):
        return impute_array(content, imputer)
    return _fill_stacked(imputer, content) if imputer.options.by else _fill_one(imputer, content)


def _fill_one(imputer: Imputer, data: object) -> NativeFrame:
    table = imputer.read(data, fresh=True)
    with notebook_bars(imputer):
        imputation = imputer.fit(table).fill(table)
    tell_user(imputation.notes)
    return imputation.to_frame()


def _fill_stacked(imputer: Imputer, data: object) -> NativeFrame:
    console = Console()
    with series_bar(console, quiet=not console.is_jupyter) as on_series:
        imputation = impute_stacked(imputer, data, on_series)
    tell_user(imputation.notes)
    return imputation.to_frame()
