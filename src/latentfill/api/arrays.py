"""Arrays (T, C) as scikit-learn passes them, as frames whose columns are numbered, and back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from latentfill.tables.backends.native import NativeFrame

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

LEAST_STEPS = 2  # there is no series of one step
OF_TABLES = ("columns", "column_names", "index")  # attributes of frames and of their columns


def is_array(data: object) -> bool:
    """Whether `data` is an array, or what scikit-learn makes one of, and no table with names."""
    is_list = isinstance(data, list | tuple) and not _are_paths(data)
    return is_list or issparse(data) or (hasattr(data, "__array__") and not any(hasattr(data, of) for of in OF_TABLES))


def as_frame(estimator: BaseEstimator, data: object, *, fresh: bool) -> NativeFrame:
    """The array as a pyarrow table with the columns x0, x1 ...; scikit-learn's errors for what is none.

    A `fresh` array sets the number of columns of the estimator, another one must have that number.
    """
    import pyarrow as pa
    from sklearn.utils.validation import validate_data

    least = LEAST_STEPS if fresh else 1
    values = validate_data(
        estimator, data, reset=fresh, dtype=np.float64, ensure_all_finite="allow-nan", ensure_min_samples=least
    )
    return pa.table({f"x{number}": column for number, column in enumerate(values.T)})


def array_of(frame: NativeFrame) -> NDArray[Any]:
    """The columns of a pyarrow table of numbers as an array."""
    return np.column_stack([column.to_numpy().astype(np.float64) for column in frame.columns])


def _are_paths(data: Sequence[object]) -> bool:
    """Whether these are paths of files that hold one table."""
    return bool(data) and all(isinstance(each, str | os.PathLike) for each in data)
