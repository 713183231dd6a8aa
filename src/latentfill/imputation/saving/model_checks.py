"""Checks of what a model folder holds: types, ranges and shapes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any, TypedDict

import numpy as np

from latentfill.core.config_settings import Scaling
from latentfill.core.json_types import type_problems
from latentfill.embeddings.protocols.encoder import EncoderShape
from latentfill.imputation.fitting.fitted import CovariateGain, Fitted
from latentfill.imputation.saving.model_state import ModelState, PathState
from latentfill.imputation.saving.model_weights import Arrays
from latentfill.imputation.validation.cells import KINDS
from latentfill.imputation.validation.ensemble import Ensemble
from latentfill.imputation.validation.intervals import Calibration
from latentfill.imputation.validation.quantiles import LEVELS
from latentfill.kinds.kind import REGISTERED
from latentfill.nn.progress import History
from latentfill.nn.weights import value_problems
from latentfill.windows.gaps import BUCKET_NAMES
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.series_scaling import ARRAYS, SeriesScaler

MAY_MISS = ("values", "rows", "quantiles", "mean_size", "farthest")  # of banks, and errors where none was held out
UNBOUNDED = ("farthest", "threshold")  # infinite without held-out cells; the largest number in the leaves of trees
ROUNDING = 1e-6  # by which weights may add up to more than 1

ShapeOf = tuple[str, tuple[int, ...], tuple[int, ...]]  # name, shape and expected shape of an array
Weights = dict[str, list[list[list[float]]]]  # JSON of an `Ensemble`


class ScalerFile(TypedDict):
    """The content of scaler.json."""

    columns: list[str]
    shift: list[float]
    scale: list[float]
    low: list[float | None]
    high: list[float | None]


class SeriesScalerState(TypedDict):
    """What `SeriesScaler.to_dict` gives."""

    typical: dict[str, list[float | None]]
    method: Scaling
    level_cells: list[float]
    spread_cells: list[float]
    low: list[float | None]
    high: list[float | None]


def state_problems(state: Mapping[str, Any]) -> Iterator[str]:
    """Parts of the content of config.json that have the wrong type, or values that no model has."""
    if problems := list(type_problems(state, ModelState)):
        yield from problems
        return
    yield from type_problems(state["gain"], CovariateGain | None, "gain")
    yield from type_problems(state.get("by_series"), SeriesScalerState | None, "by_series")
    yield from common_problems(state)
    for name, path in {"builtin": state["builtin"], **state["stored"]}.items():
        yield from _path_problems(path, name)


def common_problems(state: Mapping[str, Any]) -> Iterator[str]:
    """Problems of what all models have."""
    yield from kinds_problems(state["kinds"], "kinds")
    yield from (f"cycles holds {cycle}, not above 0" for cycle in state["cycles"] if not cycle > 0)
    if state["n_steps"] < 0:
        yield f"n_steps is {state['n_steps']}, below 0"


def _path_problems(path: PathState, name: str) -> Iterator[str]:
    yield from type_problems(path["encoder"], EncoderShape | None, f"{name}.encoder")
    yield from type_problems(path["stack"], Weights, f"{name}.stack")
    yield from kinds_problems(path["kinds"], f"{name}.kinds")
    for part, history in path["history"].items():
        numbers = {field: value for field, value in history.items() if field != "held_out"}  # errors may be infinite
        yield from type_problems({**numbers, "held_out": []}, History, f"{name}.history.{part}")


def kinds_problems(kinds: Iterable[Mapping[str, Any]], name: str) -> Iterator[str]:
    """Kinds of columns that are unknown, or have fields of the wrong type."""
    for number, kind in enumerate(kinds):
        where, values = f"{name}[{number}]", dict(kind)
        record = REGISTERED.get(str(values.pop("class", None)))
        if record is None:
            yield f"{where} is of the unknown class {kind.get('class')!r}"
        else:
            yield from type_problems(values, record, where)


def scaler_problems(scaler: object) -> Iterator[str]:
    """Parts of the content of scaler.json that have the wrong type."""
    yield from (f"scaler.json: {problem}" for problem in type_problems(scaler, ScalerFile))


def array_problems(arrays: Arrays) -> list[str]:
    """Arrays of model.safetensors with values that no model has."""
    return value_problems(arrays, MAY_MISS, UNBOUNDED)


def inconsistencies(fitted: Fitted) -> Iterator[str]:
    """Problems of a restored model: arrays of the wrong shape or with impossible values, repeated column names."""
    c, w = len(fitted.all_columns), len(fitted.kinds.column_of)
    shapes = scaler_shapes(fitted.scaler, w)
    shapes += [("known", fitted.known.shape, (c,)), ("kinds", (len(fitted.kinds),), (c,))]
    if fitted.by_series is not None:
        shapes += series_scaler_shapes(fitted.by_series, w)
        yield from scale_problems(fitted.by_series.typical)
    for path in fitted.paths.values():
        validated, strategies = path.validated, len(path.candidates.names)
        shapes += [
            ("stack", validated.ensemble.weight.shape, (strategies, w, KINDS)),
            *calibration_shapes(validated.calibration, c),
            ("kinds", (len(validated.kinds),), (c,)),
        ]
        yield from ensemble_problems(validated.ensemble)
    yield from shape_problems(shapes)
    yield from scale_problems(fitted.scaler)
    if len(set(fitted.all_columns)) < c:
        yield "columns repeat names"


def scaler_shapes(scaler: ColumnScaler, n_working: int) -> list[ShapeOf]:
    """Name, shape and expected shape of each array of a scaler."""
    return [(each.name, getattr(scaler, each.name).shape, (n_working,)) for each in fields(scaler)]


def series_scaler_shapes(scaler: SeriesScaler, n_working: int) -> list[ShapeOf]:
    """The same for the scaler of a model for many series."""
    own: list[ShapeOf] = [(f"by_series.{name}", getattr(scaler, name).shape, (n_working,)) for name in ARRAYS]
    return [*own, *scaler_shapes(scaler.typical, n_working)]


def calibration_shapes(calibration: Calibration, n_columns: int) -> list[ShapeOf]:
    """The same for the arrays of a calibration."""
    groups, sizes = (n_columns, len(BUCKET_NAMES)), calibration.model
    expected: dict[str, tuple[int, ...]] = {"mean_size": groups, "cells": groups, "gaps": groups}
    expected |= {"quantiles": (*groups, len(LEVELS)), "depth": (len(LEVELS),)}
    shapes: list[ShapeOf] = [
        (f"calibration.{n}", getattr(calibration, n).shape, shape) for n, shape in expected.items()
    ]
    features = (sizes.slope.size,)
    shapes += [(f"calibration.size.{n}", getattr(sizes, n).shape, features) for n in ("centre", "scale", "slope")]
    return [*shapes, ("calibration.size.of_column", sizes.of_column.shape, (n_columns,))]


def shape_problems(shapes: Iterable[ShapeOf]) -> Iterator[str]:
    """A phrase for each array that does not have its expected shape."""
    wrong = ((name, shape, expected) for name, shape, expected in shapes if shape != expected)
    return (f"{name} has shape {shape}, it should be {expected}" for name, shape, expected in wrong)


def scale_problems(scaler: ColumnScaler) -> Iterator[str]:
    """A phrase if a scale is not above 0, or a shift or a scale not finite."""
    if not (scaler.scale > 0).all():
        yield "scale holds values that are not above 0"
    if not (np.isfinite(scaler.scale).all() and np.isfinite(scaler.shift).all()):
        yield "shift or scale holds values that are not finite"


def ensemble_problems(ensemble: Ensemble) -> Iterator[str]:
    """A phrase if weights are no shares: below 0, or together above 1."""
    weight = ensemble.weight
    if weight.ndim and not ((weight >= 0).all() and (weight.sum(axis=0) <= 1 + ROUNDING).all()):
        yield "the weights of the candidates are below 0, or add up to more than 1"
