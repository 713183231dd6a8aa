"""The doubtful readings of a table that is filled, and what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentfill.core.series import BoolArray
from latentfill.imputation.doubt.find import Doubt, find_doubt
from latentfill.imputation.doubt.listing import count_doubt, doubt_columns, doubt_note
from latentfill.tables.table import Table, output_rows


@dataclass(frozen=True, slots=True, eq=False)
class DoubtfulReadings:
    """The readings of a table that may be wrong."""

    table: Table  # as it was read
    doubt: Doubt
    replaced: BoolArray  # (T, C) readings that are blanked and filled

    @classmethod
    def of(cls, table: Table, probability: float | None, doubt: Doubt | None = None) -> DoubtfulReadings:
        """The doubt in a table; readings that are wrong with this `probability` or more are replaced.

        `doubt` is that of its columns, if it has been found before.
        """
        doubt = find_doubt(table.series) if doubt is None else doubt
        none = np.zeros(doubt.reason.shape, dtype=bool)
        return cls(table, doubt, none if probability is None else doubt.probability >= probability)

    @property
    def blanked(self) -> Table:
        """The table without the readings that are replaced."""
        if not self.replaced.any():
            return self.table
        series, as_read = self.table.series, np.where(self.replaced, np.nan, self.table.as_read)
        values = np.where(self.replaced, np.nan, series.values)
        return replace(self.table, series=replace(series, values=values), as_read=as_read)

    def columns(self) -> dict[str, NDArray[Any]]:
        """A table with a row for each doubtful reading, see `doubt_columns`."""
        return doubt_columns(self.table, self.doubt)

    def added_to(self, summary: Mapping[str, Any]) -> dict[str, object]:
        """A summary with the number of doubtful readings by column and reason, and a note."""
        steps = output_rows(self.table).steps
        counts = count_doubt(self.table, self.doubt, steps)
        note = doubt_note(counts, int(self.replaced[steps].sum()))
        return {**summary, "doubtful": counts, "notes": [*summary["notes"], *([note] if note else [])]}
