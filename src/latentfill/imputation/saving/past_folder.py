"""A model that fills from the past alone on disk: the files of any model folder, see `model_folder`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from safetensors.numpy import load_file, save

from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.folders import write_folder
from latentfill.imputation.causal.fill import PastModels
from latentfill.imputation.saving.model_folder import (
    check_model_path,
    damage_as_error,
    read_config,
    read_json,
    write_json,
)
from latentfill.imputation.saving.model_state import ScalerState
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

    def write(folder: Path) -> None:
        write_json(folder / "config.json", past_state(models, table))
        write_json(folder / "scaler.json", {"columns": models.columns, **models.last.scaler.to_dict()})
        (folder / "model.safetensors").write_bytes(save(dict(past_arrays(models.last))))

    write_folder(target, write)


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
        config = Config.from_dict(state["settings"])
        arrays = load_file(folder / "model.safetensors")
        models = restore_past(state, cast(ScalerState, read_json(folder / "scaler.json")), config, arrays)
        return models, dict(state["table"])
