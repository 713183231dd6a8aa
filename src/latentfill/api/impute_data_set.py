"""`latentfill.impute_data_set`: many series, filled in parts into a data set."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, Unpack

from latentfill.api.data_sets.data_set import DataSet
from latentfill.api.data_sets.fill_data_set import fill_data_set
from latentfill.api.imputer_settings import ImputerSettings
from latentfill.core.config import Config
from latentfill.core.fill_warning import tell_user
from latentfill.core.places import Place
from latentfill.engines.open_engine import open_engine
from latentfill.imputation.imputer import Imputer, model_for_many

PathLike = str | os.PathLike[str]


def impute_data_set(
    source: PathLike | Sequence[PathLike],
    output: PathLike,
    /,
    *,
    engine: str = "local",
    address: str | None = None,
    saved_model: PathLike | None = None,
    config: Config | None = None,
    on_part: Callable[[int, int], None] | None = None,
    **settings: Unpack[ImputerSettings],
) -> dict[str, Any]:
    """Fill many series, in parts that processes do side by side, and write them as a data set of Parquet files.

    Parameters
    ----------
    source
        A folder of tables, a partitioned data set, or tables that ``by`` divides into series; also an address such as
        ``"s3://bucket/data"``, with credentials from the environment.
    output
        A folder or an address. With the same source and settings, only parts that are missing or damaged are done.
    engine
        ``"local"`` for processes of this machine, ``"ray"`` for those of a Ray cluster.
    address
        The address of a running Ray cluster; without it, one is started on this machine.
    saved_model
        A folder with a saved model to fill all series with; without it, one is fitted.
    on_part
        Called after each part with the number of parts done and of all.
    **settings
        As for `latentfill.Imputer`.

    Returns
    -------
    The summary as JSON values, which is also written to ``_latentfill/summary.json`` in the output.

    Raises
    ------
    InputError
        If the series cannot be read, the output cannot be written, or a setting is for one series; if no series can be
        filled; if the engine is not installed or its cluster does not answer.
    """
    opened = open_engine(engine, address)
    sources = [source] if isinstance(source, str | os.PathLike) else source
    data = DataSet(tuple(map(Place.of, sources)), Place.of(output))
    imputer = Imputer(config, **settings) if saved_model is None else Imputer.load(saved_model, **settings)
    fitted = None if saved_model is None else model_for_many(imputer)
    summary = fill_data_set(data, imputer, opened, model=fitted, on_part=on_part)
    tell_user(summary["notes"])
    return summary
