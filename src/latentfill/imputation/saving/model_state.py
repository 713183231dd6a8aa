"""The part of a fitted model that is saved as JSON, and rebuilding a model from it and its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, NotRequired, TypedDict

import numpy as np

from latentfill.core.config import Config
from latentfill.embeddings.builtin.encoder import BuiltinEncoder
from latentfill.embeddings.protocols.encoder import EncoderShape
from latentfill.imputation.fitting.fitted import CovariateGain, Fitted, FittedPath
from latentfill.imputation.fitting.stored_windows import config_for_stored
from latentfill.imputation.saving.model_weights import Arrays, arrays_with_prefix, path_prefix
from latentfill.imputation.validation.ensemble import Ensemble
from latentfill.imputation.validation.intervals import Calibration
from latentfill.imputation.validation.validate import Validated
from latentfill.kinds.columns import ColumnKinds
from latentfill.nn.progress import History
from latentfill.strategies.candidates import Candidates
from latentfill.strategies.protocols.strategy import StrategySpec
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.series_scaling import SeriesScaler

FORMAT, READABLE = 9, (8, 9)  # versions of the files; format 8 has no digests


class PathState(TypedDict):
    """A `FittedPath` without its weights."""

    strategies: list[str]
    encoder: dict[str, Any] | None  # fields of `EncoderShape`
    banks: dict[str, int]  # number of windows that are searched for neighbours, by strategy
    stack: dict[str, Any]  # the `Ensemble`
    kinds: list[dict[str, Any]]  # with what was learnt from held-out cells
    held_out: dict[str, object]  # the score on held-out cells
    history: dict[str, dict[str, Any]]  # fields of `History`, by network


class Extra(TypedDict):
    """The state of an `Imputer` that is saved beside its fitted model."""

    table: dict[str, Any]  # fields of `TableOptions`
    embedding_digests: dict[str, str]  # digests of stored embeddings, by split


class ModelState(TypedDict):
    """A `Fitted` without its weights and scaler: the content of config.json."""

    format: int
    settings: dict[str, object]
    columns: list[str]
    covariates: list[str]
    gain: dict[str, Any] | None  # fields of `CovariateGain`
    kinds: list[dict[str, Any]]  # state of the `ColumnKinds`
    labels: dict[str, list[str]]  # of columns whose values number their labels
    known: list[bool]
    cycles: list[float]
    stamped: bool
    n_steps: int
    shrunk_from: int | None
    encoder: bool  # whether there is a builtin encoder
    builtin: PathState
    stored: dict[str, PathState]
    one_space: NotRequired[bool]
    by_series: NotRequired[dict[str, Any] | None]  # fields of the `SeriesScaler` of a model for many series
    extra: Extra
    digests: NotRequired[dict[str, str]]  # of the files, see `folder_digests`


ScalerState = Mapping[str, list[Any]]  # the columns, and the fields of `ColumnScaler`: the content of scaler.json


def state_of(fitted: Fitted, extra: Extra) -> ModelState:
    """The state of a model as JSON values, the inverse of `restore`."""
    return {
        "format": FORMAT,
        "settings": fitted.config.to_dict(),
        "columns": list(fitted.columns),
        "covariates": list(fitted.covariates),
        "gain": None if fitted.gain is None else asdict(fitted.gain),
        "kinds": fitted.kinds.state(),
        "labels": {name: list(labels) for name, labels in fitted.labels.items()},
        "known": fitted.known.tolist(),
        "cycles": list(fitted.cycles),
        "stamped": fitted.stamped,
        "n_steps": fitted.n_steps,
        "shrunk_from": fitted.shrunk_from,
        "encoder": fitted.encoder is not None,
        "builtin": _path_state(fitted.builtin),
        "stored": {split: _path_state(path) for split, path in fitted.stored.items()},
        "one_space": fitted.one_space,
        "by_series": None if fitted.by_series is None else fitted.by_series.to_dict(),
        "extra": extra,
    }


def _path_state(path: FittedPath) -> PathState:
    shape = path.spec.encoder_shape
    return {
        "strategies": list(path.candidates.names),
        "encoder": None if shape is None else asdict(shape),
        "banks": {name: strategy.bank_size for name, strategy in path.candidates.by_name.items()},
        "stack": path.validated.ensemble.to_dict(),
        "kinds": path.validated.kinds.state(),
        "held_out": path.validated.score,
        "history": {part: asdict(history) for part, history in path.history.items()},
    }


def restore(state: ModelState, scaler: ScalerState, config: Config, weights: Arrays) -> Fitted:
    """Rebuild a model from its saved state and `weights`; the weights of its networks are not loaded yet.

    Raises a `ValueError`, `KeyError` or `TypeError` if the state is damaged.
    """
    if scaler["columns"] != state["columns"]:
        raise ValueError(f"scaler.json has the columns {scaler['columns']}, config.json {state['columns']}")
    kinds = ColumnKinds.load(state["kinds"])
    columns, phases = len(kinds.column_of), 2 * len(state["cycles"])
    gain = state["gain"]
    encoder = BuiltinEncoder(config, columns=columns, phases=phases) if state["encoder"] else None

    def path(split: str | None, path_state: PathState) -> FittedPath:
        shape = None if path_state["encoder"] is None else EncoderShape(**path_state["encoder"])
        path_config = config if split is None else config_for_stored(config)
        spec = StrategySpec(config=path_config, columns=columns, phases=phases, encoder_shape=shape)
        return _restore_path(path_prefix(split), path_state, spec, weights)

    return Fitted(
        config=config,
        columns=tuple(state["columns"]),
        covariates=tuple(state["covariates"]),
        gain=None if gain is None else CovariateGain(**{**gain, "columns": tuple(gain["columns"])}),
        kinds=kinds,
        labels={name: tuple(labels) for name, labels in state["labels"].items()},
        known=np.array(state["known"], dtype=bool),
        scaler=ColumnScaler.from_dict({name: scaler[name] for name in scaler if name != "columns"}),
        cycles=tuple(float(cycle) for cycle in state["cycles"]),
        stamped=state["stamped"],
        n_steps=int(state["n_steps"]),
        shrunk_from=state["shrunk_from"],
        one_space=bool(state.get("one_space")),
        by_series=SeriesScaler.from_dict(by_series) if (by_series := state.get("by_series")) else None,
        encoder=encoder,
        builtin=path(None, state["builtin"]),
        stored={split: path(split, path_state) for split, path_state in state["stored"].items()},
    )


def _restore_path(prefix: str, state: PathState, spec: StrategySpec, weights: Arrays) -> FittedPath:
    names = tuple(state["strategies"])
    states = {name: arrays_with_prefix(weights, f"{prefix}{name}.") for name in names}
    bank_sizes = {strategy: int(size) for strategy, size in state["banks"].items()}
    return FittedPath(
        spec=spec,
        candidates=Candidates.unfitted(names, spec, bank_sizes, states),
        validated=Validated(
            ensemble=Ensemble.from_dict(state["stack"]),
            calibration=Calibration.load(arrays_with_prefix(weights, f"{prefix}calibration.")),
            score=dict(state["held_out"]),
            kinds=ColumnKinds.load(state["kinds"]),
        ),
        stored=bool(prefix),
        history={part: _history(record) for part, record in state["history"].items()},
    )


def _history(record: Mapping[str, Any]) -> History:
    return History(**{**record, "held_out": tuple(record["held_out"])})
