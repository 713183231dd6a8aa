"""A fitted model on disk: `model.safetensors`, `config.json` and `scaler.json` in one folder; no code, no pickle."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast

import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from latentfill.core.config import AUTO, Config
from latentfill.core.errors import InputError, MemoryLimitError, ModelFormatError
from latentfill.core.folder_digests import digest_problems, with_digests
from latentfill.core.folders import write_folder
from latentfill.core.inputs import why_unreadable
from latentfill.core.json_text import parse_json
from latentfill.core.memory_limit import check_memory
from latentfill.core.messages import listed
from latentfill.core.output_paths import check_folder_path
from latentfill.core.setting_type import split_names
from latentfill.core.strategy_table import STRATEGIES
from latentfill.core.temporary import sweep
from latentfill.embeddings.builtin.encoder import BuiltinEncoder
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.imputation.saving.model_checks import (
    array_problems,
    inconsistencies,
    scaler_problems,
    state_problems,
)
from latentfill.imputation.saving.model_state import (
    FORMAT,
    READABLE,
    Extra,
    ModelState,
    ScalerState,
    restore,
    state_of,
)
from latentfill.imputation.saving.model_weights import Arrays, model_modules, model_weights, network_shapes
from latentfill.imputation.saving.past_checks import past_state_problems
from latentfill.imputation.saving.past_state import PastState
from latentfill.imputation.saving.trial import trial_problems
from latentfill.imputation.saving.upgrades import upgraded
from latentfill.nn.runtime import only_shapes, pick_device
from latentfill.nn.weights import weight_misfits

CONFIG, SCALER, ARRAYS = FILES = ("config.json", "scaler.json", "model.safetensors")
WITH_DIGESTS = 9  # the first format with digests


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
    state, scaler = state_of(fitted, extra), {"columns": fitted.columns, **fitted.scaler.to_dict()}
    write_model(target, cast(Mapping[str, object], state), scaler, model_weights(fitted))


def write_model(path: Path, state: Mapping[str, object], scaler: Mapping[str, object], arrays: Arrays) -> None:
    """Write the files of a model, with their digests in config.json."""

    def write(folder: Path) -> None:
        write_json(folder / SCALER, scaler)
        (folder / ARRAYS).write_bytes(save(dict(arrays)))
        write_json(folder / CONFIG, with_digests(state, folder, (SCALER, ARRAYS)))

    write_folder(path, write)


def check_model_path(path: Path) -> None:
    """Raise an `InputError` if `path` is a file, a folder that holds something other than a model, or not writable."""
    check_folder_path(path, "a model", lambda folder: {item.name for item in folder.iterdir()} == set(FILES))


def read_config(path: str | os.PathLike[str]) -> ModelState | PastState:
    """The content of a model's config.json.

    Raises a `ModelFormatError` if the folder is no model of a format that this version reads, or if a file in it was
    changed after it was written.
    """
    folder = Path(path)
    _check_readable(folder)
    missing = [name for name in FILES if not os.path.isfile(folder / name)]
    if missing:
        raise ModelFormatError(
            f"{folder} is not a model folder: it has no {', '.join(missing)}. `latentfill fit IN -m MODEL` makes one."
        )
    state = read_json(folder / CONFIG)
    _check_format(state, folder)
    assert isinstance(state, dict)
    problems = list(digest_problems(state, folder, (SCALER, ARRAYS))) if state["format"] >= WITH_DIGESTS else []
    if problems:
        raise ModelFormatError(
            f"{folder} is damaged: by the digests in {CONFIG}, {listed(problems)}. Copy the model again from where it "
            "was saved, or fit it again."
        )
    refuse(past_state_problems(state) if state.get("causal") else state_problems(state), folder)
    return cast(ModelState, state)


def _check_format(state: object, folder: Path) -> None:
    """Raise a `ModelFormatError` for a format that this version does not read."""
    file_format = state.get("format") if isinstance(state, dict) else None
    if type(file_format) is int and file_format in READABLE:
        return
    is_newer = type(file_format) is int and file_format > FORMAT
    advice = "Update latentfill (pip install -U latentfill)" if is_newer else "Fit the model again with this version"
    raise ModelFormatError(
        f"{folder}/{CONFIG} has format {file_format!r}, but this version reads format "
        f"{' and '.join(map(str, READABLE))}. {advice}."
    )


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
    state = cast(ModelState, read_config(folder))
    config = _settings(state, folder, device)
    with damage_as_error(folder):
        scaler, weights = read_arrays(folder, state["format"])
        with only_shapes():  # so that nothing is made that is not in the file
            shapes = network_shapes(restore(state, scaler, config, weights))
        own = {name: array for name, array in weights.items() if name.startswith(tuple(f"{part}." for part in shapes))}
        refuse(weight_misfits({k: v for of in shapes.values() for k, v in of.items()}, own), folder, ARRAYS)
        fitted = restore(state, scaler, config, weights)
    refuse(inconsistencies(fitted), folder)
    refuse(weight_misfits(model_weights(fitted), weights), folder, ARRAYS)
    _load_weights(fitted, weights)
    refuse(trial_problems(fitted), folder)
    saved = state["extra"]
    return fitted, Extra(table=dict(saved["table"]), embedding_digests=dict(saved["embedding_digests"]))


def read_arrays(folder: Path, file_format: int) -> tuple[ScalerState, Arrays]:
    """The scaler and the arrays of a model folder, all with possible values."""
    check_memory((folder / ARRAYS).stat().st_size, folder / ARRAYS)
    scaler, arrays = read_json(folder / SCALER), load_file(folder / ARRAYS)
    refuse([*scaler_problems(scaler), *array_problems(arrays)], folder)
    return cast(ScalerState, scaler), upgraded(arrays, file_format)


def _settings(state: ModelState, folder: Path, device: str | None) -> Config:
    """The settings of a model, with another device if one is given."""
    with damage_as_error(folder):
        _check_strategies(state["settings"], folder)
        config = Config.from_dict(state["settings"])
    if device is not None:
        config = config.replace(device=device)
    pick_device(config.device)
    return config


def refuse(problems: Iterable[str], folder: Path, file: str = "") -> None:
    """Raise one `ModelFormatError` that lists all problems, if there are any."""
    if found := list(problems):
        what = f"{folder}/{file} does not fit its {CONFIG}" if file else f"{folder} is inconsistent"
        raise ModelFormatError(f"{what}: {listed(found)}. Fit it again, or copy it again from where it was saved.")


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


DAMAGE = (ArithmeticError, AssertionError, AttributeError, IndexError, MemoryError, RuntimeError, TypeError, ValueError)


@contextmanager
def damage_as_error(folder: Path) -> Iterator[None]:
    """Raise a `ModelFormatError` for any error that changed or truncated model files cause while they are read."""
    try:
        yield
    except (ModelFormatError, MemoryLimitError):
        raise
    except KeyError as error:
        raise ModelFormatError(f"{folder} cannot be read as a model: it has no {error}. Fit it again.") from error
    except (*DAMAGE, SafetensorError) as error:
        raise ModelFormatError(f"{folder} cannot be read as a model: {error}. Fit it again.") from error


def _load_weights(fitted: Fitted, weights: Arrays) -> None:
    """Load the networks' weights, which must fit."""
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
        return parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelFormatError(f"{path} cannot be read: {error}. Fit the model again.") from error
