"""Fills a table that stacks several series, with one model or a model each, and writes the whole table."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from latentfill.core.errors import LatentFillError
from latentfill.core.series import BoolArray
from latentfill.imputation.doubt.listing import stacked_doubt_columns
from latentfill.imputation.doubt.readings import DoubtfulReadings
from latentfill.imputation.filling.codes import codes_as_read
from latentfill.imputation.filling.fill_many import fill_many
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.imputation.imputation import Imputation
from latentfill.imputation.imputer import Imputer
from latentfill.imputation.model_choice import SeriesModel
from latentfill.imputation.saving.model_weights import model_id
from latentfill.imputation.stacked_covariates import StackedImputers
from latentfill.imputation.stacked_summary import StackedSummary
from latentfill.imputation.summary.summary import summarise_table
from latentfill.tables.backends.edits import Edits
from latentfill.tables.backends.native import NativeFrame
from latentfill.tables.backends.table_files import write_columns, write_source
from latentfill.tables.groups import Group, GroupedTable
from latentfill.tables.table import Table

NOTHING_OBSERVED = "no value column has a single observed cell."
OnSeries = Callable[[str, int, int], None]  # name of a series, how many are done, number of all


@dataclass(frozen=True, slots=True, eq=False)
class StackedImputation:
    """A filled table of several series."""

    table: GroupedTable
    series: Mapping[int, Imputation]  # by number of the group; groups that could not be filled are missing
    summary: dict[str, object]  # JSON values

    @property
    def is_row(self) -> BoolArray:
        """True for the rows (R,) of the filled table that the table had before, False for those that were added."""
        if not any(each.table.grid for each in self.series.values()):
            return np.ones(self.table.source.n_rows, dtype=bool)
        return self._edits(None, bounds=False).order >= 0

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the user on how the table was read and filled."""
        return tuple(cast("Sequence[str]", self.summary.get("notes", ())))

    def to_frame(self, *, precision: int | None = None) -> NativeFrame:
        """The filled table as a frame of the kind that was given (a pyarrow table if a file was read)."""
        return self.table.source.to_frame(self._edits(precision, bounds=True))

    def write(self, path: str | os.PathLike[str], *, precision: int | None = None, bounds: bool = True) -> None:
        """Write the filled table; with `bounds`, also the interval bounds."""
        write_source(self.table.source, self._edits(precision, bounds=bounds), path)

    def write_bounds(self, path: str | os.PathLike[str]) -> None:
        """Write a table of interval bounds, as `Imputation.write_bounds` does."""
        write_columns(self._columns(lambda each: each.bound_columns()), path)

    def write_codes(self, path: str | os.PathLike[str]) -> None:
        """Write a table that says where the value of each cell comes from, as `Imputation.write_codes` does."""
        write_columns(self._columns(lambda each: each.code_columns()), path)

    def write_doubt(self, path: str | os.PathLike[str]) -> None:
        """Write a table of the doubtful readings of all series, see `stacked_doubt_columns`."""
        lists = {number: each.doubtful.columns() for number, each in self.series.items() if each.doubtful is not None}
        write_columns(stacked_doubt_columns(self.table, lists), path)

    def write_sample(self, number: int, path: str | os.PathLike[str], *, precision: int | None = None) -> None:
        """Write one of the randomly drawn completed tables; `number` counts from 0."""
        edits = {group: each.sample_edits(number, precision) for group, each in self.series.items()}
        write_source(self.table.source, self.table.merged(edits), path)

    def _edits(self, precision: int | None, *, bounds: bool) -> Edits:
        edits = {group: each.edits(precision, bounds=bounds) for group, each in self.series.items()}
        return self.table.merged(edits)

    def _columns(
        self, columns_of: Callable[[Imputation], Mapping[str, NDArray[np.generic]]]
    ) -> dict[str, NDArray[np.generic]]:
        """Columns with one row for each row of the filled table, from those of each series."""
        parts = {group: columns_of(each) for group, each in self.series.items()}
        order = self.table.order({group: each.edits(None, bounds=False) for group, each in self.series.items()})
        example = next(iter(parts.values()))
        return {
            name: np.concatenate(
                [
                    parts[number][name] if number in parts else self._unfilled(group, name, example[name])
                    for number, group in enumerate(self.table.groups)
                ]
            )[order]
            for name in example
        }

    def _unfilled(self, group: Group, name: str, like: NDArray[np.generic]) -> NDArray[np.generic]:
        """A column of codes or bounds for a series that could not be filled."""
        if like.dtype == np.int8:
            column = self.table.source.take(group.rows).columns()[self.table.source.names.index(name)]
            return codes_as_read(column, len(group.rows))
        empty: Any = "" if like.dtype.kind in "UO" else np.nan
        return np.full(len(group.rows), empty, dtype=like.dtype)


