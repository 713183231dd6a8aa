"""The keys of a bank in a temporary file, from which an index is built."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

import torch
from torch import Tensor

from latentfill.core.errors import InputError
from latentfill.core.output_paths import check_room
from latentfill.core.temporary import temporary
from latentfill.core.unwritable import refusing_unwritable
from latentfill.strategies.neighbours.search.matrix_file import BLOCK, ITEM, MatrixFile, write_matrix

KEYS = "keys"  # name of the file


class KeysOnDisk:
    """A temporary folder with a file of keys; it is removed with this object, or by the next run if this is killed."""

    def __init__(self) -> None:
        place, stack = Path(tempfile.gettempdir()), ExitStack()
        with saying_where(), refusing_unwritable(place):
            self.folder = stack.enter_context(temporary(place, "keys"))
            self.folder.mkdir()
        self.remove = weakref.finalize(self, stack.close)
        self.file = MatrixFile(self.folder / KEYS, 0, 0)

    @classmethod
    def of(cls, keys: Tensor) -> Self:
        """Keys (N, D) that are in memory."""
        on_disk = cls()
        on_disk.write_keys(torch.split(keys, max(1, BLOCK // (ITEM * keys.shape[1]))), ITEM * keys.numel())
        return on_disk

    def write_keys(self, blocks: Iterable[Tensor], n_bytes: int) -> None:
        """Write the keys, `n_bytes` in all."""
        self.file = self.write(KEYS, blocks, n_bytes)

    def write(self, name: str, blocks: Iterable[Tensor], n_bytes: int) -> MatrixFile:
        """Write the rows of blocks (n, D) as a file, if there is room for it and for as much again."""
        with saying_where():
            check_room(self.folder / name, 2 * n_bytes)
            return write_matrix(self.folder / name, blocks)


@contextmanager
def saying_where() -> Iterator[None]:
    """Add to errors in the block where temporary files are written, and how to do without."""
    try:
        yield
    except InputError as error:
        raise type(error)(
            f"{error} The index of the nearest windows is made in the folder for temporary files: name another one in "
            "the environment variable TMPDIR, or compare all windows (neighbour_search=exact)."
        ) from error
