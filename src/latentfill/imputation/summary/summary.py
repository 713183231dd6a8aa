"""The summary of a filled table, as JSON values: settings, counts, errors to expect, and which rows were filled how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from importlib.metadata import version

import numpy as np

from latentfill.core.messages import counted
from latentfill.core.strategy_table import cell_codes
from latentfill.embeddings.protocols.record import Embeddings
from latentfill.imputation.filling.codes import Code, count_codes
from latentfill.imputation.filling.filled import Filled
from latentfill.imputation.fitting.fitted import BUILTIN, Fitted, FittedPath
from latentfill.imputation.summary.cell_counts import count_cells
from latentfill.imputation.summary.covered_rows import covered_rows
from latentfill.tables.options import TableOptions
from latentfill.tables.table import Table
from latentfill.tables.time.grid import step_text


def summarise(
    fitted: Fitted, table: Table, options: TableOptions, filled: Filled, embeddings: Mapping[str, Embeddings]
) -> dict[str, object]:
    """The summary of one filled table; `embeddings` are the stored ones it was filled from, by split."""
    series, paths = table.series, fitted.paths
    summary: dict[str, object] = {
        "latentfill": version("latentfill"),
        "table": _table(table),
        "notes": [
            *table.notes,
            *fitted.notes,
            *_notes(fitted, filled, series.columns),
            *_privileged_notes(embeddings),
        ],
        "settings": fitted.config.to_dict(),
        "reading": asdict(options),
        "cells": count_codes(filled.codes),
        "codes": {str(code.number): code.meaning for code in cell_codes()},
        "held_out_error": {
            name: path.validated.score for name, path in paths.items() if name == BUILTIN or name in embeddings
        },
        "training": {name: _training(path) for name, path in paths.items()},
        "strategies": {name: _diagnostics(path) for name, path in paths.items()},
        "columns": count_cells(series, filled),
    }
    if fitted.stored:
        summary["embeddings"] = _coverage(fitted, embeddings, series.n_steps)
    return summary


def _table(table: Table) -> dict[str, object]:
    """What the table is like."""
    series = table.series
    return {
        "rows": table.n_rows,
        "steps": series.n_steps,
        "columns": list(series.columns),
        "time_columns": list(table.time_columns),
        "step": None if series.step is None else step_text(series.step),
    }


def _notes(fitted: Fitted, filled: Filled, columns: tuple[str, ...]) -> Iterator[str]:
    """What a user should know about the filled values, one sentence each."""
    unknown = {name for name, known in zip(fitted.columns, fitted.known, strict=True) if not known}
    for c, name in enumerate(columns):
        if name in unknown and (filled.codes[:, c] == Code.EMPTY).all():
            yield f"Column {name!r} has no value to learn from and is left empty."
    for path in fitted.paths.values():
        latent = path.candidates.by_name.get("latent")
        if latent is not None and latent.diagnostics["not_converged"]:
            yield (
                f"The latents of {latent.diagnostics['not_converged']} of {latent.diagnostics['windows']} windows had "
                f"not converged after {fitted.config.latent.steps} steps."
            )
    left = int(np.count_nonzero(filled.codes == Code.EMPTY))
    if left and fitted.config.output.max_gap is not None:
        yield f"Gaps of more than {fitted.config.output.max_gap} steps are left empty: {counted(left, 'cell')} in all."


def _privileged_notes(embeddings: Mapping[str, Embeddings]) -> Iterator[str]:
    """A warning for embeddings that were made to train a student, not to fill from."""
    for split, of_split in embeddings.items():
        settings = of_split.provenance.settings
        if settings.get("privileged"):
            yield (
                f"The embeddings of {split} have read the {settings.get('pred_len')} values after each window as well "
                "(--privileged): they are for training a student. Fill from ones that are made without."
            )


def _diagnostics(path: FittedPath) -> dict[str, object]:
    """What each strategy that works on windows tells about itself, by its name."""
    return {name: dict(strategy.diagnostics) for name, strategy in path.candidates.by_name.items()}


def _training(path: FittedPath) -> dict[str, object]:
    """Steps, seconds and held-out losses of the training, by network."""
    return {
        part: {"steps": history.steps, "seconds": round(history.seconds, 1), "held_out_loss": list(history.held_out)}
        for part, history in path.history.items()
    }


def _coverage(fitted: Fitted, embeddings: Mapping[str, Embeddings], n_steps: int) -> dict[str, object]:
    """Where the stored embeddings come from, and which rows they cover."""
    starts = {split: of_split.starts for split, of_split in embeddings.items()}
    return {
        "path": fitted.config.stored.embeddings,
        "provenance": {
            split: {"encoder": of_split.provenance.encoder, "saw": of_split.provenance.saw}
            for split, of_split in embeddings.items()
        },
        **covered_rows(starts, fitted.config.stored.seq_len, n_steps),
        "rows_without_embeddings_filled_by": "the built-in encoder's path",
    }
