"""A fitted model on disk: `model.safetensors`, `config.json` and `scaler.json` in one folder; no code, no pickle."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from latentfill.core.config import Config
from latentfill.core.errors import InputError, ModelFormatError
from latentfill.core.files import check_folder_path, replacing_folder
from latentfill.core.messages import counted
from latentfill.core.series import FloatArray
from latentfill.core.strategy_table import STRATEGIES
from latentfill.embeddings.builtin.encoder import BuiltinEncoder
from latentfill.embeddings.protocols.encoder import EncoderShape
from latentfill.imputation.ensemble import KINDS, Ensemble
from latentfill.imputation.fit import Fitted, FittedPath, for_stored
from latentfill.imputation.intervals import LEVELS, Calibration
from latentfill.nn.runtime import pick_device
from latentfill.nn.training import History
from latentfill.nn.weights import weight_misfits, write_weights
from latentfill.strategies.candidates import Candidates
from latentfill.strategies.classes import new_baseline
from latentfill.strategies.protocols.strategy import StrategySpec
from latentfill.windows.gaps import BUCKET_NAMES
from latentfill.windows.scaling import ColumnScaler

FORMAT = 5
FILES = ("config.json", "scaler.json", "model.safetensors")


def save_model(fitted: Fitted, path: str | os.PathLike[str], extra: Mapping[str, object]) -> None:
    """Write `fitted` as a folder that appears whole or not at all; an older model there is replaced.

    `extra` holds further JSON values to come back from `load_model`.
    """
    target = Path(path)
    check_model_path(target)
    if not isinstance(fitted.encoder, BuiltinEncoder | None):
        raise InputError(
            f"this model works on a {type(fitted.encoder).__name__}, which a model folder does not hold. Fit on the "
            "built-in encoder, or on embeddings made beforehand with `latentfill embed` (--embeddings)."
        )
    with replacing_folder(target) as folder:
        _write_json(folder / "config.json", {**_state(fitted), "extra": extra})
        _write_json(folder / "scaler.json", {"columns": fitted.columns, **fitted.scaler.to_dict()})
        write_weights(folder / "model.safetensors", _weights(fitted))


def model_id(fitted: Fitted) -> str:
    """What tells one fitted model from another: the start of a hash of all that it learnt."""
    found = hashlib.sha256()
    for name, weights in sorted(_weights(fitted).items()):
        found.update(name.encode())
        found.update(weights.detach().cpu().contiguous().numpy().tobytes())
    for array in (fitted.scaler.shift, fitted.scaler.scale):
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()[:12]


def check_model_path(path: Path) -> None:
    """Refuse a place where a model cannot go: a file, a folder with anything but a model in it, no right to write."""
    check_folder_path(path, "a model", lambda folder: {item.name for item in folder.iterdir()} == set(FILES))


def read_config(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The readable part of a model folder, without its weights."""
    folder = Path(path)
    missing = [name for name in FILES if not os.path.isfile(folder / name)]
    if missing:
        raise ModelFormatError(
            f"{folder} is not a model folder: it has no {', '.join(missing)}. `latentfill fit IN -m MODEL` makes one."
        )
    state = _read_json(folder / "config.json")
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        found = state.get("format") if isinstance(state, dict) else None
        raise ModelFormatError(
            f"{folder}/config.json has format {found!r}, this version reads {FORMAT}. "
            "Fit the model again with this version."
        )
    return state


def load_model(path: str | os.PathLike[str], device: str | None = None) -> tuple[Fitted, dict[str, Any]]:
    """The model in a folder, frozen and on `device` (else on that of its settings), and what was saved beside it."""
    folder = Path(path)
    state = read_config(folder)
    with told_as_damage(folder):
        config = Config.from_dict(state["settings"])
    if device is not None:
        config = replace(config, device=device)
    pick_device(config.device)
    with told_as_damage(folder):
        weights = load_file(folder / "model.safetensors")
        fitted = _restore(state, _read_json(folder / "scaler.json"), config, weights)
        extra = {"table": dict(state["extra"]["table"]), "embedding_digests": dict(state["extra"]["embedding_digests"])}
    if problems := list(_wrong_sizes(fitted)):
        raise ModelFormatError(f"{folder} is inconsistent: {'; '.join(problems)}. Fit it again.")
    _put_weights(fitted, weights, folder)
    return fitted, extra


