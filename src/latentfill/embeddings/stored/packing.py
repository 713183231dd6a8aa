"""Writes stored embeddings of any layout as one packed file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from latentfill.core.config import Config
from latentfill.core.series import IntArray, Series
from latentfill.embeddings.protocols.record import StoredEmbeddings, VectorArray
from latentfill.embeddings.stored.digests import table_digest
from latentfill.embeddings.stored.h5_folders import EmbeddingFolder
from latentfill.embeddings.stored.packed_file import PackedFile
from latentfill.embeddings.stored.packed_writing import SplitVectors, save_packed_file
from latentfill.embeddings.stored.pairing import adopt_split_plan, check_splits, check_table
from latentfill.embeddings.stored.split_windows import plan_of, starts_by_split, variable_columns


@dataclass(frozen=True, slots=True)
class TableWithPlan:
    """The table that embeddings were made from, and settings with the split plan of its windows."""

    series: Series
    config: Config


def pack(
    stored: StoredEmbeddings, target: Path, table: TableWithPlan | None = None, *, overwrite: bool = False
) -> None:
    """Write stored embeddings as a packed file, one window after the other.

    With their `table`, the windows are paired by its split plan, and the packed file records the table and the starts
    of windows; raises `EmbeddingMismatchError` if something does not fit. Without `table`, the file records only what
    the stored embeddings record.
    """
    weights = stored.weights if isinstance(stored, PackedFile | EmbeddingFolder) else dict[str, VectorArray]()
    if table is None:
        provenance, columns = stored.provenance, None
        starts = stored.starts if isinstance(stored, PackedFile) else dict[str, IntArray]()
    else:
        config = adopt_split_plan(table.config, [stored.provenance])
        check_table(stored, table.series)
        starts = starts_by_split(config, table.series.n_steps)
        check_splits(stored, starts, config)
        columns = len(variable_columns(config, table.series))
        provenance = replace(stored.provenance, window=plan_of(config), table_digest=table_digest(table.series))
    splits = {split: _split_vectors(stored, split, starts.get(split), columns) for split in stored.splits}
    save_packed_file(target, splits, provenance, weights, overwrite=overwrite)


def _split_vectors(stored: StoredEmbeddings, split: str, starts: IntArray | None, columns: int | None) -> SplitVectors:
    """The vectors of a split; vectors in a folder are read one after the other."""
    expected = None if starts is None else len(starts)
    if isinstance(stored, EmbeddingFolder):
        window_vectors = stored.open(split, expected, columns)
        return SplitVectors(window_vectors.shape, window_vectors, starts)
    vectors = stored.read(split, expected, columns)
    n, c, d = vectors.shape
    return SplitVectors((n, c, d), vectors, starts)
