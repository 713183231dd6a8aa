"""The score of a fitted imputer: its error on cells that are hidden in a table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from latentfill.imputation.imputer import Imputer
from latentfill.kinds.columns import ColumnKinds
from latentfill.scoring.cell_metrics import Reference
from latentfill.scoring.masked_series import masked_series
from latentfill.scoring.spec import ScoringSpec
from latentfill.tables.table import Table
from latentfill.windows.cycles import cycle_steps


def hidden_score(imputer: Imputer, table: Table) -> float:
    """Negative mean squared error on hidden cells of a table, in standard deviations of their columns."""
    masked = next(masked_series(table.series, ScoringSpec(seeds=(imputer.config.seed,))))
    as_read = np.where(masked.hidden, np.nan, table.as_read)
    # that of the base class, which tells the user nothing about this table
    filled = Imputer.fill(imputer, replace(table, series=masked.visible, as_read=as_read)).filled
    kinds = ColumnKinds.found(table.series, imputer.config.kind, cycle_steps(table.series))
    reference = Reference.of(table.series, table.series.values, kinds)
    error = reference.errors(filled.values) / reference.spread
    return -float(np.mean(error[masked.hidden] ** 2))
