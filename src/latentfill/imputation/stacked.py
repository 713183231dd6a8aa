"""Fills a table that stacks several series, with one model or a model each, and writes the whole table."""

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
from latentfill.imputation.filling.codes import codes_as_read
from latentfill.imputation.filling.fill_many import fill_many
from latentfill.imputation.fitting.fitted import BUILTIN, Fitted
from latentfill.imputation.fitting.pool import fit_pool
from latentfill.imputation.imputation import Imputation
from latentfill.imputation.imputer import Imputer
from latentfill.imputation.model_choice import choose_model
from latentfill.imputation.saving.model_weights import model_id
from latentfill.imputation.stacked_covariates import StackedImputers
from latentfill.imputation.summary.cell_counts import joined_counts
from latentfill.imputation.summary.summary import added_notes, summarise_table
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
    problems = {group.name: group.problem for group in table.groups if group.table is None}
    tables = {number: group.table for number, group in enumerate(table.groups) if group.table is not None}
    series, has_covariates = [each.series for each in tables.values()], bool(imputer.covariates)
    choice = choose_model(series, imputer.config, imputer.progress, has_covariates=has_covariates)
    fitted = fit_pool(series, imputer.config, imputer.progress) if choice.shared else None
    results = _fill_alone(imputers, tables) if fitted is None else _fill_shared(fitted, tables)
    filled = dict[int, Imputation]()
    for number, result in results:
        group = table.groups[number]
        if isinstance(result, Imputation):
            filled[number] = result
        else:
            problems[group.name] = result
        if on_series:
            on_series(group.name, len(filled) + len(problems), len(table.groups))
    if not filled:
        raise InputError(f"No series can be filled. {next(iter(problems.values()))}")
    filled = dict(sorted(filled.items()))
    notes = (choice.note(len(filled)), *_notes(table, problems), *imputers.notes(filled))
    summary = _summarise(imputer, table, filled, problems, notes)
    score = {} if fitted is None else {BUILTIN: fitted.builtin.validated.score}
    summary |= {"model": "own" if fitted is None else "shared", "held_out_error": score}
    return StackedImputation(table, filled, summary | {"fill_seconds": round(time.monotonic() - began, 2)})


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
    model, numbers, series = model_id(fitted), list(known), [table.series for table in known.values()]
    for at, filled in fill_many(fitted, series):
        table = known[numbers[at]]
        filled = filled.keeping(table.suspected, table.as_read)
        yield numbers[at], Imputation(table, filled, summarise_table(fitted, table, filled) | {"model": model})


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
    n_added = sum(_dict(summary["table"])["added_rows"] for summary in summaries)
    added = added_notes(n_added) if imputer.options.pivot else ()
    kept = ("table", "cells", "held_out_error", "covariates", "columns", "notes", "model")
    return {
        "latentfill": version("latentfill"),
        "table": {
            "rows": table.source.n_rows,
            "added_rows": n_added,
            "series": len(table.groups),
            "by": list(imputer.options.by),
        },
        "notes": [*table.notes, *added, *notes],
        "settings": imputer.config.to_dict(),
        "cells": cells,
        "codes": {str(code.number): code.meaning for code in cell_codes()},
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
