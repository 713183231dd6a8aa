"""A model that fills from the past alone as JSON values and arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict, cast

import numpy as np

from latentfill.core.config import Config
from latentfill.imputation.causal.fill import PastModels
from latentfill.imputation.causal.model import PastModel
from latentfill.imputation.causal.strategies import PastStrategies
from latentfill.imputation.saving.model_state import FORMAT, ScalerState
from latentfill.imputation.saving.model_weights import Arrays, arrays_with_prefix
from latentfill.imputation.validation.ensemble import Ensemble
from latentfill.imputation.validation.intervals import Calibration
from latentfill.kinds.columns import ColumnKinds
from latentfill.strategies.classes import series_strategy_class
from latentfill.strategies.state_space.strategy import Smoother
from latentfill.windows.scaling import ColumnScaler


class PastState(TypedDict):
    """The model of all that was fitted, without its arrays and scaler: the content of config.json."""

    format: int
    causal: bool  # True: tells it from a `ModelState`
    settings: dict[str, object]
    columns: list[str]
    labels: dict[str, list[str]]  # of columns whose values number their labels
    stamped: bool
    n_steps: int
    kinds: list[dict[str, Any]]  # state of the `ColumnKinds`
    cycles: list[float]
    strategies: list[str]
    smoothers: list[str]  # those of the strategies that have arrays
    longest: int
    weights: dict[str, Any]  # the `Ensemble`
    table: dict[str, Any]  # fields of `TableOptions`
    digests: NotRequired[dict[str, str]]  # of the files, see `folder_digests`


def past_state(models: PastModels, table: Mapping[str, Any]) -> PastState:
    """The state of the last model as JSON values, the inverse of `restore_past`."""
    model = models.last
    return {
        "format": FORMAT,
        "causal": True,
        "settings": models.config.to_dict(),
        "columns": list(models.columns),
        "labels": {name: list(labels) for name, labels in models.labels.items()},
        "stamped": models.stamped,
        "n_steps": int(models.starts[-1]),
        "kinds": model.kinds.state(),
        "cycles": list(model.cycles),
        "strategies": list(model.strategies.names),
        "smoothers": list(model.strategies.smoothers),
        "longest": model.longest,
        "weights": model.ensemble.to_dict(),
        "table": dict(table),
    }


def restore_past(state: PastState, scaler: ScalerState, arrays: Arrays, config: Config) -> PastModels:
    """Rebuild a model from its saved state and arrays.

    Raises a `ValueError`, `KeyError` or `TypeError` if the state is damaged.
    """
    if scaler["columns"] != state["columns"]:
        raise ValueError(f"scaler.json has the columns {scaler['columns']}, config.json {state['columns']}")
    model = PastModel(
        kinds=ColumnKinds.load(state["kinds"]),
        scaler=ColumnScaler.from_dict({name: scaler[name] for name in scaler if name != "columns"}),
        cycles=tuple(float(cycle) for cycle in state["cycles"]),
        strategies=PastStrategies(
            tuple(state["strategies"]), {name: _smoother(name, arrays) for name in state["smoothers"]}
        ),
        longest=int(state["longest"]),
        ensemble=Ensemble.from_dict(state["weights"]),
        calibration=Calibration.load(arrays_with_prefix(arrays, "calibration.")),
    )
    return PastModels(
        config=config,
        columns=tuple(state["columns"]),
        labels={name: tuple(labels) for name, labels in state["labels"].items()},
        stamped=bool(state["stamped"]),
        starts=np.array([int(state["n_steps"])]),
        models=(model,),
    )


def _smoother(name: str, arrays: Arrays) -> Smoother:
    return cast(Smoother, series_strategy_class(name).load(arrays_with_prefix(arrays, f"{name}.")))
