"""Arrays (T, C) as scikit-learn passes them, as frames whose columns are numbered, and back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from latentfill.api.containers.container import Opened
from latentfill.api.containers.opening import open_data
from latentfill.core.errors import InputError
from latentfill.imputation.panels import Splits
from latentfill.tables.backends.integers import EXACT
from latentfill.tables.backends.native import NativeFrame
from latentfill.tables.options import TableOptions

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

LEAST_STEPS = 2  # there is no series of one step
OF_TABLES = ("columns", "column_names", "index")  # attributes of frames and of their columns


def is_array(data: object) -> bool:
    """Whether `data` is an array, or what scikit-learn makes one of, and no table with names."""
    is_list = isinstance(data, list | tuple) and not _are_paths(data)
    return is_list or issparse(data) or (hasattr(data, "__array__") and not any(hasattr(data, of) for of in OF_TABLES))


def checked_array(estimator: BaseEstimator, data: object, *, fresh: bool) -> NDArray[Any]:
    """The data as an array of floats; an `InputError` in scikit-learn's words for what is none.

    A `fresh` array sets the number of columns of the estimator, another one must have that number.
    """
    from sklearn.utils.validation import validate_data

    _refuse_large_integers(data)
    least = LEAST_STEPS if fresh else 1
    try:
        values: NDArray[Any] = validate_data(
            estimator,
            data,
            reset=fresh,
            dtype=(np.float64, np.float32),
            ensure_all_finite="allow-nan",
            ensure_min_samples=least,
        )
    except ValueError as error:  # a TypeError stays one, as scikit-learn asks
        raise InputError(str(error)) from error
    return values


def _refuse_large_integers(data: object) -> None:
    """Raise an `InputError` for whole numbers that the array of floats to be filled cannot hold."""
    kind = getattr(getattr(data, "dtype", None), "kind", "")
    if kind in "iu" and kind and np.any(np.abs(np.asarray(data, dtype=np.float64)) > EXACT):
        raise InputError(
            f"the array holds whole numbers beyond {EXACT:.0f}, which floats do not hold exactly, and an array is "
            "filled as floats. Give a data frame, whose columns keep their types, or subtract a constant."
        )


def opened_array(values: NDArray[Any], options: TableOptions) -> Opened:
    """An array (T, C) as a pyarrow table with the columns x0, x1 ..., and the way back."""
    import pyarrow as pa

    frame = pa.table({f"x{number}": column for number, column in enumerate(values.T)})
    return Opened(frame, options_of_array(options, frame.column_names), array_of, has_names=False)


def open_frame(data: object, options: TableOptions) -> Opened:
    """What is read of data to be scored or inspected: a frame, also of an array (T, C)."""
    opened = open_data(data, options)
    refuse_arrays_of_many(opened.content)
    if isinstance(opened.content, np.ndarray) and opened.content.ndim == 2:
        return opened.then(opened_array(opened.content, opened.options))
    return opened


def refuse_many(opened: Opened, options: TableOptions) -> None:
    """Raise an `InputError` for data of many series, unless the options tell these apart."""
    refuse_arrays_of_many(opened.content)
    if opened.options.by and not options.by:
        raise InputError(
            "the data hold many series, and an Imputer fits and fills one: use latentfill.impute, or fit one to each."
        )


def refuse_arrays_of_many(content: object) -> None:
    """Raise an `InputError` for arrays of many series."""
    if isinstance(content, Splits) or (isinstance(content, np.ndarray) and content.ndim == 3):
        shape = "several arrays" if isinstance(content, Splits) else f"an array of shape {content.shape}"
        raise InputError(
            f"{shape} (series, steps, columns) holds many series, and one is needed: give one of them (T, C), or fill "
            "all with latentfill.impute."
        )


def options_of_array(options: TableOptions, names: Sequence[str]) -> TableOptions:
    """The options for an array: unless they say otherwise, its rows are equally spaced and all columns are filled."""
    time = () if options.time is None else options.time
    left = {*options.leave, *time}
    columns = options.columns or tuple(name for name in names if name not in left)
    return replace(options, time=time, columns=columns)


def array_of(frame: NativeFrame) -> NDArray[Any]:
    """The columns of a pyarrow table of numbers as an array."""
    return np.column_stack([_floats(column) for column in frame.columns])


def _floats(column: Any) -> NDArray[Any]:
    values: NDArray[Any] = column.to_numpy()
    return values if values.dtype.kind == "f" else values.astype(np.float64)


def _are_paths(data: Sequence[object]) -> bool:
    """Whether these are paths of files that hold one table."""
    return bool(data) and all(isinstance(each, str | os.PathLike) for each in data)
