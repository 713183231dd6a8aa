"""The summary of all series of a stacked table, gathered one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import islice
from typing import Any

from latentfill.core.errors import InputError
from latentfill.core.messages import name_problems
from latentfill.core.strategy_table import cell_codes
from latentfill.imputation.fitting.fitted import BUILTIN
from latentfill.imputation.imputation import Imputation
from latentfill.imputation.imputer import Imputer
from latentfill.imputation.model_choice import SeriesModel
from latentfill.imputation.summary.cell_counts import joined_counts
from latentfill.imputation.summary.summary import added_notes
from latentfill.tables.groups import GroupedTable

MOST_NOTES = 20  # on how a table was read
KEPT = (
    "table",
    "cells",
    "filled_from",
    "doubtful",
    "held_out_error",
    "covariates",
    "columns",
    "notes",
    "model",
)  # of each series


@dataclass(slots=True, eq=False)
class StackedSummary:
    """What is known of a stacked table so far."""

    n_rows: int = 0
    n_series: int = 0
    table_notes: dict[str, None] = field(default_factory=dict)  # in order, each once
    notes: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)  # why a series cannot be filled, by name
    series: dict[str, dict[str, object]] = field(default_factory=dict)  # summaries of those filled, by name

    @property
    def n_done(self) -> int:
        """Series that are filled, or that cannot be."""
        return len(self.series) + len(self.problems)

    def add(self, part: StackedSummary) -> None:
        """Add what is known of a part of the table."""
        self.n_rows += part.n_rows
        self.table_notes |= part.table_notes
        self.problems |= part.problems
        self.series |= part.series
        self.n_series = max(self.n_series, self.n_done)

    def add_table(self, table: GroupedTable) -> None:
        """Add what was read."""
        self.n_rows += table.source.n_rows
        self.n_series = max(self.n_series, self.n_done + len(table.groups))
        self.table_notes |= dict.fromkeys(table.notes)
        self.problems |= {group.name: group.problem for group in table.groups if group.table is None}

    def add_filled(self, filled: Mapping[str, Imputation]) -> None:
        """Add the series that were filled, by name."""
        for name, each in filled.items():
            self.series[name] = {key: each.summary[key] for key in KEPT if key in each.summary}

    def to_dict(self, imputer: Imputer, model: SeriesModel) -> dict[str, object]:
        """The summary as JSON values; an `InputError` if no series was filled."""
        if not self.series:
            raise InputError(f"No series can be filled. {next(iter(self.problems.values()))}")
        summaries = self.series.values()
        n_added = sum(_dict(summary["table"])["added_rows"] for summary in summaries)
        added = added_notes(n_added) if imputer.options.pivot else ()
        own = [model.choice.note(len(self.series)), *self._problem_notes()]
        by = list(imputer.options.by)
        return {
            "latentfill": version("latentfill"),
            "table": {"rows": self.n_rows, "added_rows": n_added, "series": self.n_series, "by": by},
            "notes": [*self._table_notes(), *added, *own, *self.notes],
            "settings": imputer.config.to_dict(),
            "cells": self._cells(),
            "codes": {str(code.number): code.meaning for code in cell_codes()},
            "model": "own" if model.shared is None else "shared",
            "held_out_error": {} if model.shared is None else {BUILTIN: model.shared.builtin.validated.score},
            "columns": joined_counts([_dict(summary["columns"]) for summary in summaries]),
            "not_filled": dict(self.problems),
            "series": dict(self.series),
        }

    def _table_notes(self) -> Iterator[str]:
        yield from islice(self.table_notes, MOST_NOTES)
        if len(self.table_notes) > MOST_NOTES:
            yield f"There are {len(self.table_notes) - MOST_NOTES} more notes on single series."

    def _cells(self) -> dict[str, int]:
        cells: dict[str, int] = {}
        for summary in self.series.values():
            for code, count in _dict(summary["cells"]).items():
                cells[code] = cells.get(code, 0) + count
        return cells

    def _problem_notes(self) -> Iterator[str]:
        if self.problems:
            shown = name_problems(self.problems)
            yield f"{len(self.problems)} of {self.n_series} series were left as they are ({shown})."


def _dict(value: object) -> dict[str, Any]:
    assert isinstance(value, dict)
    return value
