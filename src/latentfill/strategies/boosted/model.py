"""The trees of one column, and how much of what they say is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from latentfill.core.series import FloatArray
from latentfill.strategies.boosted.shrinkage import Shrinkage
from latentfill.strategies.boosted.training_cells import TrainingCells
from latentfill.strategies.boosted.trees import Float32Array, Trees

LEAST_CELLS = 400  # cells to fit trees to, at least, for a correction of a column
LEAST_RESERVED = 100  # reserved cells, at least
MOST_ERROR = 5.0  # errors are learnt in units of the spread, so that large ones do not dominate, and clipped to this
TREES = {
    "max_iter": 100,
    "learning_rate": 0.08,
    "max_leaf_nodes": 15,
    "min_samples_leaf": 100,
    "l2_regularization": 10.0,
}


@dataclass(frozen=True, slots=True, eq=False)
class ColumnModel:
    """A correction of the missing cells of one column."""

    offset: float  # what the trees start from
    trees: Trees
    shrinkage: Shrinkage

    def correction(self, features: Float32Array, spread: FloatArray) -> FloatArray:
        """What is added to the base of cells with `features` (M, F) and `spread` (M,)."""
        predicted = self.offset + self.trees.leaves(features).sum(axis=1)
        return np.asarray(self.shrinkage.factor(spread) * spread * predicted)

    @staticmethod
    def joined(models: Sequence[ColumnModel]) -> dict[str, NDArray[Any]]:
        """The models as arrays by name."""
        if not models:
            return {}
        trees = Trees.joined([model.trees for model in models])
        own = {
            "offset": np.array([model.offset for model in models]),
            "trees": np.array([len(model.trees.root) for model in models]),
            "ends": np.stack([model.shrinkage.ends for model in models]),
            "factors": np.stack([model.shrinkage.factors for model in models]),
        }
        return own | {f"trees.{name}": array for name, array in trees.state().items()}

    @classmethod
    def split(cls, state: Mapping[str, NDArray[Any]]) -> list[Self]:
        """The models whose arrays `joined` returned."""
        if "trees" not in state:
            return []
        named = {name.removeprefix("trees."): array for name, array in state.items() if name.startswith("trees.")}
        trees, last = Trees.load(named), np.cumsum(state["trees"])
        return [
            cls(float(offset), trees.part(end - count, end), Shrinkage(ends, factors))
            for offset, end, count, ends, factors in zip(
                state["offset"], last, state["trees"], state["ends"], state["factors"], strict=True
            )
        ]


def fit_model(cells: TrainingCells, seed: int) -> ColumnModel | None:
    """A correction learnt from the cells of one column; None if there are too few, or if it would not help."""
    fitting, reserved = cells.take(~cells.reserved), cells.take(cells.reserved)
    if len(fitting.error) < LEAST_CELLS or len(reserved.error) < LEAST_RESERVED:
        return None
    offset, trees = _fit_trees(fitting, seed)
    correction = reserved.spread * (offset + trees.leaves(reserved.features).sum(axis=1))
    shrinkage = Shrinkage.fit(correction, reserved.error, reserved.spread, reserved.time)
    return ColumnModel(offset, trees, shrinkage) if shrinkage.factors.any() else None


def _fit_trees(cells: TrainingCells, seed: int) -> tuple[float, Trees]:
    """What trees start from, and the trees; on one thread, so that sums are the same on every machine."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    target = np.clip(cells.error / cells.spread, -MOST_ERROR, MOST_ERROR)
    with threadpool_limits(limits=1):
        model = HistGradientBoostingRegressor(early_stopping=False, random_state=seed, **TREES)
        model.fit(_without_empty_features(cells.features), target)
        tables = [predictors[0].nodes for predictors in model._predictors]
        trees = Trees.of(tables, cells.features.shape[1])
        start = model.predict(cells.features[:1])[0] - trees.leaves(cells.features[:1]).sum()
    return float(start), trees


def _without_empty_features(features: Float32Array) -> Float32Array:
    """`features` with 0 instead of features that all cells lack, which scikit-learn refuses."""
    return np.where(np.isnan(features).all(axis=0), np.float32(0), features)