@contextmanager
def told_as_damage(folder: Path) -> Iterator[None]:
    """Whatever goes wrong inside is due to a file of the model that was changed or cut."""
    try:
        yield
    except ModelFormatError:
        raise
    except KeyError as error:
        raise ModelFormatError(f"{folder} cannot be read as a model: it has no {error}. Fit it again.") from error
    except (AttributeError, IndexError, TypeError, ValueError, SafetensorError) as error:
        raise ModelFormatError(f"{folder} cannot be read as a model: {error}. Fit it again.") from error


def _wrong_sizes(fitted: Fitted) -> Iterator[str]:
    """Arrays that do not have an entry for each column (and gap length), or scales that cannot be."""
    c = len(fitted.columns)
    arrays = {
        "known": fitted.known,
        **{name: getattr(fitted.scaler, name) for name in ("shift", "scale", "low", "high")},
    }
    for name, array in arrays.items():
        if array.shape != (c,):
            yield f"{name} has shape {array.shape} for {counted(c, 'column')}"
    for track in (fitted.builtin, *fitted.stored.values()):
        wanted = (len(track.candidates.names), c, KINDS)
        if track.stack.weight.shape != wanted:
            yield f"stack has shape {track.stack.weight.shape}, it should be {wanted}"
        wanted = (c, len(BUCKET_NAMES), len(LEVELS))
        if track.calibration.quantiles.shape != wanted:
            yield f"calibration has shape {track.calibration.quantiles.shape}, it should be {wanted}"
    if not (fitted.scaler.scale > 0).all():
        yield "scale holds values that are not above 0"
    if len(set(fitted.columns)) < c:
        yield "columns repeat names"


def _state(fitted: Fitted) -> dict[str, object]:
    return {
        "format": FORMAT,
        "settings": fitted.config.to_dict(),
        "columns": fitted.columns,
        "known": fitted.known.tolist(),
        "cycles": fitted.cycles,
        "stamped": fitted.stamped,
        "n_steps": fitted.n_steps,
        "shrunk_from": fitted.shrunk_from,
        "encoder": fitted.encoder is not None,
        "builtin": _track_state(fitted.builtin),
        "stored": {split: _track_state(track) for split, track in fitted.stored.items()},
        "one_space": fitted.one_space,
    }


def _track_state(track: FittedPath) -> dict[str, object]:
    candidates = track.candidates
    return {
        "strategies": candidates.names,
        "encoder": None if track.setting.encoder_shape is None else asdict(track.setting.encoder_shape),
        "banks": {name: strategy.bank_size for name, strategy in candidates.by_name.items()},
        "stack": track.stack.to_dict(),
        "held_out": track.score,
        "history": {part: asdict(history) for part, history in track.history.items()},
    }


def _restore(
    state: Mapping[str, Any], scaler: Mapping[str, Any], config: Config, weights: Mapping[str, Tensor]
) -> Fitted:
    if scaler["columns"] != state["columns"]:
        raise ValueError(f"scaler.json has the columns {scaler['columns']}, config.json {state['columns']}")
    columns, phases, device = len(state["columns"]), 2 * len(state["cycles"]), pick_device(config.device)

    def track(name: str, record: Mapping[str, Any], config: Config) -> FittedPath:
        shape = None if record["encoder"] is None else EncoderShape(**record["encoder"])
        setting = StrategySpec(config=config, columns=columns, phases=phases, encoder_shape=shape, device=device)
        return _restore_track(name, record, setting, weights)

    encoder = BuiltinEncoder(config, columns=columns, phases=phases, device=device) if state["encoder"] else None
    return Fitted(
        config=config,
        columns=tuple(state["columns"]),
        known=np.array(state["known"], dtype=bool),
        scaler=ColumnScaler.from_dict({key: scaler[key] for key in scaler if key != "columns"}),
        cycles=tuple(float(cycle) for cycle in state["cycles"]),
        stamped=state["stamped"],
        n_steps=int(state["n_steps"]),
        shrunk_from=state["shrunk_from"],
        one_space=bool(state.get("one_space")),
        encoder=encoder,
        builtin=track("", state["builtin"], config),
        stored={s: track(f"stored.{s}.", record, for_stored(config)) for s, record in state["stored"].items()},
    )


