"""Frames of pandas that are put one below the other as a stacked table, and taken apart again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, Self

import numpy as np

from latentfill.api.containers.container import free_name
from latentfill.api.containers.pandas_frames import are_stamps, concatenated
from latentfill.core.errors import InputError
from latentfill.core.messages import joined


@dataclass(frozen=True, slots=True, eq=False)
class StackedFrames:
    """Frames with the same columns as one, with a first column that tells them apart."""

    parts: Sequence[Any]  # the frames
    frame: Any
    by: str  # the column of their labels

    @classmethod
    def of(cls, parts: Sequence[Any], labels: Sequence[object], by: str) -> Self:
        """Stack frames; labels that repeat are replaced by positions. An `InputError` for frames that do not match."""
        _check(parts)
        frame = concatenated(parts, keep_index=are_stamps(parts[0].index))
        texts = [str(label) for label in labels]
        texts = texts if len(set(texts)) == len(texts) else [str(at) for at in range(len(texts))]
        by = free_name(by, [*map(str, parts[0].columns), str(frame.index.name)])
        frame.insert(0, by, np.repeat(np.array(texts, dtype=object), [len(part) for part in parts]))
        return cls(parts, frame, by)

    def apart(self, filled: Any) -> Iterator[Any]:
        """The filled frames with the types, indexes and attributes of those given."""
        stops = accumulate((len(part) for part in self.parts), initial=0)
        for part, (start, stop) in zip(self.parts, pairwise(stops), strict=True):
            own = filled.iloc[start:stop].drop(columns=self.by)
            own.index, own.attrs = part.index, dict(part.attrs)
            known = {name: dtype for name, dtype in part.dtypes.items() if own[name].dtype != dtype}
            yield own.astype(known) if known else own


def _check(parts: Sequence[Any]) -> None:
    first = parts[0]
    for at, part in enumerate(parts):
        if list(part.columns) != list(first.columns):
            raise InputError(
                f"the first series has the columns {joined(first.columns)}, series {at} has "
                f"{joined(part.columns)}. Give series with the same columns, or fill each by itself."
            )
        if are_stamps(part.index) != are_stamps(first.index):
            raise InputError(f"series 0 or series {at} has time stamps and the other has none. Give all or none.")
        if part.index.nlevels > 1:
            raise InputError(f"series {at} has an index of {part.index.nlevels} levels. Give each series by itself.")
