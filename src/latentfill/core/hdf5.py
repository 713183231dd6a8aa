"""Opens HDF5 files and reads their datasets: all from the file itself, and no more than memory allows.

An HDF5 file can name other files to read from: as external storage of a dataset, as sources of a virtual dataset, and
as targets of external links. A file from elsewhere could so bring any file of this machine into the result.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from latentfill.core.errors import InputError
from latentfill.core.memory_limit import check_memory

if TYPE_CHECKING:
    import h5py

SHOWN = 3  # links and datasets in a message


@contextmanager
def opened_hdf5(path: str | os.PathLike[str]) -> Iterator[h5py.File]:
    """An HDF5 file, open for reading; an `InputError` if anything in it is taken from another file."""
    import h5py

    if os.path.exists(path) and not os.path.isfile(path):
        raise InputError(f"{path} is no file. Give the path of an HDF5 file.")
    with h5py.File(path, "r") as file:
        try:
            foreign = list(_from_elsewhere(file))
        except SystemError as error:  # of h5py, where a link or a group is damaged
            raise OSError(f"its groups are damaged ({error.__cause__ or error})") from error
        if foreign:
            more = ", ..." if len(foreign) > SHOWN else ""
            raise InputError(
                f"{path} is not read, because it takes data from other files: {', '.join(foreign[:SHOWN])}{more}. "
                "Write an .h5 file that holds its data itself."
            )
        yield file


def read_hdf5(dataset: h5py.Dataset, row: int | None = None) -> NDArray[Any]:
    """The numbers of a dataset, or of one row; an error if the memory that it declares is above the limit."""
    check_memory(_needed(dataset, row), f"{dataset.file.filename}, {dataset.name},")
    return np.asarray(dataset[() if row is None else row])


def _needed(dataset: h5py.Dataset, row: int | None) -> float:
    """Bytes for the values and for a chunk, which is unpacked as a whole."""
    shape = dataset.shape if row is None else dataset.shape[1:]
    return float(dataset.dtype.itemsize * max(math.prod(shape), math.prod(dataset.chunks or ())))


def _from_elsewhere(file: h5py.File) -> Iterator[str]:
    """The links and datasets that name other files; each object is visited once, so that circles end."""
    import h5py

    links: list[str] = []

    def note_link(name: str, link: object) -> None:
        if not isinstance(link, h5py.HardLink | h5py.SoftLink):  # a soft link leads to another name in this file
            links.append(f"the link {name!r} to {getattr(link, 'filename', 'another file')!r}")

    file.visititems_links(note_link)
    yield from links
    datasets: list[h5py.Dataset] = []
    file.visititems(lambda _, node: datasets.append(node) if isinstance(node, h5py.Dataset) else None)
    for dataset in datasets:
        if dataset.external:
            yield f"the dataset {dataset.name!r} in {dataset.external[0][0]!r}"
        elif dataset.is_virtual:
            yield f"the dataset {dataset.name!r} in {dataset.virtual_sources()[0].file_name!r}"
