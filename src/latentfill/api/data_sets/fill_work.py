"""Filling many series: a part of the output is a Parquet file, and what is known of its series."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.metadata import version
from typing import Any

from latentfill.api.data_sets.part import Content, PartFiles
from latentfill.api.data_sets.rows import RowFormat
from latentfill.api.data_sets.series_reader import OneSeries
from latentfill.core.errors import InputError
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.imputation.imputation import Imputation
from latentfill.imputation.imputer import Imputer, check_stamps
from latentfill.imputation.model_choice import SeriesModel
from latentfill.imputation.saving.model_weights import model_id
from latentfill.imputation.stacked import fill_tables
from latentfill.imputation.stacked_covariates import StackedImputers
from latentfill.imputation.stacked_summary import KEPT
from latentfill.imputation.summary.cell_counts import joined_counts
from latentfill.tables.table import Table


@dataclass(frozen=True, eq=False)
class FillWork:
    """A `Work` that fills series with one model for all, or each with its own."""

    imputer: Imputer  # with the settings, not fitted
    model: SeriesModel
    format: RowFormat
    precision: int | None = None  # decimals of filled cells; None: as many as their column has

    @cached_property
    def key(self) -> str:
        """See `Work`."""
        settings = {"method": self.imputer.config.to_dict(), "reading": asdict(self.imputer.options)}
        model = "own" if self.model.shared is None else model_id(self.model.shared)
        text = json.dumps([version("latentfill"), settings, model, str(self.format.schema), self.precision])
        return hashlib.sha256(text.encode()).hexdigest()

    def check(self, series: OneSeries) -> None:
        """See `Work`."""
        self._fill([series], {})

    def do(self, series: Sequence[OneSeries], left_out: Mapping[str, str], name: str, files: PartFiles) -> Content:
        """See `Work`."""
        import pyarrow as pa
        from pyarrow import parquet

        problems = {each.name: each.problem for each in series if each.table is None} | dict(left_out)
        results = self._fill(series, problems)
        filled = {number: each for number, each in results.items() if isinstance(each, Imputation)}
        problems |= {series[number].name: each for number, each in results.items() if isinstance(each, str)}
        tables = [self.format.rows_of(each, filled.get(number), self.precision) for number, each in enumerate(series)]
        rows = pa.concat_tables([self.format.schema.empty_table(), *tables])
        with files.writing(f"{name}.parquet") as path:
            parquet.write_table(rows, path)
        return _known(series, filled, problems, rows.num_rows)

    def _fill(self, series: Sequence[OneSeries], problems: Mapping[str, str]) -> dict[int, Imputation | str]:
        tables = {
            number: each.table
            for number, each in enumerate(series)
            if each.table is not None and each.name not in problems
        }
        fitted = self.model.shared
        if fitted is None:
            return dict(fill_tables(StackedImputers(self.imputer), tables, self.model))
        refused = {number: reason for number, table in tables.items() if (reason := _misfit(fitted, table))}
        fitting = {n: table.with_known_labels(fitted.labels) for n, table in tables.items() if n not in refused}
        return {**refused, **dict(fill_tables(StackedImputers(self.imputer), fitting, self.model))}


def _misfit(fitted: Fitted, table: Table) -> str:
    """Why the model cannot fill a table; "" if it can."""
    try:
        check_stamps(table.series.time is not None, stamped=fitted.stamped)
    except InputError as error:
        return str(error)
    return ""


def _known(
    series: Sequence[OneSeries], filled: Mapping[int, Imputation], problems: Mapping[str, str], n_rows: int
) -> Content:
    """What is known of a part, see `FillTotals`; the summary of each series is only in its record."""
    summaries = {series[number].name: _kept(each) for number, each in sorted(filled.items())}
    cells: dict[str, int] = {}
    for summary in summaries.values():
        for code, n in summary["cells"].items():
            cells[code] = cells.get(code, 0) + n
    notes = dict.fromkeys(note for each in series if each.table is not None for note in each.table.notes)
    return {
        "rows": n_rows,
        "added_rows": n_rows - sum(each.source.n_rows for each in series),
        "series": len(filled) + len(problems),
        "filled": len(filled),
        "cells": cells,
        "columns": joined_counts([summary["columns"] for summary in summaries.values()]),
        "held_out": pooled_errors(
            [score for each in summaries.values() for score in each.get("held_out_error", {}).values()]
        ),
        "notes": list(notes),
        "not_filled": dict(problems),
        "of each": summaries,
    }


def pooled_errors(scores: Sequence[Mapping[str, Any]]) -> Content:
    """The errors of several models on their held-out cells, as means over these; {} if no cells were held out."""
    known = [score for score in scores if score.get("linear_mse")]
    cells = sum(score["cells"] for score in known)
    means = {key: sum(score["cells"] * score[key] for score in known) / cells for key in ("mse", "linear_mse") if known}
    return {"models": sum(score.get("models", 1) for score in known), "cells": cells, **means} if known else {}


def _kept(filled: Imputation) -> Content:
    return {key: filled.summary[key] for key in KEPT if key in filled.summary}
