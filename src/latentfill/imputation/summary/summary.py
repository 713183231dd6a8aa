"""The summary of a filled table as JSON values: settings, cell counts, expected errors, training, covered rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import numpy as np

from latentfill.core.messages import counted, name_columns
from latentfill.core.series import BoolArray, IntArray
from latentfill.core.strategy_table import cell_codes
from latentfill.embeddings.protocols.record import Embeddings, Pairing
from latentfill.imputation.filling.codes import count_codes
from latentfill.imputation.filling.filled import Filled
from latentfill.imputation.fitting.fitted import BUILTIN, CovariateGain, Fitted, FittedPath
from latentfill.imputation.summary.cell_counts import count_cells
from latentfill.imputation.summary.column_facts import column_facts
from latentfill.imputation.summary.covered_rows import covered_rows
from latentfill.tables.covariates import Covariates
from latentfill.tables.long_edits import count_added
from latentfill.tables.options import TableOptions
from latentfill.tables.table import Table, output_rows
from latentfill.tables.time.grid import step_text
from latentfill.windows.gaps import distances


def summarise(
    fitted: Fitted,
    table: Table,
    options: TableOptions,
    filled: Filled,
    paired: Pairing,
    covariates: Covariates | None = None,
) -> dict[str, object]:
    """The summary of one filled table; `paired` are the stored embeddings that it was filled from."""
    embeddings = paired.splits
    of_table = summarise_table(
        fitted,
        table,
        filled,
        [*(covariates.notes if covariates else ()), *paired.notes, *fitted.notes, *_privileged_notes(embeddings)],
    )
    summary: dict[str, object] = {
        "latentfill": version("latentfill"),
        **of_table,
        **model_facts(fitted, options, paired),
    }
    if fitted.gain:
        summary["covariates"] = _describe_covariates(fitted.gain, covariates)
    if fitted.stored:
        summary["embeddings"] = _describe_stored(fitted, embeddings, table.series.n_steps)
    return summary


def model_facts(fitted: Fitted, options: TableOptions, paired: Pairing) -> dict[str, object]:
    """The settings of a model, what it learnt, and the errors on its held-out cells."""
    paths, embeddings = fitted.paths, paired.splits
    return {
        "settings": fitted.config.to_dict(),
        "reading": asdict(options),
        "codes": {str(code.number): code.meaning for code in cell_codes()},
        "held_out_error": {
            name: path.validated.score for name, path in paths.items() if name == BUILTIN or name in embeddings
        },
        "training": {name: _training(path) for name, path in paths.items()},
        "left_out": {name: dict(path.skipped) for name, path in paths.items()},
        "strategies": {name: _diagnostics(path) for name, path in paths.items()},
    }


def summarise_table(fitted: Fitted, table: Table, filled: Filled, notes: Iterable[str] = ()) -> dict[str, object]:
    """What a filled table holds: size, cell counts and notes, among them the `notes` on the model."""
    steps, n_added = output_rows(table).steps, count_added(table, filled.values)
    codes, columns = filled.codes[steps], _columns(fitted, table, filled, steps)
    added = added_notes(n_added) if table.pivot else ()
    untested = untested_cells(fitted, table.series.observed) & (table.series.rows >= 0)[:, None]
    return {
        "table": {**_table(table), "added_rows": n_added},
        "notes": [
            *table.notes,
            *notes,
            *added,
            *fill_notes(fitted, columns),
            *untested_notes(fitted, int(np.count_nonzero(untested))),
        ],
        "cells": count_codes(codes),
        "filled_from": {} if filled.weights is None else filled.weights.shares(steps),
        "columns": columns,
    }


def _columns(fitted: Fitted, table: Table, filled: Filled, steps: IntArray) -> dict[str, dict[str, Any]]:
    """What is known of each column, and the counts of its cells."""
    facts = column_facts(table.series, dict(zip(fitted.all_columns, fitted.kinds.kinds, strict=True)))
    counts = count_cells(table.series, filled, steps)
    return {name: {**facts[name], **of_column} for name, of_column in counts.items()}


def _table(table: Table) -> dict[str, object]:
    """Size, columns and time step of the table."""
    series = table.series
    return {
        "rows": table.n_rows,
        "steps": series.n_steps,
        "columns": list(series.columns),
        "time_columns": list(table.time_columns),
        "step": None if series.step is None else step_text(series.step),
    }


def added_notes(n_added: int) -> Iterator[str]:
    """A note about the rows that are added to a long table."""
    if n_added:
        yield f"{counted(n_added, 'row')} {'is' if n_added == 1 else 'are'} added, for readings that have no row."


def fill_notes(fitted: Fitted, columns: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Notes about the filled values for the user, one sentence each, from the counts of the cells of each column."""
    unknown = {name for name, known in zip(fitted.all_columns, fitted.known, strict=True) if not known}
    empty = [name for name, counts in columns.items() if name in unknown and counts["left_empty"]]
    if empty:
        yield f"No value to learn from, and left empty: {name_columns(empty)}."
    filled = {name for name, counts in columns.items() if sum(counts["by_code"].values()) > counts["left_empty"]}
    equal = {name for name, known in zip(fitted.all_columns, fitted.errors_known, strict=True) if not known}
    if unsure := [name for name in columns if name in (equal - unknown) & filled]:
        yield (
            f"Too few readings to tell how large errors are: {name_columns(unsure)}. The bounds and expected errors of "
            "what is filled there are left empty."
        )
    for path in fitted.paths.values():
        latent = path.candidates.by_name.get("latent")
        if latent is not None and latent.diagnostics["not_converged"]:
            yield (
                f"The latents of {latent.diagnostics['not_converged']} of {latent.diagnostics['windows']} windows had "
                f"not converged after {fitted.config.latent.steps} steps."
            )
    left = sum(counts["left_empty"] for counts in columns.values())
    if left and fitted.config.output.max_gap is not None:
        yield f"Gaps of more than {fitted.config.output.max_gap} steps are left empty: {counted(left, 'cell')} in all."


