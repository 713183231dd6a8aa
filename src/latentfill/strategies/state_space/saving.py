"""A whole-series model as arrays by name, and back."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.strategies.square_root import SquareRoots
from latentfill.strategies.state_space.autoregression import Autoregression
from latentfill.strategies.state_space.block import Block
from latentfill.strategies.state_space.column_scale import ColumnScale
from latentfill.strategies.state_space.factors import FactorModel
from latentfill.strategies.state_space.model import SeriesModel


def state_of(model: SeriesModel) -> dict[str, FloatArray]:
    """Everything that a model has learnt, as arrays by name; the inverse of `model_of`."""
    roots, *others = model.scale
    of_scale = roots._asdict() | dict(zip(ColumnScale._fields[1:], others, strict=True))
    arrays = {f"scale.{name}": part for name, part in of_scale.items()} | {"order": model.order}
    arrays |= {"own_levels": np.array(model.own_levels)}
    if model.factors is not None:
        arrays |= {"factors.loadings": model.factors.loadings, "factors.rest": model.factors.rest}
        arrays |= _autoregression_arrays("factors", model.factors.dynamics)
    for number, block in enumerate(model.blocks):
        arrays |= _autoregression_arrays(f"block{number}", block.model)
        arrays |= {f"block{number}.recurrence": block.recurrence}
        arrays |= {f"block{number}.period": np.array(block.period or 0)}
        arrays |= {f"block{number}.degrees": np.array(block.degrees or 0.0)}
    return {name: np.asarray(array, dtype=float) for name, array in arrays.items()}


def model_of(state: Mapping[str, FloatArray]) -> SeriesModel:
    """The model that `state` was taken from."""
    roots = SquareRoots(state["scale.root"].astype(bool), state["scale.lowest"])
    scale = {name: state[f"scale.{name}"] for name in ColumnScale._fields[1:]}
    factors = None
    if "factors.loadings" in state:
        factors = FactorModel(state["factors.loadings"], state["factors.rest"], _autoregression(state, "factors"))
    count = sum(name.endswith(".recurrence") for name in state)
    return SeriesModel(
        scale=ColumnScale(roots, **scale),
        factors=factors,
        blocks=tuple(_block(state, f"block{number}") for number in range(count)),
        order=state["order"].astype(np.int64),
        own_levels=bool(state["own_levels"]),
    )


def _autoregression_arrays(prefix: str, model: Autoregression) -> dict[str, FloatArray]:
    return {f"{prefix}.{name}": part for name, part in model._asdict().items()}


def _autoregression(state: Mapping[str, FloatArray], prefix: str) -> Autoregression:
    return Autoregression(*(state[f"{prefix}.{name}"] for name in Autoregression._fields))


def _block(state: Mapping[str, FloatArray], prefix: str) -> Block:
    return Block(
        model=_autoregression(state, prefix),
        degrees=float(state[f"{prefix}.degrees"]) or None,
        recurrence=state[f"{prefix}.recurrence"],
        period=int(state[f"{prefix}.period"]) or None,
    )
