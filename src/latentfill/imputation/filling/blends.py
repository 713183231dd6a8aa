"""Which strategies the value of each cell comes from: the weights of the candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from latentfill.core.series import FloatArray, IntArray
from latentfill.core.strategy_table import STRATEGIES
from latentfill.imputation.filling.codes import Code
from latentfill.imputation.fitting.fitted import FittedPath
from latentfill.imputation.validation.cells import KINDS, Cells

SINGLE = 0.995  # weight from which a value counts as that of a single strategy


@dataclass(frozen=True, slots=True, eq=False)
class Blends:
    """For each of M cells, which of U blends of K strategies its value is."""

    names: tuple[str, ...]  # K
    weight: FloatArray  # (U, K); each row sums to one
    code: IntArray  # (U,) cell code of each blend
    number: IntArray  # (M,) blend of each cell

    @classmethod
    def of(cls, path: FittedPath, estimates: FloatArray, cells: Cells) -> Blends:
        """The blends of a path's estimates (K, M) at M cells; a candidate without an estimate has no weight."""
        known = ~np.isnan(estimates)
        bits = (known * (1 << np.arange(len(known)))[:, None]).sum(axis=0)
        group = (cells.column * KINDS + cells.kind) * (1 << len(known)) + bits
        _, first, number = np.unique(group, return_index=True, return_inverse=True)
        shares = path.validated.ensemble.shares(known[:, first], cells.take(first)).T
        single = np.array(path.codes, dtype=np.int64)[shares.argmax(axis=1)]
        on_stored = np.array([path.stored and STRATEGIES[name].on_stored is not None for name in path.candidates.names])
        blend = np.where(shares[:, on_stored].sum(axis=1) > 0, Code.STORED_BLEND, Code.BLEND)
        return cls(
            names=path.candidates.names,
            weight=shares,
            code=np.where(shares.max(axis=1) >= SINGLE, single, blend),
            number=number,
        )

    def take(self, index: IntArray) -> Blends:
        """The blends of the cells at `index`."""
        return Blends(self.names, self.weight, self.code, self.number[index])

    def where(self, own: np.ndarray, other: Blends) -> Blends:
        """These blends in some cells (M,), and in all others those of `other`."""
        names = tuple(dict.fromkeys((*other.names, *self.names)))
        weight = np.concatenate([other._among(names), self._among(names)])
        code = np.concatenate([other.code, self.code])
        return Blends(names, weight, code, np.where(own, self.number + len(other.code), other.number))

    def _among(self, names: tuple[str, ...]) -> FloatArray:
        """The weights (U, len(names)) of strategies in another order, of which there may be more."""
        among = np.zeros((len(self.weight), len(names)))
        among[:, [names.index(name) for name in self.names]] = self.weight
        return among

    @property
    def texts(self) -> list[str]:
        """Each blend as text, such as `kriging=0.62 linear=0.38`, the largest weight first."""
        return [blend_text(self.names, row) for row in self.weight]


def blend_text(names: Sequence[str], weight: FloatArray) -> str:
    """The weights (K,) of strategies as text, the largest first."""
    order = np.argsort(-weight, kind="stable")
    return " ".join(f"{names[k]}={weight[k]:.2f}" for k in order.tolist() if weight[k] >= 0.005)
