"""A table as it was read, in the form of a filled one in which nothing is filled, so that both are shown alike."""

from __future__ import annotations

from importlib.metadata import version

import numpy as np

from latentfill.imputation.doubt.readings import DoubtfulReadings
from latentfill.imputation.filling.codes import Code, count_codes
from latentfill.imputation.filling.filled import Filled
from latentfill.imputation.imputation import Imputation
from latentfill.imputation.summary.cell_counts import count_cells
from latentfill.imputation.summary.column_facts import column_facts
from latentfill.kinds.columns import ColumnKinds
from latentfill.tables.table import Table, output_rows
from latentfill.windows.cycles import cycle_steps


def unfilled(table: Table, kind: str | None = None) -> Imputation:
    """The table with nothing filled; `kind` is the setting with the kinds that the user gave."""
    series, steps = table.series, output_rows(table).steps
    codes = np.where(np.isnan(table.as_read), Code.EMPTY, Code.OBSERVED)
    codes = np.where(table.suspected, Code.SUSPECTED, codes).astype(np.int8)
    filled = Filled(values=table.as_read, codes=codes, expected=np.full(codes.shape, np.nan))
    kinds = ColumnKinds.found(series, kind, cycle_steps(series)).kinds
    facts = column_facts(series, dict(zip(series.columns, kinds, strict=True)))
    counts = count_cells(series, filled, steps)
    doubtful = DoubtfulReadings.of(table, None)
    summary = doubtful.added_to(
        {
            "latentfill": version("latentfill"),
            "notes": list(table.notes),
            "cells": count_codes(codes[steps]),
            "columns": {name: {**facts[name], **of_column} for name, of_column in counts.items()},
        }
    )
    return Imputation(table, filled, summary, doubtful)
