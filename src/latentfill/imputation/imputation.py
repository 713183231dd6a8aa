"""A filled table, and the files it is written to."""

from __future__ import annotations

import html
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from latentfill.core.messages import counted
from latentfill.core.series import FloatArray, IntArray
from latentfill.imputation.doubt.readings import DoubtfulReadings
from latentfill.imputation.filling.codes import codes_as_read
from latentfill.imputation.filling.filled import Filled
from latentfill.imputation.result_frames import frame_beside, gap_columns, gap_frame
from latentfill.tables.backends.edits import Edits
from latentfill.tables.backends.native import NativeFrame
from latentfill.tables.backends.table_files import write_columns
from latentfill.tables.long_edits import long_rows
from latentfill.tables.pivot import Pivot
from latentfill.tables.table import Table, output_rows
from latentfill.tables.to_edits import Estimates, make_edits
from latentfill.tables.write import fill_frame, write_table


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Imputation:
    """A filled table.

    Its parts are frames of the kind that was given (a pyarrow table if a file was read), with the same rows and index.
    """

    table: Table
    filled: Filled
    summary: dict[str, object]  # JSON values, see `summarise`
    doubtful: DoubtfulReadings | None = None  # None for one of many series

    @property
    def frame(self) -> NativeFrame:
        """The filled table, as `to_frame` gives it."""
        return self.to_frame()

    @property
    def codes(self) -> NativeFrame:
        """Where the value of each cell comes from, see `latentfill.Code`."""
        return self._frame_of(self.filled.codes)

    @property
    def expected(self) -> NativeFrame:
        """The expected absolute error of each filled cell; NaN in others, and where it is not known."""
        return self._frame_of(self.filled.expected)

    @property
    def lower(self) -> NativeFrame | None:
        """The lower bound of each cell, for an observed one its value; None without `intervals`."""
        return None if self.filled.lower is None else self._frame_of(self.filled.lower)

    @property
    def upper(self) -> NativeFrame | None:
        """The upper bound of each cell; None without `intervals`."""
        return None if self.filled.upper is None else self._frame_of(self.filled.upper)

    @property
    def gaps(self) -> NativeFrame:
        """One row for each gap: its column, start, end, length in steps, mean expected error, and strategies.

        Start and end are time stamps in the zone of the index, in UTC where a column holds stamps with a zone; without
        time stamps, they are steps counted from 0.
        """
        return gap_frame(self.frame, gap_columns(self.table, self.filled))

    def __repr__(self) -> str:
        n_rows, n_columns = output_rows(self.table).steps.size, len(self.table.series.columns)
        cells: Mapping[str, int] = cast("Mapping[str, int]", self.summary.get("cells", {}))
        counts = ", ".join(f"{name} {n}" for name, n in cells.items())
        return f"<Imputation of {counted(n_rows, 'row')} and {counted(n_columns, 'column')}: cells {counts}>"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(repr(self)[1:-1])}</p>"

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the user on how the table was read and filled."""
        return tuple(cast("Sequence[str]", self.summary.get("notes", ())))

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

    def codes_and_errors(self) -> dict[str, NDArray[np.generic]]:
        """The codes and expected errors as columns `NAME_code` and `NAME_expected`, as `code_columns` has them."""
        return self._columns({"code": self.filled.codes, "expected": self.filled.expected})

    def write_doubt(self, path: str | os.PathLike[str]) -> None:
        """Write a table of the doubtful readings, see `doubt_columns`."""
        assert self.doubtful is not None
        write_columns(self.doubtful.columns(), path)

    def write_sample(self, number: int, path: str | os.PathLike[str], *, precision: int | None = None) -> None:
        """Write one of the randomly drawn completed tables; `number` counts from 0."""
        assert self.filled.samples is not None
        write_table(self.table, self.filled.samples[number], path, precision=precision)

    def _frame_of(self, array: NDArray[Any]) -> NativeFrame:
        """An array (T, C) as a frame with the rows of the filled table and a column for each value column."""
        return frame_beside(self.frame, self._columns({"": array}))

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
