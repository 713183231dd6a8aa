"""The summary of all series of a filled data set, from what is known of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from itertools import islice

from latentfill.api.data_sets.fill_work import pooled_errors
from latentfill.api.data_sets.part import Content
from latentfill.core.errors import InputError
from latentfill.core.messages import name_problems
from latentfill.core.strategy_table import cell_codes
from latentfill.imputation.fitting.fitted import BUILTIN
from latentfill.imputation.imputer import Imputer
from latentfill.imputation.model_choice import SeriesModel
from latentfill.imputation.stacked_summary import MOST_NOTES
from latentfill.imputation.summary.cell_counts import joined_counts


def fill_summary(parts: Sequence[Content], imputer: Imputer, model: SeriesModel, by: Sequence[str]) -> Content:
    """The summary as JSON values, from the parts in their order; an `InputError` if no series was filled."""
    problems = {name: problem for part in parts for name, problem in part["not_filled"].items()}
    n_series, n_filled = (sum(part[name] for part in parts) for name in ("series", "filled"))
    if not n_filled:
        raise InputError(f"No series can be filled. {next(iter(problems.values()), '')}")
    notes = dict.fromkeys(note for part in parts for note in part["notes"])
    more = [f"There are {len(notes) - MOST_NOTES} more notes on single series."] if len(notes) > MOST_NOTES else []
    left = (
        [f"{len(problems)} of {n_series} series were left as they are ({name_problems(problems)})."] if problems else []
    )
    cells: dict[str, int] = {}
    for part in parts:
        for code, n in part["cells"].items():
            cells[code] = cells.get(code, 0) + n
    return {
        "latentfill": version("latentfill"),
        "table": {
            "rows": sum(part["rows"] for part in parts),
            "added_rows": sum(part["added_rows"] for part in parts),
            "series": n_series,
            "by": list(by),
            "parts": len(parts),
        },
        "notes": [*islice(notes, MOST_NOTES), *more, model.choice.note(n_filled), *left],
        "settings": imputer.config.to_dict(),
        "cells": cells,
        "codes": {str(code.number): code.meaning for code in cell_codes()},
        "model": "own" if model.shared is None else "shared",
        "held_out_error": {} if model.shared is None else {BUILTIN: model.shared.builtin.validated.score},
        **_held_out_of_series(parts, model),
        "columns": joined_counts([part["columns"] for part in parts]),
        "not_filled": problems,
    }


def _held_out_of_series(parts: Sequence[Content], model: SeriesModel) -> Content:
    """Where each series has a model of its own, the error on all their held-out cells."""
    errors = pooled_errors([part["held_out"] for part in parts]) if model.shared is None else {}
    return {"held_out_of_series": errors} if errors else {}
