"""The record of a filled series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from latentfill.core.series import FloatArray
from latentfill.imputation.filling.codes import CodeArray


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """A filled series: T steps of C columns, original units."""

    values: FloatArray  # (T, C), NaN in cells left empty
    codes: CodeArray  # (T, C), see `Code`
    expected: FloatArray  # (T, C) expected absolute error; NaN where unknown
    lower: FloatArray | None = None  # (T, C) lower bounds; the value in observed cells; None without intervals
    upper: FloatArray | None = None  # (T, C) upper bounds
    samples: FloatArray | None = None  # (S, T, C) randomly drawn completed series; None without samples

    def in_order(self, columns: Sequence[str], current: Sequence[str]) -> Filled:
        """The same record with its columns moved from their `current` order into the order of `columns`."""
        if tuple(columns) == tuple(current):
            return self
        position = {name: index for index, name in enumerate(current)}
        index = [position[name] for name in columns]
        parts = {f.name: getattr(self, f.name) for f in fields(self)}
        return replace(self, **{name: part[..., index] for name, part in parts.items() if part is not None})
