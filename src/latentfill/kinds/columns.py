"""The kinds of all columns of a series, and its working columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray, Series
from latentfill.kinds.find import find_kind
from latentfill.kinds.given import AUTO, check_columns, kind_of_labels, make_kind, parse_kinds
from latentfill.kinds.kind import Kind, StepTimes, load_kind
from latentfill.kinds.number import Number


@dataclass(frozen=True, eq=False)
class ColumnKinds:
    """The kinds of C columns, which have W working columns in all."""

    kinds: tuple[Kind, ...]  # C

    @classmethod
    def found(cls, series: Series, given: str | None, cycle: int | None) -> Self:
        """The kinds of the columns of a series: those `given` by the setting `kind`, the others by their readings.

        `cycle` is the number of steps of the shortest cycle, if there is one. Raises an `InputError` for unknown
        columns and kinds, and for readings that are impossible for the kind given.
        """
        wanted, times = parse_kinds(given), StepTimes.of(series)
        check_columns(wanted, series.columns)

        def kind_of(name: str, column: FloatArray) -> Kind:
            text = wanted.get(name, AUTO)
            if name in series.labels:
                return kind_of_labels(text, column, series.labels[name], name)
            return find_kind(name, column, times, cycle) if text == AUTO else make_kind(text, column, cycle, name)

        return cls(tuple(map(kind_of, series.columns, series.values.T)))

    @classmethod
    def plain(cls, n_columns: int) -> Self:
        """Continuous columns."""
        return cls((Number(),) * n_columns)

    def __len__(self) -> int:
        return len(self.kinds)

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each kind."""
        return tuple(kind.name for kind in self.kinds)

    @cached_property
    def are_plain(self) -> bool:
        """Whether each column has one working column, with the same errors."""
        return all(kind.is_plain for kind in self.kinds)

    @cached_property
    def first(self) -> IntArray:
        """The first working column of each column, (C,)."""
        return np.cumsum([0, *(kind.width for kind in self.kinds)], dtype=np.int64)[:-1]

    @cached_property
    def column_of(self) -> IntArray:
        """The column of each working column, (W,)."""
        return np.repeat(np.arange(len(self.kinds)), [kind.width for kind in self.kinds])

    @property
    def tied(self) -> IntArray | None:
        """For each working column, the first one that is missing in the same cells, (W,); None: each by itself."""
        return None if len(self.column_of) == len(self.kinds) else self.first[self.column_of]

    def working(self, c: int) -> slice:
        """The working columns of column `c`."""
        return slice(int(self.first[c]), int(self.first[c]) + self.kinds[c].width)

    def special(self) -> Iterator[tuple[int, Kind]]:
        """The columns that are not plain, with their kinds."""
        return ((c, kind) for c, kind in enumerate(self.kinds) if not kind.is_plain)

    def encode(self, series: Series) -> Series:
        """The working columns of a series of the C columns."""
        if all(kind.is_identity for kind in self.kinds):
            return series
        times = StepTimes.of(series)
        parts = [kind.encode(column, times) for kind, column in zip(self.kinds, series.values.T, strict=True)]
        return replace(series, values=np.concatenate(parts, axis=1), columns=tuple(self._names(series.columns)))

    def _names(self, columns: Sequence[str]) -> Iterator[str]:
        for name, kind in zip(columns, self.kinds, strict=True):
            yield from ([name] if kind.width == 1 else (f"{name} ({w + 1} of {kind.width})" for w in range(kind.width)))

    def with_more(self, n_columns: int) -> ColumnKinds:
        """These kinds, followed by continuous columns."""
        return ColumnKinds((*self.kinds, *(Number(),) * n_columns)) if n_columns else self

    def as_numbers(self, values: FloatArray) -> ColumnKinds:
        """Kinds for methods that need the columns (T, C) themselves: possible values are kept, nothing is encoded."""
        return ColumnKinds(tuple(map(_as_number, self.kinds, values.T)))

    @property
    def instead_of(self) -> dict[int, str]:
        """The columns that are worked on as numbers, with the names of the kinds that they have."""
        return {c: kind.instead_of for c, kind in enumerate(self.kinds) if isinstance(kind, Number) and kind.instead_of}

    def error_scale(self, scale: FloatArray) -> FloatArray:
        """The unit of errors (C,) of each column, given the scale (W,) of the working columns."""
        return np.array([kind.error_scale(scale[self.working(c)]) for c, kind in enumerate(self.kinds)])

    def replaced(self, learnt: Mapping[int, Kind]) -> ColumnKinds:
        """These kinds, with others in some columns."""
        return ColumnKinds(tuple(learnt.get(c, kind) for c, kind in enumerate(self.kinds))) if learnt else self

    def where_observed(self, working: BoolArray) -> BoolArray:
        """A mask (C,) from one of the working columns (W,): True where any of them is."""
        return np.logical_or.reduceat(working, self.first) if len(self.kinds) else working

    def state(self) -> list[dict[str, Any]]:
        """Everything as JSON values, the inverse of `load`."""
        return [kind.state() for kind in self.kinds]

    @classmethod
    def load(cls, state: Sequence[Mapping[str, Any]]) -> Self:
        """The kinds that `state` was taken from."""
        return cls(tuple(map(load_kind, state)))


def _as_number(kind: Kind, column: FloatArray) -> Kind:
    """A kind that is worked on as it is, and knows the name of the one that it stands for."""
    number = kind.as_number(column)
    return replace(number, instead_of=kind.name) if isinstance(number, Number) and not kind.is_plain else number
