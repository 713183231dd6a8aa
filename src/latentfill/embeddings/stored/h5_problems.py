"""What HDF5 files of embeddings may hold, read as (columns, size), and what is wrong with them, in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from latentfill.core.errors import InputError
from latentfill.embeddings.protocols.record import VectorArray

if TYPE_CHECKING:
    import h5py

HDF5_FAILURES = (OSError, RuntimeError, KeyError, ValueError, MemoryError)  # of damaged files
SHOWN = 5  # items of a list that an error spells out

_MAX_VECTOR = 2**26  # values per window; a broken header can claim more than memory holds


# --- one dataset ---------------------------------------------------------------------------------


def numeric_dataset(group: h5py.Group, name: str) -> h5py.Dataset:
    """The dataset of numbers called `name`; `BadWindow` says what is there instead."""
    import h5py

    node = group.get(name)
    if node is None:
        raise BadWindow(f"no dataset {name!r}", f"which holds {short(dataset_names(group)) or 'no dataset'}")
    if not isinstance(node, h5py.Dataset):
        raise BadWindow(f"{name!r} is not a dataset", f"which holds {short(dataset_names(node)) or 'none'}")
    if node.dtype.kind not in "fiu" or not node.size:
        raise BadWindow(f"{name!r} holds no numbers", f"dtype {node.dtype}, shape {node.shape}")
    return node


def dataset_names(node: h5py.Group | h5py.Datatype) -> list[str]:
    """Names of all datasets in a group and the groups below it."""
    import h5py

    names: list[str] = []
    if isinstance(node, h5py.Group):
        node.visititems(lambda name, node: names.append(name) if isinstance(node, h5py.Dataset) else None)
    return names


def as_float32(values: NDArray[Any]) -> VectorArray:
    """`values` as float32; a float64 too large becomes infinite, and so is reported as not finite."""
    with np.errstate(over="ignore"):
        return values.astype(np.float32)


def columns_and_size(shape: Sequence[int], n_columns: int | None = None) -> tuple[int, int]:
    """One window's stored shape read as (C, D).

    Axes of length 1 are dropped; (D,) is univariate, or one pooled vector for all columns, and becomes
    (1, D); axes after the columns, such as patches, are laid end to end. C must be 1 or `n_columns`.
    """
    axes = [size for size in shape if size != 1]
    if math.prod(axes) > _MAX_VECTOR:
        raise BadWindow("too large", f"shape {tuple(shape)}, more than {_MAX_VECTOR} values per window")
    if len(axes) < 2:
        # (C, 1) is the one case where the lone axis is the columns: one number for each
        one_each = len(shape) > 1 and shape[-1] == 1 and axes == [n_columns]
        return (axes[0], 1) if one_each else (1, math.prod(axes))
    if n_columns is not None and axes[0] != n_columns:
        hint = "; it looks transposed" if axes[-1] == n_columns else ""
        raise BadWindow(
            f"not embeddings of {n_columns} columns", f"{axes[0]} columns in its shape {tuple(shape)}{hint}"
        )
    return axes[0], math.prod(axes[1:])


# --- many windows --------------------------------------------------------------------------------


class BadWindow(Exception):
    """One window's vector that cannot be used: a kind shared with others, and this one's detail."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(kind, detail)
        self.kind, self.detail = kind, detail


class BadWindows:
    """Collects bad windows by kind, so that thousands make one short message."""

    def __init__(self) -> None:
        self._by_kind: dict[str, list[tuple[int, str]]] = {}

    @contextmanager
    def catching(self, number: int, path: Path) -> Iterator[None]:
        """Takes note of whatever is wrong with this window's file and goes on."""
        try:
            yield
        except BadWindow as bad:
            self._add(number, bad.kind, f"{path}, {bad.detail}")
        except HDF5_FAILURES as error:
            self._add(number, "cannot be read", f"{path}, {error}")

    def lines(self) -> list[str]:
        """One line per kind: which windows, and the first one's detail."""
        return [
            f"{kind}: window {short([number for number, _ in bad])}; first: {bad[0][1]}"
            for kind, bad in self._by_kind.items()
        ]

    def _add(self, number: int, kind: str, detail: str) -> None:
        self._by_kind.setdefault(kind, []).append((number, detail))


# --- words ---------------------------------------------------------------------------------------


def count_problems(found: int, expected: int | None) -> list[str]:
    """A line where another number of windows was expected."""
    if expected in (None, found):
        return []
    return [
        f"{found} embeddings, but the split cuts into {expected} windows "
        "(n = rows - seq_len - pred_len + 1); likely causes: another pred_len or seq_len, another split plan "
        "(ett-hour, ett-minute, custom), or another table"
    ]


def unusable(where: Path | str, problems: Iterable[str]) -> str:
    """The message that tells all problems of one split, and the way out."""
    listed = "".join(f"\n- {problem}" for problem in problems)
    return (
        f"{where} cannot be paired with windows:{listed}\n"
        "Use the settings the embeddings were written with, or write damaged files again; `latentfill "
        "inspect` shows what they contain."
    )


def check_split(split: str, splits: Mapping[str, int], where: Path) -> None:
    """Refuse a split that `where` does not hold, naming those it does."""
    if split in splits:
        return
    hint = " TimeKD's published storage script writes train and val only." if split == "test" else ""
    raise InputError(f"{where} holds no split {split!r}; it holds {counts(splits)}.{hint}")


def counts(splits: Mapping[str, int]) -> str:
    """Splits and their number of windows, such as "train: 301, val: 37"."""
    return ", ".join(f"{split}: {count}" for split, count in splits.items())


def short(items: Sequence[object], count: int | None = None) -> str:
    """The first few items and, where there are more, the count of all."""
    count = len(items) if count is None else count
    shown = ", ".join(str(item) for item in items[:SHOWN])
    return f"{shown} ... ({count} in all)" if count > SHOWN else shown
