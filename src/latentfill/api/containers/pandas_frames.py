"""Frames of pandas, which other libraries bring along: it is imported by none of the files here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

NS_YEARS = (1678, 2261)  # whole years that fit into 64 bits of nanoseconds, in which times are counted


def new_frame(columns: Mapping[str, Any], index: Any = None) -> Any:
    """A frame of pandas with these columns."""
    return _pandas().DataFrame(dict(columns), index=index)


def new_index(values: Any, name: str) -> Any:
    """An index of pandas."""
    return _pandas().Index(values, name=name)


def concatenated(frames: Sequence[Any], *, keep_index: bool) -> Any:
    """Frames one below the other, with their indexes or with row numbers."""
    return _pandas().concat(frames, ignore_index=not keep_index)


def are_stamps(index: Any) -> bool:
    """Whether an index holds time stamps, periods or durations."""
    return type(index).__name__ in ("DatetimeIndex", "PeriodIndex", "TimedeltaIndex")


def is_out_of_range(index: Any) -> bool:
    """Whether an index holds a time stamp that has no number of nanoseconds."""
    if type(index).__name__ != "DatetimeIndex" or index.isna().all():
        return False
    years = np.array([index.min().year, index.max().year])
    return bool((years < NS_YEARS[0]).any() or (years > NS_YEARS[1]).any())


def _pandas() -> Any:
    import narwhals as nw

    return nw.dependencies.get_pandas()
