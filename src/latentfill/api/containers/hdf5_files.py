"""HDF5 files that hold the sets of PyPOTS, read as its dictionaries."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentfill.api.containers.container import Opened
from latentfill.api.containers.pypots_sets import find_sets
from latentfill.core.errors import InputError
from latentfill.core.messages import listed
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
                f"{data} holds {listed(read) or 'nothing'}, but no array X (series, steps, columns), "
                "train_X or train/X, as the sets of PyPOTS are stored. Give its array, or write a table as .parquet."
            )
        return Opened(read, options)


def _read(path: Path) -> dict[str, Any]:
    """The groups of a file as dictionaries, its datasets as arrays."""
    import h5py

    if not os.path.exists(path):
        raise InputError(f"There is no file {path}. Check the path.")
    try:
        with h5py.File(path, "r") as file:
            return _contents(file)
    except OSError as error:
        raise InputError(f"{path} cannot be read as HDF5: {error}.") from error


def _contents(group: h5py.Group) -> dict[str, Any]:
    import h5py

    return {name: _contents(item) if isinstance(item, h5py.Group) else item[()] for name, item in group.items()}
