"""A filled table, and the files it is written to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentfill.core.series import FloatArray, IntArray
from latentfill.imputation.doubt.readings import DoubtfulReadings
from latentfill.imputation.filling.codes import codes_as_read
from latentfill.imputation.filling.filled import Filled
from latentfill.tables.backends.edits import Edits
from latentfill.tables.backends.native import NativeFrame
from latentfill.tables.backends.table_files import write_columns
from latentfill.tables.long_edits import long_rows
from latentfill.tables.pivot import Pivot
from latentfill.tables.table import Table, output_rows
from latentfill.tables.to_edits import Estimates, make_edits
from latentfill.tables.write import fill_frame, write_table


@dataclass(frozen=True, slots=True, eq=False)
class Imputation:
    """A filled table."""

    table: Table
    filled: Filled
    summary: dict[str, object]  # JSON values, see `summarise`
    doubtful: DoubtfulReadings | None = None  # None for one of many series

    def to_frame(self, *, precision: int | None = None) -> NativeFrame:
        """The filled table as a frame of the kind that was given (a pyarrow table if a file was read).

        With intervals, the columns `NAME_lower` and `NAME_upper` of every value column are added.
        """
        return fill_frame(self.table, self.filled.values, precision=precision, extras=self._bounds)

    def write(self, path: str | os.PathLike[str], *, precision: int | None = None, bounds: bool = True) -> None:
        """Write the filled table as CSV or Parquet, as the file name says; with `bounds`, also the interval bounds."""
        extras = self._bounds if bounds else {}
        write_table(self.table, self.filled.values, path, precision=precision, extras=extras)

    def edits(self, precision: int | None, *, bounds: bool) -> Edits:
        """The changes that fill the table; with `bounds`, also the columns of interval bounds."""
        return make_edits(self.table, Estimates(self.filled.values, precision, self._bounds if bounds else {}))

    def sample_edits(self, number: int, precision: int | None) -> Edits:
        """The changes that make one of the randomly drawn completed tables; `number` counts from 0."""
        assert self.filled.samples is not None
        return make_edits(self.table, Estimates(self.filled.samples[number], precision))

    def write_bounds(self, path: str | os.PathLike[str]) -> None:
        """Write a table of interval bounds: `NAME_lower` and `NAME_upper` of every value column, for every row."""
        write_columns(self.bound_columns(), path)

    def bound_columns(self) -> dict[str, FloatArray]:
        """The interval bounds as columns, with one row per row of the filled table."""
        return self._columns(self._bounds)

    def write_codes(self, path: str | os.PathLike[str]) -> None:
        """Write a table that says where the value of each cell comes from, with one row per row of the filled table.

        Every value column has a column of cell codes (see `latentfill.Code`), one of the weights of the strategies
        (`NAME_weights`, such as `kriging=0.62 linear=0.38`), one of expected absolute errors (`NAME_expected`) and,
        with intervals, `NAME_lower` and `NAME_upper`. The last column holds the model id.
        """
        write_columns(self.code_columns(), path)

    def code_columns(self) -> dict[str, NDArray[np.generic]]:
        """The columns of `write_codes`."""
        codes = self._columns({"": self.filled.codes})
        weights = {} if self.filled.weights is None else self._columns({"weights": self.filled.weights.cell_texts})
        measures = self._columns({"expected": self.filled.expected, **self._bounds})
        n_rows = len(next(iter(codes.values())))
        return {**codes, **weights, **measures, "model": np.full(n_rows, str(self.summary["model"]))}

    def write_doubt(self, path: str | os.PathLike[str]) -> None:
        """Write a table of the doubtful readings, see `doubt_columns`."""
        assert self.doubtful is not None
        write_columns(self.doubtful.columns(), path)

    def write_sample(self, number: int, path: str | os.PathLike[str], *, precision: int | None = None) -> None:
        """Write one of the randomly drawn completed tables; `number` counts from 0."""
        assert self.filled.samples is not None
        write_table(self.table, self.filled.samples[number], path, precision=precision)

    @property
    def _bounds(self) -> dict[str, FloatArray]:
        """Lower and upper bounds (T, C), by the suffix of their column names; empty without intervals."""
        if self.filled.lower is None or self.filled.upper is None:
            return {}
        return {"lower": self.filled.lower, "upper": self.filled.upper}

    def _steps(self) -> IntArray | slice:
        """For each row of the filled table, the index of its step in the series; a slice, which copies nothing, if
        they are the same."""
        steps = output_rows(self.table).steps
        in_order = len(steps) == self.table.series.n_steps and bool((np.diff(steps) == 1).all())
        return slice(None) if in_order else steps

    def _columns(self, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Arrays (T, C), given by suffix, as columns named `NAME_SUFFIX` with the rows of the filled table."""
        if self.table.pivot is not None:
            return self._long_columns(self.table.pivot, arrays)
        steps, names = self._steps(), self.table.series.columns
        labels = self.table.series.labels
        return {
            _joined(name, suffix): array[steps, c]
            for c, name in enumerate(names)
            for suffix, array in arrays.items()
            if not (name in labels and suffix in self._bounds)
        }

    def _long_columns(self, pivot: Pivot, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """The same for a long table, which has one column of values; in other readings, codes are those as read."""
        rows = long_rows(self.table, self.table.filled_by(self.filled.values))
        steps = output_rows(self.table).steps
        as_read = codes_as_read(pivot.values, self.table.n_rows)[np.maximum(rows.order, 0)]
        return {
            _joined(pivot.values.name, suffix): rows.pick(array[steps], _empty(suffix) if suffix else as_read)
            for suffix, array in arrays.items()
        }


def _empty(suffix: str) -> str | float:
    return "" if suffix == "weights" else np.nan


def _joined(name: str, suffix: str) -> str:
    return f"{name}_{suffix}" if suffix else name