def untested_cells(fitted: Fitted, observed: BoolArray) -> BoolArray:
    """Cells (T, C) farther from the nearest reading than any that could be held out."""
    nearest: IntArray = np.minimum(*distances(observed))
    return np.asarray(nearest > np.ceil(fitted.builtin.validated.calibration.farthest))


def untested_notes(fitted: Fitted, n: int) -> Iterator[str]:
    """A note on the number of such cells."""
    if n:
        yield (
            f"{counted(n, 'cell')} {'is' if n == 1 else 'are'} more than "
            f"{fitted.builtin.validated.calibration.farthest:.0f} steps from the nearest "
            "reading, and no gap like that could be tested: expected errors and intervals there are extrapolated."
        )


def _privileged_notes(embeddings: Mapping[str, Embeddings]) -> Iterator[str]:
    """A warning for each split with privileged embeddings, which are made to train a student and not to fill from."""
    for split, stored in embeddings.items():
        settings = stored.provenance.settings
        if settings.get("privileged"):
            pred_len = settings.get("pred_len")
            yield (
                f"The embeddings of {split} were made with --privileged, which also reads the {pred_len} values "
                "after each window: they are for training a student. Fill from embeddings made without it."
            )


def _diagnostics(path: FittedPath) -> dict[str, object]:
    """The diagnostics of each strategy on windows, by its name."""
    return {name: dict(strategy.diagnostics) for name, strategy in path.candidates.by_name.items()}


def _training(path: FittedPath) -> dict[str, object]:
    """Steps, seconds and held-out losses of the training, by network."""
    return {
        part: {"steps": history.steps, "seconds": round(history.seconds, 1), "held_out_loss": list(history.held_out)}
        for part, history in path.history.items()
    }


def _describe_covariates(gain: CovariateGain, covariates: Covariates | None) -> dict[str, object]:
    """What each file gives, and the held-out errors of the models with and without covariates."""
    return {
        "used": gain.used,
        "held_out_mse": {"with": gain.with_them, "without": gain.without},
        "files": {
            file.name: {"columns": list(file.columns), "aligned": file.aligned, "covered": file.covered}
            for file in (covariates.files if covariates else ())
        },
    }


def _describe_stored(fitted: Fitted, embeddings: Mapping[str, Embeddings], n_steps: int) -> dict[str, object]:
    """Where the stored embeddings come from, and which rows they cover."""
    starts = {split: stored.starts for split, stored in embeddings.items()}
    return {
        "path": fitted.config.stored.embeddings,
        "provenance": {
            split: {"encoder": stored.provenance.encoder, "saw": stored.provenance.saw}
            for split, stored in embeddings.items()
        },
        **covered_rows(starts, fitted.config.stored.plan.seq_len, n_steps),
        "rows_without_embeddings_filled_by": "the built-in encoder's path",
    }
