"""Finds an HDF5 dataset of embeddings by name, and interprets its shape as (columns, size)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from latentfill.core.messages import quoted
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.embeddings.stored.problems import BadWindow, short

if TYPE_CHECKING:
    import h5py

StoredArray: TypeAlias = NDArray[Any]  # numbers of whatever type a file holds

_MAX_VECTOR = 2**26  # values per window; a broken header can claim more than memory holds


def numeric_dataset(group: h5py.Group, name: str) -> h5py.Dataset:
    """The dataset of numbers called `name`; raises `BadWindow` if there is none."""
    import h5py

    node = group.get(name)
    if node is None:
        raise BadWindow(f"no dataset {quoted(name)}", f"which holds {short(dataset_names(group)) or 'no dataset'}")
    if not isinstance(node, h5py.Dataset):
        raise BadWindow(f"{quoted(name)} is not a dataset", f"which holds {short(dataset_names(node)) or 'none'}")
    if node.dtype.kind not in "fiu" or not node.size:
        raise BadWindow(f"{quoted(name)} holds no numbers", f"dtype {node.dtype}, shape {node.shape}")
    return node


def dataset_names(node: h5py.Group | h5py.Datatype) -> list[str]:
    """Names of all datasets in a group and in the groups below it."""
    import h5py

    names: list[str] = []
    if isinstance(node, h5py.Group):
        node.visititems(lambda name, node: names.append(name) if isinstance(node, h5py.Dataset) else None)
    return names


def as_float32(values: StoredArray) -> VectorArray:
    """`values` as float32; a float64 that is too large becomes infinite, which later checks report."""
    with np.errstate(over="ignore"):
        return values.astype(np.float32)


def as_vectors(values: StoredArray, n_columns: int | None = None) -> VectorArray:
    """Stored windows (N, ...) as vectors (N, C, D) float32; `columns_and_size` interprets the shape of each."""
    columns, size = columns_and_size(values.shape[1:], n_columns)
    if _is_transposed(values.shape[1:], n_columns):
        return as_float32(values.reshape(-1, size, columns).swapaxes(1, 2))
    return as_float32(values.reshape(-1, columns, size))


def columns_and_size(shape: Sequence[int], n_columns: int | None = None) -> tuple[int, int]:
    """The stored shape of one window, interpreted as (C, D).

    Axes of length 1 are dropped. (D,) is univariate, or one pooled vector for all columns, and becomes (1, D). Axes
    after the columns, such as patches, are concatenated. (D, C), as TimeCMA stores it, is recognised by `n_columns`.
    Raises `BadWindow` unless C is 1 or `n_columns`.
    """
    axes = [size for size in shape if size != 1]
    if math.prod(axes) > _MAX_VECTOR:
        raise BadWindow("too large", f"shape {tuple(shape)}, more than {_MAX_VECTOR} values per window")
    if len(axes) < 2:
        # (C, 1) is the only case where the single axis is the columns, with one number for each
        one_each = len(shape) > 1 and shape[-1] == 1 and axes == [n_columns]
        return (axes[0], 1) if one_each else (1, math.prod(axes))
    if _is_transposed(shape, n_columns):
        return axes[1], axes[0]
    if n_columns is not None and axes[0] != n_columns:
        hint = "; the columns must be the first axis" if axes[-1] == n_columns else ""
        raise BadWindow(
            f"not embeddings of {n_columns} columns", f"{axes[0]} columns in its shape {tuple(shape)}{hint}"
        )
    return axes[0], math.prod(axes[1:])


def _is_transposed(shape: Sequence[int], n_columns: int | None) -> bool:
    """Whether the stored shape of one window is (D, C)."""
    axes = [size for size in shape if size != 1]
    return len(axes) == 2 and axes[1] == n_columns != axes[0]
