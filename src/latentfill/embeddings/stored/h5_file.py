"""Reads an .h5 file of all windows: a dataset (N, C, D) per split, or one dataset for all windows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from latentfill.core.errors import EmbeddingMismatchError, InputError
from latentfill.core.hdf5 import opened_hdf5, read_hdf5
from latentfill.core.series import IntArray
from latentfill.embeddings.protocols.record import Provenance, RecordedTable, VectorArray
from latentfill.embeddings.stored.h5_dataset import (
    StoredArray,
    as_vectors,
    columns_and_size,
    dataset_names,
    numeric_dataset,
)
from latentfill.embeddings.stored.h5_listing import list_windows
from latentfill.embeddings.stored.h5_names import DATASET, SPLITS, WHOLE, window_number, without_csv
from latentfill.embeddings.stored.h5_summary import read_raw, summarise
from latentfill.embeddings.stored.problems import (
    HDF5_FAILURES,
    BadWindow,
    check_split,
    count_problems,
    short,
    unusable,
)

if TYPE_CHECKING:
    import h5py


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingFile:
    """One .h5 file with one dataset (N, C, D) per split, or one for all windows."""

    path: Path
    nodes: Mapping[str, str]  # split -> name of its dataset in the file
    splits: Mapping[str, int]  # split -> number of windows
    dataset: str = DATASET
    table: RecordedTable | None = None  # not recorded, like the starts of windows and the horizon
    starts: Mapping[str, IntArray] = field(default_factory=dict)
    pred_len: int | None = None
    is_numbered: bool = False

    @property
    def extents(self) -> Mapping[str, int]:
        return self.splits

    @property
    def layout(self) -> str:
        return "one-file"

    @property
    def provenance(self) -> Provenance:
        """Unknown, as the file has no record."""
        return Provenance.unknown(self.path)

    def read(self, split: str, n_expected: int | None = None, n_columns: int | None = None) -> VectorArray:
        """All vectors of a split, (N, C, D) float32; an error lists all problems."""
        check_split(split, self.splits, self.path)
        vectors, problems = self._stack(split, n_columns)
        problems = count_problems(self.splits[split], n_expected) + problems
        if problems:
            raise EmbeddingMismatchError(unusable(f"{self.path}, {self.nodes[split]},", problems))
        return vectors

    def read_raw(self, split: str) -> StoredArray:
        """The array of a split as it is stored."""
        with self._refusing_damage(split):
            return read_raw(self.path, self.nodes[split])

    def shape_of(self, split: str) -> tuple[int, ...]:
        """The shape of the array of a split as it is stored."""
        with self._refusing_damage(split), opened_hdf5(self.path) as file:
            return tuple(file[self.nodes[split]].shape)

    @contextmanager
    def _refusing_damage(self, split: str) -> Iterator[None]:
        """Turn problems with the array of a split into an `InputError`."""
        try:
            yield
        except BadWindow as bad:
            raise InputError(f"{self.path}, {self.nodes[split]}, cannot be used: {bad.kind}, {bad.detail}.") from bad
        except InputError:
            raise
        except HDF5_FAILURES as error:
            raise InputError(f"{self.path}, {self.nodes[split]}, cannot be read: {error}.") from error

    def describe(self) -> dict[str, object]:
        """Description of the file, from a sample of its windows, as JSON values."""
        return {
            "path": str(self.path),
            "layout": self.layout,
            "dataset": self.dataset,
            "name": without_csv(self.path.stem),
            "pred_len": None,
            "splits": {split: self._describe(split) for split in self.splits},
            "provenance": self.provenance.to_dict(),
        }

    def _stack(self, split: str, n_columns: int | None) -> tuple[VectorArray, list[str]]:
        """The vectors of a split, and a line for each problem with them."""
        try:
            with opened_hdf5(self.path) as file:
                node = numeric_dataset(file, self.nodes[split])
                columns_and_size(node.shape[1:], n_columns)  # refuses absurd sizes
                vectors = as_vectors(read_hdf5(node), n_columns)
        except BadWindow as bad:
            return np.empty((0, 1, 0), np.float32), [f"{bad.kind}: {bad.detail}"]
        except HDF5_FAILURES as error:
            return np.empty((0, 1, 0), np.float32), [f"cannot be read: {error}"]
        not_finite = np.flatnonzero(~np.isfinite(vectors).all(axis=(1, 2))).tolist()
        return vectors, [f"values that are not finite: window {short(not_finite)}"] if not_finite else []

    def _describe(self, split: str) -> dict[str, object]:
        count = self.splits[split]
        summary, damage = summarise(
            range(count),
            lambda number: read_raw(self.path, self.nodes[split], number),
            lambda number: self.path,
        )
        return {"count": count, "n_missing": 0, "missing": [], **summary, "problems": damage}


def open_file(path: Path, dataset: str = DATASET) -> EmbeddingFile:
    """Open an .h5 file of all windows; reads splits and sizes, but no vectors."""
    _refuse_one_window(path)
    try:
        with opened_hdf5(path) as file:
            nodes = _split_nodes(file, dataset)
            sizes = {split: int(file[node].shape[0]) for split, node in nodes.items()}
            names = dataset_names(file)
    except InputError:
        raise
    except HDF5_FAILURES as error:
        raise InputError(f"{path} cannot be read as HDF5: {error}") from error
    if not nodes:
        raise InputError(
            f"{path} holds no dataset {dataset!r} of shape (windows, columns, size), at the top or in train, "
            f"val or test; it holds {short(names) or 'no dataset'}. Name the dataset to read (--dataset)."
        )
    return EmbeddingFile(path=path, nodes=nodes, splits=sizes, dataset=dataset)


def _refuse_one_window(path: Path) -> None:
    # 0.h5 of a TimeKD folder has shape (C, D), which would be read as C windows of one column
    if window_number(path.name) is not None and len(list_windows(path.parent).files) > 1:
        raise InputError(f"{path} is the file of one window. Give its folder, {path.parent}.")


def _split_nodes(file: h5py.File, dataset: str) -> dict[str, str]:
    """Name of the dataset that holds the windows of each split."""
    candidates = {split: (split, f"{split}/{dataset}") for split in SPLITS} | {WHOLE: (dataset,)}
    return {split: node for split, names in candidates.items() for node in names if _holds_windows(file.get(node))}


def _holds_windows(node: object) -> bool:
    import h5py

    return isinstance(node, h5py.Dataset) and len(cast(tuple[int, ...], node.shape or ())) > 1
