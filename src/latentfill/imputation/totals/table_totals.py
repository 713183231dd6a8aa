"""Totals of a filled table and of the completed tables beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentfill.core.errors import InputError
from latentfill.core.files import stem
from latentfill.core.series import FloatArray, Series
from latentfill.imputation.totals.periods import find_periods
from latentfill.imputation.totals.totals import as_columns, totals_of
from latentfill.kinds.columns import ColumnKinds
from latentfill.tables.backends.frames import frame_like
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table
from latentfill.tables.time.local_time import to_local
from latentfill.windows.cycles import cycle_steps

COVERAGE = 0.9


def totals(
    filled: object,
    *,
    every: str | int,
    samples: Sequence[object] | None = None,
    coverage: float = COVERAGE,
    kind: str | Mapping[str, str] | None = None,
    **reading: Any,
) -> Any:
    """Sums and means of a filled table over periods, with intervals from its samples.

    Parameters
    ----------
    filled
        A filled table: the path of a file, or a frame.
    every
        The period: ``"hour"``, ``"day"``, ``"week"`` (from Monday), ``"month"``, ``"quarter"``, ``"year"``, with a
        number before it for several (``"2 weeks"``), or a number of rows.
    samples
        Completed tables that were drawn at random. By default, the files ``NAME.sample1.csv``, ... beside the filled
        one, which ``latentfill impute --samples 100`` writes.
    coverage
        Coverage of the intervals.
    kind
        Kinds of columns, as in `Config`: the sum of a meter is what it counted, a direction has a circular mean.
    **reading
        Options for reading the tables, see `TableOptions` (``time``, ``columns``, ``timezone`` ...).

    Returns
    -------
    A frame like the one given (a pyarrow table for a file) with a row for each column and period: the number of values,
    of cells that are left empty and of uncertain values, the sum and the mean, and their lower and upper bounds.

    Raises
    ------
    InputError
        If there are no samples, or if they are not those of the filled table.

    Examples
    --------
    >>> hours = pd.date_range("2024-01-01", periods=48, freq="h")
    >>> rain = [[0.5] * 47 + [last] for last in (1, 0.6, 0.9, 1, 1.1, 1.4)]
    >>> filled, *drawn = (pd.DataFrame({"time": hours, "rain": each}) for each in rain)
    >>> latentfill.totals(filled, every="day", samples=drawn)["sum"].tolist()
    [12.0, 12.5]
    """
    return frame_like(filled, total_columns(filled, every, samples, coverage, kind, TableOptions(**reading)))


def total_columns(
    filled: object,
    every: str | int,
    samples: Sequence[object] | None,
    coverage: float,
    kind: str | Mapping[str, str] | None,
    options: TableOptions,
) -> dict[str, NDArray[Any]]:
    """The columns of the table that `totals` returns."""
    if not 0 < coverage < 1:
        raise InputError(f"coverage must be between 0 and 1, got {coverage}.")
    options = replace(options, regular=False)
    series = _without_bounds(_as_read(filled, options))
    drawn = _read_samples(samples if samples is not None else samples_beside(filled), series, options)
    time = series.time if series.time is None or not options.timezone else to_local(series.time, options.timezone)
    periods = find_periods(every, series.n_steps, time)
    kinds = ColumnKinds.found(series, _as_text(kind), cycle_steps(series))
    parts = zip(series.columns, kinds.kinds, series.values.T, np.moveaxis(drawn, 2, 0), strict=True)
    return as_columns([totals_of(*part, periods, coverage) for part in parts], periods)


def samples_beside(filled: object) -> list[Path]:
    """The files `NAME.sample1.csv`, `NAME.sample2.csv`, ... beside a filled file, as far as they go without a gap."""
    if not isinstance(filled, str | os.PathLike):
        raise InputError("totals of a frame need samples: give the completed frames (samples=[...]).")
    path, found = Path(filled), list[Path]()
    name = stem(path)
    while os.path.isfile(sample := path.with_name(f"{name}.sample{len(found) + 1}{path.name[len(name) :]}")):
        found.append(sample)
    if not found:
        raise InputError(
            f"there are no completed tables such as {name}.sample1{path.name[len(name) :]} beside {path}, which the "
            f"intervals of totals come from. Make them: latentfill impute IN -o {path} --samples 100; or name them "
            "(--samples FILE)."
        )
    return found


def _read_samples(samples: Sequence[object], series: Series, options: TableOptions) -> FloatArray:
    """The values (S, T, C) of completed tables; an `InputError` for one that is not like the filled table."""
    drawn = np.empty((len(samples), *series.values.shape))
    for number, (part, sample) in enumerate(zip(drawn, samples, strict=True), start=1):
        other = _as_read(sample, replace(options, columns=series.columns, leave=()))
        name = sample if isinstance(sample, str | os.PathLike) else f"sample {number}"
        if other.values.shape != series.values.shape or _stamps(other) != _stamps(series):
            raise InputError(
                f"{name} is not a completion of the filled table: it has {other.n_steps} rows and the columns "
                f"{', '.join(other.columns)}, or other time stamps. Give the samples of this table (--samples)."
            )
        part[:] = other.values
    return drawn


def _as_read(data: object, options: TableOptions) -> Series:
    """The series of a table, in which a value that looks like a marker of a missing one is a value."""
    table = read_table(data, options)
    return replace(table.series, values=table.as_read)


def _without_bounds(series: Series) -> Series:
    """The series without the bounds of its columns, which `--intervals` writes beside them."""
    bounds = {f"{name}_{end}" for name in series.columns for end in ("lower", "upper")}
    kept = [c for c, name in enumerate(series.columns) if name not in bounds]
    return replace(series, values=series.values[:, kept], columns=tuple(series.columns[c] for c in kept))


def _stamps(series: Series) -> bytes | None:
    return None if series.time is None else series.time.tobytes()


def _as_text(kind: str | Mapping[str, str] | None) -> str | None:
    return json.dumps(dict(kind)) if isinstance(kind, Mapping) else kind
