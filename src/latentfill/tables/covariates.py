"""Covariates: the columns of other tables, aligned to the steps of the table to fill, which is predicted from them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.files import stem
from latentfill.core.messages import counted, name_columns
from latentfill.core.series import BoolArray, FloatArray, Series, TimeArray
from latentfill.tables.backends.source import Source
from latentfill.tables.backends.table_files import read_source
from latentfill.tables.covariate_columns import MOST_WORDS, CovariateColumns, read_columns
from latentfill.tables.groups import positions_of, rows_by_label
from latentfill.tables.options import TableOptions
from latentfill.tables.time.alignment import Aligned, Clock, align
from latentfill.tables.time.grid import stamp_text

LEAST_COVERED = 0.05  # share of the steps; covariates that cover fewer get a note


@dataclass(frozen=True, slots=True, eq=False)
class OtherTable:
    """A table beside the one to fill, as it was read."""

    name: str  # of its file
    source: Source

    @property
    def prefix(self) -> str:
        """What stands before the names of its columns that another table also has."""
        return stem(self.name)

    def by_series(self, by: Sequence[str]) -> dict[tuple[str, ...], OtherTable] | None:
        """The rows of each series by its labels; None unless the table has all columns `by` that tell series apart."""
        if not set(by) <= set(self.source.names):
            return None
        labels, rows = rows_by_label(self.source, positions_of(self.source, by))
        return {label: replace(self, source=self.source.take(own)) for label, own in zip(labels, rows, strict=True)}


@dataclass(frozen=True, slots=True)
class AlignedFile:
    """What one other table gives to the table to fill."""

    name: str
    columns: tuple[str, ...]  # its covariates
    aligned: str  # how they were aligned, such as "mean of 6 steps"
    covered: float  # share of the steps with a value


@dataclass(frozen=True, slots=True, eq=False)
class Covariates:
    """K columns at the T steps of a series that is predicted from them."""

    columns: tuple[str, ...]
    values: FloatArray  # (T, K), NaN where unknown
    files: tuple[AlignedFile, ...]
    notes: tuple[str, ...] = ()  # for the user


def listed(covariates: object) -> tuple[object, ...]:
    """One table, or a list of tables, as a tuple of tables."""
    if covariates is None:
        return ()
    return tuple(covariates) if isinstance(covariates, list | tuple) else (covariates,)


def refuse_itself(data: object, covariates: Sequence[object]) -> None:
    """Raise an `InputError` if one of the covariates is the table to fill: the path or paths or frame `data`."""
    files = _files(listed(data))
    same = [str(other) for other in _files(covariates) if any(os.path.samefile(other, file) for file in files)]
    same += ["a frame of covariates" for other in covariates if other is data and not same]
    if same:
        raise InputError(f"--with: {same[0]} is the table to fill itself. Name another table, or leave it out.")


def _files(tables: Sequence[object]) -> list[str | os.PathLike[str]]:
    """The paths among the tables that exist."""
    return [path for path in tables if isinstance(path, str | os.PathLike) and os.path.exists(path)]


def read_others(covariates: Sequence[object]) -> list[OtherTable]:
    """The tables at paths, or of frames; how they are written is detected.

    Raises an `InputError` for a table that cannot be read.
    """
    return [
        other if isinstance(other, OtherTable) else _read_other(other, number)
        for number, other in enumerate(covariates, start=1)
    ]


def _read_other(data: object, number: int) -> OtherTable:
    name = Path(data).name if isinstance(data, str | os.PathLike) else f"covariates{number}"
    try:
        return OtherTable(name, read_source(data, TableOptions().layout).without_empty_end())
    except InputError as error:
        raise InputError(f"--with {name}: {error}") from error


def align_covariates(
    others: Sequence[OtherTable], series: Series, timezone: str | None, wanted: Sequence[str] = ()
) -> Covariates:
    """The columns of other tables at the steps of a series.

    Those that are the same at all steps are left out, or all but the `wanted` ones, with which a model was fitted.
    Stamps without a zone are local time of `timezone`. Raises an `InputError` for a table that does not overlap with
    the series in time, or without a usable column.
    """
    full_names = _full_names(others, series.columns)
    parts = [
        _align_one(other, series, timezone, names, wanted) for other, names in zip(others, full_names, strict=True)
    ]
    return Covariates(
        columns=tuple(name for part in parts for name in part.columns),
        values=np.column_stack([np.empty((series.n_steps, 0)), *(part.values for part in parts)]),
        files=tuple(file for part in parts for file in part.files),
        notes=tuple(note for part in parts for note in part.notes),
    )


def _full_names(others: Sequence[OtherTable], columns: Sequence[str]) -> list[dict[str, str]]:
    """The names of the columns of each table, with the name of its file before those that another table has too."""
    count = Counter([*columns, *(name for other in others for name in other.source.names)])
    full_names = [
        {name: f"{other.prefix}.{name}" if count[name] > 1 else name for name in other.source.names} for other in others
    ]
    every = Counter([*columns, *(full for names in full_names for full in names.values())])
    if repeated := [name for name, n in every.items() if n > 1]:
        raise InputError(f"--with: several tables have {name_columns(repeated)}. Rename a file, or its columns.")
    return full_names


def _align_one(
    other: OtherTable, series: Series, timezone: str | None, full_names: dict[str, str], wanted: Sequence[str]
) -> Covariates:
    """The columns of one table at the steps of a series; errors and notes begin with its name."""
    try:
        columns = read_columns(other.source, timezone, full_names, wanted)
        aligned = _aligned(columns, series)
        if not wanted:
            _refuse_unusable(columns)
    except InputError as error:
        raise InputError(f"--with {other.name}: {error}") from error
    kept = np.isin(columns.names, wanted) if wanted else _varies(aligned.values)
    names, values = tuple(np.array(columns.names, dtype=object)[kept]), aligned.values[:, kept]
    covered = float((~np.isnan(values)).any(axis=1).mean())
    constant = [] if wanted else [name for name, keep in zip(columns.names, kept, strict=True) if not keep]
    notes = tuple(f"{other.name}: {note}" for note in (*columns.notes, *_notes(constant, covered)))
    return Covariates(names, values, (AlignedFile(other.name, names, aligned.how, round(covered, 4)),), notes)


def _aligned(columns: CovariateColumns, series: Series) -> Aligned:
    """The columns at the steps of a series, by time, or row by row if neither table has time stamps."""
    if columns.time is None or series.time is None:
        _refuse_rows(columns, series)
        return Aligned(columns.values, "same rows")
    aligned = align(columns.values, columns.held, Clock(columns.time), Clock(series.time))
    if np.isnan(aligned.values).all() and not _overlap(columns.time, series.time):
        raise InputError(
            f"its time stamps ({_span(columns.time)}) and those of the table ({_span(series.time)}) do not overlap. "
            "Give a table of the same time, or leave it out."
        )
    return aligned


def _varies(values: FloatArray) -> BoolArray:
    """Whether a column has two different values, (K,)."""
    return np.asarray(np.fmin.reduce(values, axis=0) < np.fmax.reduce(values, axis=0))


def _overlap(time: TimeArray, other: TimeArray) -> bool:
    return bool(time[0] <= other[-1] and other[0] <= time[-1])


def _span(time: TimeArray) -> str:
    return f"{stamp_text(time[0])} to {stamp_text(time[-1])}"


def _refuse_rows(columns: CovariateColumns, series: Series) -> None:
    """Raise an `InputError` unless neither table has time stamps and both have the same number of rows."""
    if (columns.time is None) != (series.time is None):
        without, with_ = ("it", "the table") if columns.time is None else ("the table", "it")
        raise InputError(
            f"{without} has no time stamps and {with_} has some, so the rows cannot be matched. Give both a time "
            "column (`--time` names that of the table), or leave it out."
        )
    if len(columns.values) != series.n_steps:
        raise InputError(
            f"neither it nor the table has time stamps, and it has {counted(len(columns.values), 'row')} where the "
            f"table has {series.n_steps}. Give both a time column, or the same rows."
        )


def _refuse_unusable(columns: CovariateColumns) -> None:
    """Raise an `InputError` if no column has two different values."""
    if not _varies(columns.values).any():
        held = f" ({name_columns(columns.names)})" if columns.names else ""
        raise InputError(
            f"it has no usable column: it needs one with different numbers, or with at most {MOST_WORDS} different "
            f"words{held}."
        )


def _notes(constant: Sequence[str], covered: float) -> Iterator[str]:
    if constant:
        yield f"not used are {name_columns(constant)}, which do not vary over the table's steps."
    if covered < LEAST_COVERED and not constant:
        yield f"covers only {covered:.1%} of the table's steps."
