"""HDF5 files that hold the sets of PyPOTS, read as its dictionaries."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentfill.api.containers.container import Opened
from latentfill.api.containers.pypots_sets import find_sets
from latentfill.core.errors import InputError
from latentfill.core.hdf5 import opened_hdf5, read_hdf5
from latentfill.core.memory_limit import kept_together
from latentfill.embeddings.stored.problems import HDF5_FAILURES
from latentfill.tables.options import TableOptions

if TYPE_CHECKING:
    import h5py

ENDINGS = (".h5", ".hdf5")


class Hdf5Files:
    """The path of a file, of which a dictionary comes back."""

    def is_mine(self, data: object) -> bool:
        return isinstance(data, str | os.PathLike) and Path(data).suffix.lower() in ENDINGS

    def open(self, data: Any, options: TableOptions) -> Opened:
        read = _read(Path(data))
        if not find_sets(read):
            raise InputError(
                f"{data} holds {', '.join(map(repr, read)) or 'nothing'}, but no array X (series, steps, columns), "
                "train_X or train/X, as the sets of PyPOTS are stored. Give its array, or write a table as .parquet."
            )
        return Opened(read, options)


def _read(path: Path) -> dict[str, Any]:
    """The groups of a file as dictionaries, its datasets as arrays."""
    if not path.exists():
        raise InputError(f"There is no file {path}. Check the path.")
    try:
        with opened_hdf5(path) as file, kept_together():
            return _contents(file)
    except InputError:
        raise
    except HDF5_FAILURES as error:
        raise InputError(f"{path} cannot be read as HDF5: {error}.") from error


def _contents(file: h5py.File) -> dict[str, Any]:
    """The datasets by name, those of a group in a dictionary; each is read once, so that circles of groups end."""
    import h5py

    datasets: dict[str, h5py.Dataset] = {}
    file.visititems(lambda name, node: datasets.update({name: node}) if isinstance(node, h5py.Dataset) else None)
    contents: dict[str, Any] = {}
    for name, dataset in datasets.items():
        *groups, last = name.split("/")
        inner = contents
        for group in groups:
            inner = inner.setdefault(group, {})
        inner[last] = read_hdf5(dataset)
    return contents
