"""What a path holds: a table, stored embeddings or a model. And whether embeddings are what they are taken for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.files import stem
from latentfill.core.series import Series
from latentfill.embeddings.protocols.record import StoredEmbeddings
from latentfill.embeddings.stored.packed_file import is_packed_file
from latentfill.imputation.coverage import coverage_of
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table
from latentfill.tables.table import Table
from latentfill.tables.time.grid import step_text
from latentfill.windows.gaps import BUCKET_NAMES, bucket_of, find_gaps

if TYPE_CHECKING:
    from latentfill.imputation.model_state import ModelState

MODEL_FILE = "model.safetensors"


def inspect_path(
    path: Path,
    options: TableOptions,
    config: Config | None = None,
    made_of: Path | None = None,
    beside: Path | None = None,
) -> dict[str, Any]:
    """A description in JSON values; `kind` says what it is: a table, embeddings, a model or a student.

    With `made_of`, the table that embeddings were made of, it also tells how they pair with its windows under the split
    plan of `config`, which rows they cover, and by probes whether each belongs to its window and the splits share a
    space. With `beside`, other embeddings of the same windows, it tells how the two sets differ.
    """
    config = config or Config()
    if not os.path.exists(path):
        raise InputError(f"{path} does not exist.")
    if (student := describe_student(path)) is not None:
        return {**student, "kind": "student", "path": str(path)}
    if (path / MODEL_FILE).is_file():
        return {"kind": "model", "path": str(path), **_model(path)}
    if path.is_dir() or path.suffix.lower() in (".h5", ".hdf5") or is_packed_file(path):
        series = None if made_of is None else read_table(made_of, options).series
        name = None if made_of is None else stem(made_of)
        return {"kind": "embeddings", "path": str(path), **_embeddings(path, config, series, name, beside)}
    for option, given in (("--table", made_of), ("--beside", beside)):
        if given is not None:
            raise InputError(f"{option} goes with embeddings, and {path} holds none.")
    return {"kind": "table", "path": str(path), **describe_table(read_table(path, options))}


def describe_student(path: Path) -> dict[str, Any] | None:
    """What a distilled student is and was trained on; None of anything else."""
    if not (path / MODEL_FILE).is_file():
        return None
    from latentfill.embeddings.timekd.student_folder import is_student, read_record

    if not is_student(path):
        return None
    record = read_record(path)
    about = {name: value for name, value in record.get("about", {}).items() if name != "table_sketch"}
    rest = {name: value for name, value in record.items() if name != "about"}
    return rest | about | {"bytes": (path / MODEL_FILE).stat().st_size}


def _embeddings(
    path: Path, config: Config, series: Series | None, name: str | None, beside: Path | None
) -> dict[str, Any]:
    from latentfill.embeddings.stored.opening import open_embeddings

    pred_len = None if series is None else config.pred_len
    stored = open_embeddings(path, name, pred_len, config.dataset)
    found, checks = stored.describe(), dict[str, Any]()
    if series is None and beside is None:
        return found
    from latentfill.embeddings.checks.verdicts import check_against_table, check_repeatability
    from latentfill.embeddings.stored.pairing import adopt_split_plan
    from latentfill.embeddings.stored.split_windows import starts_by_split

    if series is not None:
        config = adopt_split_plan(config, [stored.provenance])
        found["pairing"] = describe_pairing(stored, series, config)
        checks = dict(check_against_table(stored, series, starts_by_split(config, series.n_steps), config))
    if beside is not None:
        checks["repeatability"] = check_repeatability(stored, open_embeddings(beside, name, pred_len, config.dataset))
    return found | {"checks": checks} if checks else found


def describe_pairing(stored: StoredEmbeddings, series: Series, config: Config) -> dict[str, Any]:
    """How stored embeddings pair with the windows of a table, which of its rows they cover, and what does not fit."""
    from latentfill.embeddings.stored.pairing import pairing_problems
    from latentfill.embeddings.stored.split_windows import plan_of, starts_by_split

    plan = starts_by_split(config, series.n_steps)
    starts = {split: plan[split][:count] for split, count in stored.splits.items() if split in plan}
    return {
        **plan_of(config),
        **coverage_of(starts, config.seq_len, series.n_steps),
        "windows_of_the_table": {split: len(of_split) for split, of_split in plan.items()},
        "problems": pairing_problems(stored, series, plan),
    }


def describe_table(table: Table) -> dict[str, Any]:
    """Shape, time axis, and per value column the range, the missing cells and a histogram of gap lengths."""
    series = table.series
    time = series.time
    return {
        "rows": table.n_rows,
        "time": None
        if time is None
        else {
            "columns": list(table.time_columns),
            "first": str(time[0].astype("datetime64[s]")),
            "last": str(time[-1].astype("datetime64[s]")),
            "step": None if series.step is None else step_text(series.step),
        },
        "missing_cells": int(np.count_nonzero(~series.observed)),
        "columns": _columns(series),
        "notes": list(table.notes),
    }


def _columns(series: Series) -> dict[str, Any]:
    gaps = find_gaps(series.observed)
    described = {}
    for c, name in enumerate(series.columns):
        values = series.values[:, c]
        known = values[~np.isnan(values)]
        lengths = gaps.length[gaps.column == c]
        described[name] = {
            "observed": len(known),
            "missing": len(values) - len(known),
            "min": float(known.min()) if len(known) else None,
            "mean": float(known.mean()) if len(known) else None,
            "max": float(known.max()) if len(known) else None,
            "gaps": {bucket: int(np.count_nonzero(bucket_of(lengths) == b)) for b, bucket in enumerate(BUCKET_NAMES)},
            "longest_gap": int(lengths.max()) if len(lengths) else 0,
        }
    return described


def _model(path: Path) -> dict[str, Any]:
    from latentfill.imputation.model_folder import damage_as_error, read_config

    state = read_config(path)
    with damage_as_error(path):
        return _describe_model(state, path)


def _describe_model(state: ModelState, path: Path) -> dict[str, object]:
    paths = {"built-in": state["builtin"], **state["stored"]}
    return {
        "format": state["format"],
        "columns": state["columns"],
        "settings": state["settings"],
        "held_out_error": {name: of_path["held_out"] for name, of_path in paths.items()},
        "steps": {
            name: {part: history["steps"] for part, history in of_path["history"].items()}
            for name, of_path in paths.items()
        },
        "bytes": (path / MODEL_FILE).stat().st_size,
    }
