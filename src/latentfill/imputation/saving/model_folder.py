"""A fitted model on disk: `model.safetensors`, `config.json` and `scaler.json` in one folder; no code, no pickle."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast

import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from latentfill.core.config import AUTO, Config
from latentfill.core.errors import InputError, ModelFormatError
from latentfill.core.folders import write_folder
from latentfill.core.inputs import why_unreadable
from latentfill.core.output_paths import check_folder_path
from latentfill.core.setting_type import split_names
from latentfill.core.strategy_table import STRATEGIES
from latentfill.core.temporary import sweep
from latentfill.embeddings.builtin.encoder import BuiltinEncoder
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.imputation.saving.model_state import (
    FORMAT,
    Extra,
    ModelState,
    ScalerState,
    inconsistencies,
    restore,
    state_of,
)
from latentfill.imputation.saving.model_weights import Arrays, model_modules, model_weights
from latentfill.nn.runtime import pick_device
from latentfill.nn.weights import weight_misfits

FILES = ("config.json", "scaler.json", "model.safetensors")


def save_model(fitted: Fitted, path: str | os.PathLike[str], extra: Extra) -> None:
    """Write a fitted model and `extra` to a folder; an older model there is replaced.

    The folder is written under a temporary name and then renamed, so it is never incomplete. Raises an `InputError` if
    it cannot be written, or if the model uses another encoder than the builtin one.
    """
    target = Path(path)
    check_model_path(target)
    if not isinstance(fitted.encoder, BuiltinEncoder | None):
        raise InputError(
            f"this model uses the encoder {type(fitted.encoder).__name__}, which cannot be saved. Fit with the "
            "built-in encoder, or with embeddings made beforehand by `latentfill embed` (--embeddings)."
        )

    def write(folder: Path) -> None:
        write_json(folder / "config.json", state_of(fitted, extra))
        write_json(folder / "scaler.json", {"columns": fitted.columns, **fitted.scaler.to_dict()})
        (folder / "model.safetensors").write_bytes(save(dict(model_weights(fitted))))

    write_folder(target, write)


def check_model_path(path: Path) -> None:
    """Raise an `InputError` if `path` is a file, a folder that holds something other than a model, or not writable."""
    check_folder_path(path, "a model", lambda folder: {item.name for item in folder.iterdir()} == set(FILES))


def read_config(path: str | os.PathLike[str]) -> ModelState:
    """The content of a model's config.json; raises a `ModelFormatError` if the folder is no model of this version."""
    folder = Path(path)
    _check_readable(folder)
    missing = [name for name in FILES if not os.path.isfile(folder / name)]
    if missing:
        raise ModelFormatError(
            f"{folder} is not a model folder: it has no {', '.join(missing)}. `latentfill fit IN -m MODEL` makes one."
        )
    state = read_json(folder / "config.json")
    file_format = state.get("format") if isinstance(state, dict) else None
    if file_format != FORMAT:
        raise ModelFormatError(
            f"{folder}/config.json has format {file_format!r}, but this version reads format {FORMAT}. "
            "Fit the model again with this version."
        )
    return cast(ModelState, state)


def _check_readable(folder: Path) -> None:
    """Raise a `ModelFormatError` for files that may not be read."""
    with suppress(OSError):
        if not folder.exists():
            sweep(folder.parent)  # puts back a model whose replacement was killed
    for path in (folder / name for name in FILES):
        if why := why_unreadable(path):
            raise ModelFormatError(f"{path} cannot be read: {why}. Let its owner give you the right to read the model.")


def load_model(path: str | os.PathLike[str], device: str | None = None) -> tuple[Fitted, Extra]:
    """Load the fitted model in a folder, with frozen weights, and the `extra` that was saved with it.

    The model is put on `device`, or by default on the device of its settings. Raises a `ModelFormatError` if the folder
    is no model or is damaged.
    """
    folder = Path(path)
    state = read_config(folder)
    with damage_as_error(folder):
        _check_strategies(state["settings"], folder)
        config = Config.from_dict(state["settings"])
    if device is not None:
        config = config.replace(device=device)
    pick_device(config.device)
    with damage_as_error(folder):
        weights = load_file(folder / "model.safetensors")
        fitted = restore(state, cast(ScalerState, read_json(folder / "scaler.json")), config, weights)
        saved = state["extra"]
        extra = Extra(table=dict(saved["table"]), embedding_digests=dict(saved["embedding_digests"]))
    if problems := list(inconsistencies(fitted)):
        raise ModelFormatError(f"{folder} is inconsistent: {'; '.join(problems)}. Fit it again.")
    _load_weights(fitted, weights, folder)
    return fitted, extra


def _check_strategies(settings: Mapping[str, object], folder: Path) -> None:
    """Raise a `ModelFormatError` if the model uses a strategy that is not registered."""
    candidates = settings["candidates"]
    names = split_names(candidates) if isinstance(candidates, str) else cast(list[str], candidates)
    unknown = [name for name in (cast(str, settings["strategy"]), *names) if name not in (AUTO, *STRATEGIES)]
    if unknown:
        raise ModelFormatError(
            f"{folder} uses the strategy {unknown[0]!r}, which is not registered. Import the module that registers it "
            "first (see docs/extending.md), or fit again with another strategy."
        )


@contextmanager
def damage_as_error(folder: Path) -> Iterator[None]:
    """Raise a `ModelFormatError` for any error that changed or truncated model files cause while they are read."""
    try:
        yield
    except ModelFormatError:
        raise
    except KeyError as error:
        raise ModelFormatError(f"{folder} cannot be read as a model: it has no {error}. Fit it again.") from error
    except (AttributeError, IndexError, TypeError, ValueError, SafetensorError) as error:
        raise ModelFormatError(f"{folder} cannot be read as a model: {error}. Fit it again.") from error


def _load_weights(fitted: Fitted, weights: Arrays, folder: Path) -> None:
    """Load the networks' weights; the error names all that are missing, unexpected, or of another shape or type."""
    if problems := weight_misfits(model_weights(fitted), weights):
        raise ModelFormatError(f"{folder}/model.safetensors does not fit its config.json: " + "; ".join(problems))
    for part, module in model_modules(fitted).items():
        prefix = f"{part}."
        state = {k.removeprefix(prefix): torch.tensor(w) for k, w in weights.items() if k.startswith(prefix)}
        module.load_state_dict(state)
        module.eval().requires_grad_(False)


def write_json(path: Path, record: Mapping[str, object]) -> None:
    """Write a record of a model folder."""
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def read_json(path: Path) -> object:
    """Read what `write_json` wrote; raises a `ModelFormatError` if it cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelFormatError(f"{path} cannot be read: {error}. Fit the model again.") from error
