"""Fills a table that stacks several series, each with a model of its own, and writes the whole table."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentfill.core.errors import InputError, LatentFillError
from latentfill.core.messages import SHOWN
from latentfill.core.strategy_table import cell_codes
from latentfill.imputation.filling.codes import Code
from latentfill.imputation.imputation import Imputation
from latentfill.imputation.imputer import Imputer
from latentfill.imputation.stacked_covariates import StackedImputers
from latentfill.imputation.summary.cell_counts import joined_counts
from latentfill.tables.backends.edits import Edits
from latentfill.tables.backends.native import NativeFrame
from latentfill.tables.backends.table_files import write_columns, write_source
from latentfill.tables.groups import Group, GroupedTable

OnSeries = Callable[[str, int, int], None]  # name of a series, its number from 1, number of all


@dataclass(frozen=True, slots=True, eq=False)
class StackedImputation:
    """A filled table of several series."""

    table: GroupedTable
    series: Mapping[int, Imputation]  # by number of the group; groups that could not be filled are missing
    summary: dict[str, object]  # JSON values

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
            numbers = column.numbers
            is_missing = np.isnan(numbers.values) & ~numbers.bad if numbers else np.ones(len(group.rows), dtype=bool)
            return np.where(is_missing, Code.EMPTY, Code.OBSERVED).astype(np.int8)
        empty: Any = "" if like.dtype.kind in "UO" else np.nan
        return np.full(len(group.rows), empty, dtype=like.dtype)


def impute_stacked(imputer: Imputer, data: object, on_series: OnSeries | None = None) -> StackedImputation:
    """Fit a model to each series of a stacked table and fill it; a series that fails costs only itself.

    `imputer` has the settings, of which `by` names the columns that tell the series apart, and the covariates (see
    `StackedImputers`). Raises the errors of `read_groups`, and an `InputError` if no series can be filled.
    """
    began = time.monotonic()
    table = data if isinstance(data, GroupedTable) else imputer.read_groups(data)
    imputers = StackedImputers.of(imputer, table)
    filled: dict[int, Imputation] = {}
    problems: dict[str, str] = {}
    for number, group in enumerate(table.groups):
        if on_series:
            on_series(group.name, number + 1, len(table.groups))
        try:
            if group.table is None:
                raise InputError(group.problem)
            filled[number] = imputers.by_number.pop(number).fit(group.table).fill(group.table)
        except LatentFillError as error:
            problems[group.name] = str(error)
    if not filled:
        raise InputError(f"No series can be filled. {next(iter(problems.values()))}")
    notes = (*_notes(table, problems), *imputers.notes(filled))
    summary = _summarise(imputer, table, filled, problems, notes)
    return StackedImputation(table, filled, summary | {"fill_seconds": round(time.monotonic() - began, 2)})


def _summarise(
    imputer: Imputer,
    table: GroupedTable,
    filled: Mapping[int, Imputation],
    problems: Mapping[str, str],
    notes: Sequence[str],
) -> dict[str, object]:
    """The summary of all series as JSON values: counts of all together, and counts and scores of each."""
    summaries = [each.summary for each in filled.values()]
    names = [table.groups[number].name for number in filled]
    cells: dict[str, int] = {}
    for summary in summaries:
        for code, count in _dict(summary["cells"]).items():
            cells[code] = cells.get(code, 0) + count
    kept = ("table", "cells", "held_out_error", "covariates", "columns", "notes", "model")
    return {
        "latentfill": version("latentfill"),
        "table": {"rows": table.source.n_rows, "series": len(table.groups), "by": list(imputer.options.by)},
        "notes": [*table.notes, *notes],
        "settings": imputer.config.to_dict(),
        "cells": cells,
        "codes": {str(code.number): code.meaning for code in cell_codes()},
        "held_out_error": {},
        "columns": joined_counts([_dict(summary["columns"]) for summary in summaries]),
        "not_filled": dict(problems),
        "series": {
            name: {key: summary[key] for key in kept if key in summary}
            for name, summary in zip(names, summaries, strict=True)
        },
    }


def _notes(table: GroupedTable, problems: Mapping[str, str]) -> Iterator[str]:
    if problems:
        shown = "; ".join(f"{name!r}: {problem}" for name, problem in list(problems.items())[:SHOWN])
        more = f" and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        yield f"{len(problems)} of {len(table.groups)} series were left as they are ({shown}{more})."


def _dict(value: object) -> dict[str, Any]:
    assert isinstance(value, dict)
    return value