def impute_stacked(imputer: Imputer, data: object, on_series: OnSeries | None = None) -> StackedImputation:
    """Fill each series of a stacked table; a series that fails costs only itself.

    `imputer` has the settings, of which `by` names the columns that tell the series apart, and `model` says whether
    they share a model, and the covariates (see `StackedImputers`). Raises the errors of `read_groups`, and an
    `InputError` if no series can be filled.
    """
    began = time.monotonic()
    table = data if isinstance(data, GroupedTable) else imputer.read_groups(data)
    imputers = StackedImputers.of(imputer, table)
    series = [group.table.series for group in table.groups if group.table is not None]
    model = SeriesModel.fit(series, imputer.config, imputer.progress, has_covariates=bool(imputer.covariates))
    found = StackedSummary()
    filled = fill_stacked(imputers, table, model, found, on_series)
    found.notes.extend(imputers.notes(filled))
    summary = found.to_dict(imputer, model)
    return StackedImputation(table, filled, summary | {"fill_seconds": round(time.monotonic() - began, 2)})


def fill_stacked(
    imputers: StackedImputers,
    table: GroupedTable,
    model: SeriesModel,
    found: StackedSummary,
    on_series: OnSeries | None = None,
) -> dict[int, Imputation]:
    """Fill the series of a table, or of a part of one, by number of the group; adds to the summary what was `found`."""
    found.add_table(table)
    tables = {number: group.table for number, group in enumerate(table.groups) if group.table is not None}
    filled = dict[int, Imputation]()
    for number, result in fill_tables(imputers, tables, model):
        name = table.groups[number].name
        if isinstance(result, Imputation):
            filled[number] = result
        else:
            found.problems[name] = result
        if on_series:
            on_series(name, found.n_done + len(filled), found.n_series)
    filled = dict(sorted(filled.items()))
    found.add_filled({table.groups[number].name: each for number, each in filled.items()})
    return filled


def fill_tables(
    imputers: StackedImputers, tables: Mapping[int, Table], model: SeriesModel
) -> Iterator[tuple[int, Imputation | str]]:
    """Number and filled table of each series; if it cannot be filled, the reason."""
    return _fill_alone(imputers, tables) if model.shared is None else _fill_shared(model.shared, tables)


def _fill_alone(imputers: StackedImputers, tables: Mapping[int, Table]) -> Iterator[tuple[int, Imputation | str]]:
    """Number and filled table of each series with a model of its own; if it cannot be filled, the reason."""
    for number, table in tables.items():
        try:
            yield number, imputers.of_series(number).fit(table).fill(table)
        except LatentFillError as error:
            yield number, str(error)


def _fill_shared(fitted: Fitted, tables: Mapping[int, Table]) -> Iterator[tuple[int, Imputation | str]]:
    """The same with one model for all series."""
    known = {number: table for number, table in tables.items() if table.series.observed.any()}
    yield from ((number, NOTHING_OBSERVED) for number in tables if number not in known)
    model, numbers, blank = model_id(fitted), list(known), fitted.config.output.blank_doubtful
    doubtful = [DoubtfulReadings.of(table, blank) for table in known.values()]
    for at, filled in fill_many(fitted, [each.blanked.series for each in doubtful]):
        table = doubtful[at].blanked
        filled = filled.keeping(table.suspected, table.as_read).replacing(doubtful[at].replaced)
        summary = doubtful[at].added_to(summarise_table(fitted, table, filled))
        yield numbers[at], Imputation(table, filled, summary | {"model": model}, doubtful[at])
