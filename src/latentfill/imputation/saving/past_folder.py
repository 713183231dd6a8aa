"""A model that fills from the past alone on disk: the files of any model folder, see `model_folder`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.imputation.causal.fill import PastModels
from latentfill.imputation.saving.model_folder import (
    check_model_path,
    damage_as_error,
    read_arrays,
    read_config,
    refuse,
    write_model,
)
from latentfill.imputation.saving.past_checks import past_problems
from latentfill.imputation.saving.past_state import PastState, past_state, restore_past
from latentfill.imputation.saving.past_weights import past_arrays


def save_past(models: PastModels, path: str | os.PathLike[str], table: Mapping[str, Any]) -> None:
    """Write the model of all that was fitted, and how tables are read; an older model in the folder is replaced.

    Raises an `InputError` if it cannot be written, or if nothing was learnt.
    """
    target = Path(path)
    check_model_path(target)
    if not models.models:
        raise InputError("nothing was learnt, as no value column has an observed cell: fit to a table with readings.")
    scaler = {"columns": models.columns, **models.last.scaler.to_dict()}
    write_model(target, cast(Mapping[str, object], past_state(models, table)), scaler, past_arrays(models.last))


def is_past(path: str | os.PathLike[str]) -> bool:
    """Whether the model in a folder fills from the past alone; raises a `ModelFormatError` if it holds no model."""
    return bool(read_config(path).get("causal"))


def load_past(path: str | os.PathLike[str]) -> tuple[PastModels, dict[str, Any]]:
    """Load a model that `save_past` wrote, and how tables are read.

    Raises a `ModelFormatError` if the folder is no model or is damaged.
    """
    folder = Path(path)
    state = cast(PastState, read_config(folder))
    with damage_as_error(folder):
        models = restore_past(state, *read_arrays(folder, state["format"]), Config.from_dict(state["settings"]))
    refuse(past_problems(models), folder)
    return models, dict(state["table"])
