"""Boosted regression trees as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from latentfill.core.series import FloatArray

Float32Array = NDArray[np.float32]

LARGEST = np.finfo(np.float32).max  # stands for an infinite threshold, so that a missing feature can lie above it


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """K regression trees with J nodes in all; a leaf is its own child on both sides.

    A cell goes right where its feature is above the threshold. Features (M, F) come twice: first with -inf in place
    of NaN, then with +inf, so the number of the feature also says on which side missing features go.
    """

    feature: NDArray[np.int32]  # (J,) from 0 to 2F - 1
    threshold: Float32Array  # (J,)
    child: NDArray[np.int32]  # (J, 2) left and right
    value: FloatArray  # (J,) what a leaf adds
    root: NDArray[np.int32]  # (K,) the first node of each tree

    @classmethod
    def of(cls, trees: Sequence[NDArray[Any]], features: int) -> Self:
        """From the node tables of a HistGradientBoostingRegressor that was fitted to float32 features (M, F)."""
        size = [len(nodes) for nodes in trees]
        root = np.concatenate([[0], np.cumsum(size)[:-1]])
        nodes, first = np.concatenate(trees), np.repeat(root, size)
        leaf, own = nodes["is_leaf"].astype(bool), np.arange(len(nodes))
        child = [np.where(leaf, own, nodes[side] + first) for side in ("left", "right")]
        feature = nodes["feature_idx"] + np.where(nodes["missing_go_to_left"], 0, features)
        return cls(
            feature=np.where(leaf, 0, feature).astype(np.int32),
            threshold=_rounded_down(np.where(leaf, np.inf, nodes["num_threshold"])),
            child=np.stack(child, axis=1).astype(np.int32),
            value=nodes["value"].astype(float),
            root=root.astype(np.int32),
        )

    @classmethod
    def joined(cls, models: Sequence[Trees]) -> Self:
        """The trees of all models, one model after the other."""
        first = np.cumsum([0] + [len(model.value) for model in models[:-1]]).astype(np.int32)
        return cls(
            feature=np.concatenate([model.feature for model in models]),
            threshold=np.concatenate([model.threshold for model in models]),
            child=np.concatenate([model.child + start for model, start in zip(models, first, strict=True)]),
            value=np.concatenate([model.value for model in models]),
            root=np.concatenate([model.root + start for model, start in zip(models, first, strict=True)]),
        )

    def part(self, first: int, stop: int) -> Trees:
        """Only the trees from `first` up to `stop`, with their own nodes."""
        start, *_ = ends = np.append(self.root, len(self.value))[[first, stop]].tolist()
        nodes = slice(*ends)
        return Trees(
            feature=self.feature[nodes],
            threshold=self.threshold[nodes],
            child=self.child[nodes] - np.int32(start),
            value=self.value[nodes],
            root=self.root[first:stop] - np.int32(start),
        )

    def leaves(self, x: Float32Array) -> FloatArray:
        """What each tree adds for each cell of the features `x` (M, F), shape (M, K)."""
        missing = np.isnan(x)
        sides = np.concatenate([np.where(missing, -np.inf, x), np.where(missing, np.inf, x)], axis=1).ravel()
        start = np.arange(len(x), dtype=np.int32)[:, None] * (2 * x.shape[1])
        node = np.broadcast_to(self.root, (len(x), len(self.root)))
        while True:
            right = sides[start + self.feature[node]] > self.threshold[node]
            following = self.child.ravel()[2 * node + right]
            if np.array_equal(following, node):
                return self.value[node]
            node = following

    def state(self) -> dict[str, NDArray[Any]]:
        """The arrays by name."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def load(cls, state: Mapping[str, NDArray[Any]]) -> Self:
        """From what `state` returned."""
        return cls(**state)


def _rounded_down(threshold: FloatArray) -> Float32Array:
    """The largest float32 numbers that are not above `threshold`; float32 features compare with both alike."""
    rounded = np.clip(threshold, -LARGEST, LARGEST).astype(np.float32)
    return np.where(rounded > threshold, np.nextafter(rounded, np.float32(-np.inf)), rounded)
