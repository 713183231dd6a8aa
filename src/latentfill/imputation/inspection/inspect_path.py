"""Describing the content of a path: a table, stored embeddings, a fitted model, a distilled student or a summary."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.files import stem
from latentfill.core.inputs import refuse_special
from latentfill.embeddings.stored.packed_file import is_packed_file
from latentfill.imputation.inspection.inspect_groups import describe_groups
from latentfill.imputation.inspection.inspect_summary import describe_summary
from latentfill.imputation.inspection.inspect_table import describe_table
from latentfill.kinds.columns import ColumnKinds
from latentfill.tables.groups import read_groups
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table

if TYPE_CHECKING:
    from latentfill.imputation.saving.model_state import ModelState
    from latentfill.imputation.saving.past_state import PastState

MODEL_FILE = "model.safetensors"


def inspect_path(
    path: Path,
    options: TableOptions,
    config: Config | None = None,
    table: Path | None = None,
    beside: Path | None = None,
) -> dict[str, object]:
    """Describe a path as JSON values; `kind` is `table`, `embeddings`, `model`, `student` or `summary`.

    For embeddings, `table` is the path of the table that they were made from. With it, the description also tells how
    the embeddings pair with its windows under the splits of `config`, which rows they cover, whether each belongs to
    its window, and whether the splits share a space. `beside` is the path of other embeddings of the same windows;
    with it, the description also tells how the two sets differ.

    Raises an `InputError` if nothing at `path` can be read as any of these.
    """
    if not os.path.exists(path):
        raise InputError(f"{path} does not exist. Check the path.")
    refuse_special(path)
    student = describe_student(path)
    if student is not None:
        return {**student, "kind": "student", "path": str(path)}
    if (path / MODEL_FILE).is_file():
        return {"kind": "model", "path": str(path), **_describe_model(path)}
    if (summary := describe_summary(path)) is not None:
        return {"kind": "summary", "path": str(path), **summary}
    if _holds_embeddings(path, table):
        from latentfill.imputation.inspection.inspect_embeddings import (
            describe_embeddings,  # slow to import, as it needs torch
        )

        if options.pivot:
            raise InputError("embeddings belong to a wide table, and pivot is for a long one: leave out --pivot.")
        series = None if table is None else read_table(table, options).series
        name = None if table is None else stem(table)
        described = describe_embeddings(path, config or Config(), series, name, beside)
        return {"kind": "embeddings", "path": str(path), **described}
    for option, given in (("--table", table), ("--beside", beside)):
        if given is not None:
            raise InputError(f"{option} goes with embeddings, and {path} holds none.")
    kind = config.kind if config else None
    if options.by:
        return {"kind": "table", "path": str(path), **describe_groups(read_groups(path, options), kind)}
    described = describe_table(read_table(path, options), kind)
    return {"kind": "table", "path": str(path), **described}


def _holds_embeddings(path: Path, table: Path | None) -> bool:
    """Whether a path is taken for stored embeddings; a Parquet file only with the `table` they were made from."""
    ending = path.suffix.lower()
    is_array = ending in (".h5", ".hdf5", ".npy", ".npz", ".pt", ".pth", ".safetensors")
    return path.is_dir() or is_array or is_packed_file(path) or (ending == ".parquet" and table is not None)


def describe_student(path: Path) -> dict[str, object] | None:
    """Describe a distilled student and its training data; None if `path` is no student."""
    if not (path / MODEL_FILE).is_file():
        return None
    from latentfill.embeddings.timekd.student_folder import is_student, read_record

    if not is_student(path):
        return None
    record = read_record(path)
    about = {name: value for name, value in record.get("about", {}).items() if name != "table_sketch"}
    rest = {name: value for name, value in record.items() if name != "about"}
    return rest | about | {"bytes": (path / MODEL_FILE).stat().st_size}


def _describe_model(path: Path) -> dict[str, object]:
    """Columns, settings, training steps and held-out errors of a saved model."""
    from latentfill.imputation.saving.model_folder import damage_as_error, read_config

    state = read_config(path)
    with damage_as_error(path):
        if state.get("causal"):
            return _describe_past(cast("PastState", state), path)
        state = cast("ModelState", state)
        paths = {"built-in": state["builtin"], **state["stored"]}
        return {
            "format": state["format"],
            "columns": dict(zip(state["columns"], ColumnKinds.load(state["kinds"]).names, strict=False)),
            "settings": state["settings"],
            "held_out_error": {name: path_state["held_out"] for name, path_state in paths.items()},
            "steps": {
                name: {part: history["steps"] for part, history in path_state["history"].items()}
                for name, path_state in paths.items()
            },
            "bytes": (path / MODEL_FILE).stat().st_size,
        }


def _describe_past(state: PastState, path: Path) -> dict[str, object]:
    """Columns, settings and strategies of a saved model that fills from the past alone."""
    return {
        "format": state["format"],
        "columns": dict(zip(state["columns"], ColumnKinds.load(state["kinds"]).names, strict=True)),
        "settings": state["settings"],
        "causal": True,
        "strategies": state["strategies"],
        "steps_learnt_from": state["n_steps"],
        "bytes": (path / MODEL_FILE).stat().st_size,
    }
