"""What was done to a table, as JSON values: settings, counts, which rows were filled how, and the error to expect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from importlib.metadata import version

import numpy as np

from latentfill.core.messages import counted
from latentfill.core.strategy_table import cell_codes
from latentfill.embeddings.protocols.record import Embeddings
from latentfill.imputation.fit import Fitted, FittedPath
from latentfill.imputation.result import Code, Filled, count_cells, count_codes, coverage_of
from latentfill.tables.options import TableOptions
from latentfill.tables.table import Table
from latentfill.tables.time.grid import step_text


def summarise(
    fitted: Fitted, table: Table, options: TableOptions, filled: Filled, embeddings: Mapping[str, Embeddings]
) -> dict[str, object]:
    """The summary of one filled table; `embeddings` are the stored ones that were used, by split."""
    series = table.series
    summary: dict[str, object] = {
        "latentfill": version("latentfill"),
        "table": {
            "rows": table.n_rows,
            "steps": series.n_steps,
            "columns": list(series.columns),
            "time_columns": list(table.time_columns),
            "step": None if series.step is None else step_text(series.step),
        },
        "notes": [*table.notes, *_notes(fitted, filled, series.columns), *_knowing(embeddings)],
        "settings": fitted.config.to_dict(),
        "reading": asdict(options),
        "cells": count_codes(filled.codes),
        "codes": {str(code.number): code.meaning for code in cell_codes()},
        "held_out_error": {"built-in": fitted.builtin.score}
        | {split: track.score for split, track in fitted.stored.items() if split in embeddings},
        "training": {"built-in": _training(fitted.builtin)}
        | {split: _training(track) for split, track in fitted.stored.items()},
        "strategies": {"built-in": _strategies(fitted.builtin)}
        | {split: _strategies(track) for split, track in fitted.stored.items()},
        "columns": count_cells(series, filled),
    }
    if fitted.stored:
        summary["embeddings"] = _coverage(fitted, embeddings, series.n_steps)
    return summary


def _notes(fitted: Fitted, filled: Filled, columns: tuple[str, ...]) -> list[str]:
    """What a user should know about the outcome, one sentence each."""
    unknown = {name for name, known in zip(fitted.columns, fitted.known, strict=True) if not known}
    empty = [name for c, name in enumerate(columns) if (filled.codes[:, c] == Code.EMPTY).all()]
    left = int(np.count_nonzero(filled.codes == Code.EMPTY))
    slow = [
        f"The latents of {about['not_converged']} of {about['windows']} windows had not converged after "
        f"{fitted.config.latent_steps} steps."
        for track in (fitted.builtin, *fitted.stored.values())
        if "latent" in track.candidates.by_name
        and (about := track.candidates.by_name["latent"].diagnostics)["not_converged"]
    ]
    long = [f"Gaps of more than {fitted.config.max_gap} steps are left empty: {counted(left, 'cell')} in all."]
    return [
        *fitted.notes,
        *(f"Column {name!r} has no value to learn from and is left empty." for name in empty if name in unknown),
        *slow,
        *(long if left and fitted.config.max_gap is not None else []),
    ]


def _knowing(embeddings: Mapping[str, Embeddings]) -> Iterator[str]:
    """A word on embeddings that were made to teach a student, not to fill from."""
    for split, one in embeddings.items():
        if one.provenance.settings.get("privileged"):
            ahead = one.provenance.settings.get("pred_len")
            yield (
                f"The embeddings of {split} have read the {ahead} values after each window as well (--privileged): "
                "they are for training a student. Fill from ones that are made without."
            )


def _strategies(track: FittedPath) -> dict[str, object]:
    """What there is to say of each strategy that works on windows."""
    return {name: dict(strategy.diagnostics) for name, strategy in track.candidates.by_name.items()}


def _training(track: FittedPath) -> dict[str, object]:
    return {
        part: {"steps": history.steps, "seconds": round(history.seconds, 1), "held_out_loss": list(history.held_out)}
        for part, history in track.history.items()
    }


def _coverage(fitted: Fitted, embeddings: Mapping[str, Embeddings], n_steps: int) -> dict[str, object]:
    made = {split: vectors.provenance for split, vectors in embeddings.items()}
    return {
        "path": fitted.config.embeddings,
        "provenance": {split: {"encoder": one.encoder, "saw": one.saw} for split, one in made.items()},
        **coverage_of({split: one.starts for split, one in embeddings.items()}, fitted.config.seq_len, n_steps),
        "rows_without_embeddings_filled_by": "the built-in encoder's path",
    }
