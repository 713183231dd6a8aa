"""The summary of a long file, from the counts of its blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import numpy as np

from latentfill.core.messages import name_columns
from latentfill.embeddings.protocols.record import Pairing
from latentfill.imputation.doubt.listing import count_doubt, doubt_note
from latentfill.imputation.filling.codes import count_codes
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.imputation.streaming.blocks import MARGIN
from latentfill.imputation.streaming.fill_block import FilledBlock
from latentfill.imputation.streaming.gap_scan import GapScan
from latentfill.imputation.streaming.scan import REACH, Scan
from latentfill.imputation.summary.cell_counts import CellCounts
from latentfill.imputation.summary.summary import fill_notes, model_facts, untested_cells, untested_notes
from latentfill.tables.options import TableOptions
from latentfill.tables.table import output_rows
from latentfill.tables.time.grid import step_text


@dataclass(slots=True)
class Totals:
    """What the blocks of a file hold together."""

    fitted: Fitted
    rows: int = 0
    steps: int = 0
    added: int = 0
    untested: int = 0  # cells
    replaced: int = 0  # readings
    cells: Counter[str] = field(default_factory=Counter)
    weights: Counter[str] = field(default_factory=Counter)  # sums over the filled cells, by strategy
    counts: CellCounts | None = None
    doubtful: dict[str, Counter[str]] = field(default_factory=dict)
    gaps: GapScan = field(default_factory=lambda: GapScan(REACH))

    def add(self, filled: FilledBlock) -> None:
        """Add the counts of the next block."""
        block, table, own = filled.block, filled.block.table, filled.own
        steps = output_rows(table).steps
        around = steps + own.start  # of the series with its context, in which gaps have their whole length
        self.gaps.add(table.series, self.steps)
        self.rows, self.steps = self.rows + table.n_rows, self.steps + block.table.series.n_steps
        self.added += len(steps) - table.n_rows
        self.cells.update(count_codes(filled.filled.codes[around]))
        counts = CellCounts.of(filled.series, filled.filled, around)
        self.counts = counts if self.counts is None else self.counts + counts
        is_untested = untested_cells(self.fitted, filled.series.observed)[own]
        self.untested += int(np.count_nonzero(is_untested & (table.series.rows >= 0)[:, None]))
        self._add_weights(filled, steps)
        self._add_doubt(filled, steps)

    def _add_weights(self, filled: FilledBlock, steps: np.ndarray) -> None:
        weights = filled.imputation.filled.weights
        if weights is not None:
            n_filled = int(np.count_nonzero(weights.blend[steps] >= 0))
            self.weights.update({name: share * n_filled for name, share in weights.shares(steps).items()})
            self.weights[""] += n_filled

    def _add_doubt(self, filled: FilledBlock, steps: np.ndarray) -> None:
        doubtful = filled.imputation.doubtful
        assert doubtful is not None
        self.replaced += int(doubtful.replaced[steps].sum())
        for name, counts in count_doubt(filled.block.table, doubtful.doubt, steps).items():
            self.doubtful.setdefault(name, Counter()).update(counts)

    def summary(self, scan: Scan, options: TableOptions, model: str, notes: Sequence[str]) -> dict[str, object]:
        """The summary as JSON values, with the keys of `summarise`; `notes` are those on the model."""
        self.gaps.close()
        fitted, step = self.fitted, scan.rule.step
        columns = self._columns(scan)
        doubtful = {name: dict(counts) for name, counts in self.doubtful.items()}
        return {
            "latentfill": version("latentfill"),
            "table": {
                "rows": self.rows,
                "steps": self.steps,
                "columns": list(scan.reader.columns),
                "time_columns": list(scan.reader.found.timed.time_columns),
                "step": None if step is None else step_text(step),
                "added_rows": self.added,
            },
            "notes": [*scan.notes, *notes, *fitted.notes, *self._notes(columns, doubtful)],
            "cells": {name: self.cells[name] for name in self.cells if self.cells[name]},
            "filled_from": self._shares(),
            "columns": columns,
            **model_facts(fitted, options, Pairing(fitted.config.stored.plan)),
            "doubtful": doubtful,
            "model": model,
        }

    def _columns(self, scan: Scan) -> dict[str, Any]:
        """What is known of each column; the spread is that of the sample."""
        assert self.counts is not None
        counts = self.counts.by_column(scan.reader.columns)
        kinds = dict(zip(self.fitted.all_columns, self.fitted.kinds.kinds, strict=True))
        _, sampled = scan.reader.markers.split(scan.reader.found.values.values)
        return {
            name: {
                "kind": kinds[name].name,
                "spread": float(f"{kinds[name].spread(values):.4g}"),
                "longest_gap": self.gaps.longest.get(name),
                **counts[name],
            }
            for name, values in zip(scan.reader.columns, sampled.T, strict=True)
        }

    def _shares(self) -> dict[str, float]:
        n_filled = max(1.0, float(self.weights.pop("", 0)))
        return {name: round(weight / n_filled, 4) for name, weight in self.weights.items() if weight > 0}

    def _notes(self, columns: Mapping[str, Any], doubtful: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
        yield (
            f"The table is filled block by block; each block sees {MARGIN} steps beyond the gaps at its ends, and what "
            "is doubtful is judged within that."
        )
        known = {name for name, known in zip(self.fitted.all_columns, self.fitted.known, strict=True) if known}
        if long := [name for name in self.gaps.over_limit if name in known]:
            yield (
                f"Gaps of more than {REACH} steps ({name_columns(long)}) are seen from their nearer end only where the "
                "other one is farther away than that."
            )
        yield from fill_notes(self.fitted, columns)
        yield from untested_notes(self.fitted, self.untested)
        note = doubt_note({name: dict(counts) for name, counts in doubtful.items()}, self.replaced)
        yield from () if note is None else (note,)
