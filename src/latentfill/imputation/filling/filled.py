"""The record of a filled series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from latentfill.core.series import FloatArray
from latentfill.imputation.filling.codes import CodeArray


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """A filled series: T steps of C columns, original units."""

    values: FloatArray  # (T, C), NaN where left empty
    codes: CodeArray  # (T, C), see `Code`
    expected: FloatArray  # (T, C) expected absolute error; NaN where it is not known
    lower: FloatArray | None = None  # (T, C) lower bounds of the intervals, the value where observed; None without
    upper: FloatArray | None = None  # (T, C) upper bounds
    samples: FloatArray | None = None  # (S, T, C) completed series drawn at random; None if none were asked for

    def in_order(self, columns: Sequence[str], present: Sequence[str]) -> Filled:
        """The same with its columns, which are those named in `present`, in the order of `columns`."""
        index = [present.index(name) for name in columns]
        parts = {f.name: getattr(self, f.name) for f in fields(self)}
        return replace(self, **{name: part[..., index] for name, part in parts.items() if part is not None})