def _restore_track(
    name: str, state: Mapping[str, Any], setting: StrategySpec, weights: Mapping[str, Tensor]
) -> FittedPath:
    names = tuple(state["strategies"])
    simple = {n: new_baseline(n).load(_arrays(weights, f"{name}{n}.")) for n in names if not STRATEGIES[n].on_windows}
    banks = {strategy: int(size) for strategy, size in state["banks"].items()}
    return FittedPath(
        setting=setting,
        candidates=Candidates.unfitted(names, setting, banks, simple),
        stack=Ensemble.from_dict(state["stack"]),
        stored=bool(name),
        calibration=Calibration.load(_arrays(weights, f"{name}calibration.")),
        score=dict(state["held_out"]),
        history={part: _history(record) for part, record in state["history"].items()},
    )


def _history(record: Mapping[str, Any]) -> History:
    return History(**{**record, "held_out": tuple(record["held_out"])})


def _tracks(fitted: Fitted) -> dict[str, FittedPath]:
    """The tracks, by what the names of their weights begin with."""
    return {"": fitted.builtin, **{f"stored.{split}.": track for split, track in fitted.stored.items()}}


def _modules(fitted: Fitted) -> dict[str, nn.Module]:
    parts = {
        f"{name}{part}": module
        for name, track in _tracks(fitted).items()
        for part, module in track.candidates.modules.items()
    }
    return {"encoder": fitted.encoder.net, **parts} if isinstance(fitted.encoder, BuiltinEncoder) else parts


def _weights(fitted: Fitted) -> dict[str, Tensor]:
    """Everything learnt, by name; of simple imputers and of the calibration the arrays that they keep."""
    arrays = {
        f"{name}{kept}.{part}": array
        for name, track in _tracks(fitted).items()
        for kept, state in _states(track).items()
        for part, array in state.items()
    }
    simple = {name: torch.from_numpy(np.asarray(array)) for name, array in arrays.items()}
    learnt = {
        f"{part}.{name}": tensor
        for part, module in _modules(fitted).items()
        for name, tensor in module.state_dict().items()
    }
    return simple | learnt


def _states(track: FittedPath) -> dict[str, dict[str, FloatArray]]:
    """What is learnt outside of networks, by what it belongs to."""
    simple = {name: baseline.state() for name, baseline in track.candidates.baselines.items()}
    return {**simple, "calibration": track.calibration.state()}


def _arrays(weights: Mapping[str, Tensor], prefix: str) -> dict[str, FloatArray]:
    return {name.removeprefix(prefix): w.numpy() for name, w in weights.items() if name.startswith(prefix)}


def _put_weights(fitted: Fitted, weights: Mapping[str, Tensor], folder: Path) -> None:
    """Fill the modules; an error names every weight that is missing, unexpected, or of another shape or type."""
    if problems := weight_misfits(_weights(fitted), weights):
        raise ModelFormatError(f"{folder}/model.safetensors does not fit its config.json: " + "; ".join(problems))
    for part, module in _modules(fitted).items():
        prefix = f"{part}."
        module.load_state_dict({k.removeprefix(prefix): w for k, w in weights.items() if k.startswith(prefix)})
        module.eval().requires_grad_(False)


def _write_json(path: Path, record: Mapping[str, object]) -> None:
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return cast(dict[str, Any], json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelFormatError(f"{path} cannot be read: {error}. Fit the model again.") from error
