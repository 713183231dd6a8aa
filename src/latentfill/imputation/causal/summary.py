"""The summary of a table that was filled from the past alone."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import version

from latentfill.core.strategy_table import cell_codes
from latentfill.imputation.causal.fill import PastModels
from latentfill.imputation.filling.codes import count_codes
from latentfill.imputation.filling.filled import Filled
from latentfill.imputation.summary.cell_counts import count_cells
from latentfill.imputation.summary.column_facts import column_facts
from latentfill.kinds.number import Number
from latentfill.tables.options import TableOptions
from latentfill.tables.table import Table, output_rows
from latentfill.tables.time.grid import step_text

NOTE = (
    "Each cell is filled from earlier steps alone, in {n} stretches, each by a model of what came before it; the first "
    "{first} steps get the last reading."
)


def summarise_past(models: PastModels, table: Table, options: TableOptions, filled: Filled) -> dict[str, object]:
    """The summary as JSON values, like that of other tables, without errors on held-out cells."""
    series, steps = table.series, output_rows(table).steps
    kinds = models.last.kinds.kinds if models.models else (Number(),) * len(series.columns)
    facts = column_facts(series, dict(zip(models.columns, kinds, strict=True)))
    counts = count_cells(series, filled, steps)
    n, first = len(models.models) - 1, int(models.starts[0]) if len(models.starts) else series.n_steps
    return {
        "latentfill": version("latentfill"),
        "table": {
            "rows": table.n_rows,
            "steps": series.n_steps,
            "columns": list(series.columns),
            "time_columns": list(table.time_columns),
            "step": None if series.step is None else step_text(series.step),
            "added_rows": 0,
        },
        "notes": [*table.notes, NOTE.format(n=max(n, 0), first=min(first, series.n_steps))],
        "cells": count_codes(filled.codes[steps]),
        "filled_from": {} if filled.weights is None else filled.weights.shares(steps),
        "columns": {name: {**facts[name], **of_column} for name, of_column in counts.items()},
        "settings": models.config.to_dict(),
        "reading": asdict(options),
        "codes": {str(code.number): code.meaning for code in cell_codes()},
        "held_out_error": {},
    }
