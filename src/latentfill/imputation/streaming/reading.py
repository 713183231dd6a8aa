"""Reads some rows of a long file in the way that was found for all of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.messages import quoted
from latentfill.core.series import FloatArray, Series, TimeArray
from latentfill.imputation.streaming.step_rule import StepRule
from latentfill.tables.backends.source import Source
from latentfill.tables.backends.streams.stream import RowStream
from latentfill.tables.missing_markers import find_suspected
from latentfill.tables.options import TableOptions
from latentfill.tables.read import ReadColumns
from latentfill.tables.table import Table, TextForm
from latentfill.tables.time.axis import TimeAxis
from latentfill.tables.time.reading import TimeRequest, read_time_axis
from latentfill.tables.to_edits import form_of
from latentfill.tables.value_columns import read_numbers


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Some consecutive rows of a file."""

    source: Source
    axis: TimeAxis | None
    values: FloatArray  # (rows, C) with those that may be markers of missing ones

    @property
    def time(self) -> TimeArray | None:
        """The stamps (rows,) in UTC."""
        return None if self.axis is None else self.axis.time


@dataclass(frozen=True, slots=True, eq=False)
class Markers:
    """The values of each of C columns that look like markers of missing ones."""

    kept: Sequence[FloatArray]  # that are kept, and not learnt from
    missing: Sequence[FloatArray]  # that are read as missing
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, names: Sequence[str], values: FloatArray, options: TableOptions) -> Self:
        """The markers among the readings (rows, C) of a sample."""
        nothing = [values[:0, 0]] * len(names)
        if options.trusts_suspected:
            return cls(nothing, nothing)
        accepts, found = options.accepts_suspected, find_suspected(names, values)
        cells = found.far | found.outlying if accepts else found.far
        markers = [np.unique(column[of_column]) for column, of_column in zip(values.T, cells.T, strict=True)]
        notes = tuple(found.notes(accepted=accepts))
        return cls(nothing, markers, notes) if accepts else cls(markers, nothing, notes)

    def split(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The values (T, C) that are read, and of these the ones to learn from; NaN elsewhere."""
        read, trusted = values.copy(), values.copy()
        for c, (kept, missing) in enumerate(zip(self.kept, self.missing, strict=True)):
            read[np.isin(values[:, c], missing), c] = np.nan
            trusted[np.isin(values[:, c], np.concatenate([kept, missing])), c] = np.nan
        return read, trusted


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """Reads rows with the columns, stamps and numbers that the sample has."""

    stream: RowStream[Any]
    options: TableOptions  # of the user, with the columns of the sample
    found: ReadColumns  # the sample
    markers: Markers
    forms: dict[str, TextForm]  # of new cells of columns of texts

    @classmethod
    def of(cls, stream: RowStream[Any], options: TableOptions, found: ReadColumns) -> Reader:
        """The reader of a stream, whose markers are those of the sample."""
        own = replace(options, columns=found.values.names, leave=(), time=found.timed.time_columns)
        nothing = Markers.of(found.values.names, found.values.values[:0], options)
        return cls(stream, own, found, nothing, {}).completed()

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the C columns to fill."""
        return self.found.values.names

    def completed(self, *readings: FloatArray) -> Reader:
        """The same reader with the markers among the sample and further `readings` (C,) that it lacks."""
        values, style = self.found.values, self.found.written.style
        new = [np.where((values.values == each).any(axis=0), np.nan, each) for each in readings]
        markers = Markers.of(self.columns, np.vstack([values.values, *new]), self.options)
        _, trusted = markers.split(values.values)
        texts = [self.found.timed.source.texts(position) for position in values.positions]
        forms = {
            name: form_of(cells, column, style)
            for name, cells, column in zip(self.columns, texts, trusted.T, strict=True)
            if cells is not None
        }
        return replace(self, markers=markers, forms=forms)

    def pieces(self, n_rows: int) -> Iterator[Rows]:
        """All rows, about `n_rows` at a time."""
        held = None
        for piece in self.stream.pieces(n_rows):
            if held is not None:
                yield self.read(held, is_last=False)
            held = piece
        if held is not None:
            yield self.read(held, is_last=True)

    def read(self, piece: object, *, is_last: bool) -> Rows:
        """The rows of a piece; the last one of a file may end with empty rows.

        Raises an `InputError` that names rows whose cells do not fit the sample.
        """
        source = self.stream.read([piece])
        if is_last and self.found.timed.axis is not None:
            source = source.without_empty_end()
        axis, empty = self._axis(source), np.full(source.n_rows, np.nan)
        numbers, _ = read_numbers(source.columns(), axis, self.options, self.found.written.style)
        columns = [numbers[at].values if at in numbers else empty for at in self.found.values.positions]
        return Rows(source, axis, np.column_stack(columns))

    def _axis(self, source: Source) -> TimeAxis | None:
        """The stamps, in the format of the sample."""
        found = self.found.timed.axis
        if found is None:
            return None
        request = TimeRequest(names=self.options.time, format=self.options.time_format)
        axis = read_time_axis(source.columns(), None, request)
        if axis is not None and axis.format != found.format and found.format is not None and "%" in found.format:
            axis = read_time_axis(source.columns(), None, replace(request, format=found.format))
        if axis is None or axis.format != found.format or axis.columns != found.columns:
            name = ", ".join(self.found.timed.time_columns)
            raise InputError(
                f"Time column {quoted(name)} is written in another way from {source.columns()[0].rows.listed([0])} on: "
                f"{axis and axis.format}, not {found.format}. Give --time-format, or write all stamps alike."
            )
        return axis

    def table(self, rows: Rows, rule: StepRule, following: np.datetime64 | None) -> Table:
        """The table of some rows, with the steps up to the next one, whose stamp is `following`."""
        steps = rule.steps_of(rows.time, len(rows.values), following)
        n_steps = len(rows.values) if steps.time is None else len(steps.time)
        as_read, of_row = np.full((n_steps, rows.values.shape[1]), np.nan), np.full(n_steps, -1, dtype=np.int64)
        as_read[steps.step], of_row[steps.step] = rows.values, np.arange(len(rows.values))
        as_read, values = self.markers.split(as_read)
        return Table(
            series=Series(values, self.columns, steps.time, of_row, rule.step, steps.position),
            as_read=as_read,
            notes=(),
            source=rows.source,
            positions=self.found.values.positions,
            axis=rows.axis,
            grid=self.options.grid,
            style=self.found.written.style,
            time_columns=self.found.timed.time_columns,
            left_alone=self.found.values.left_alone,
            forms=self.forms,
        )
