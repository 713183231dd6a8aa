"""From per-window files to one packed bank."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from latentfill.core.config import Config
from latentfill.core.series import IntArray, Series
from latentfill.embeddings.protocols.record import StoredEmbeddings, VectorArray
from latentfill.embeddings.stored.h5_folders import EmbeddingFolder
from latentfill.embeddings.stored.opening import open_embeddings
from latentfill.embeddings.stored.packed_file import PackedFile, Part, save_packed_file
from latentfill.embeddings.stored.pairing import (
    PLAN,
    check_splits,
    check_table,
    planned,
    table_digest,
    variables,
    window_plan,
)


def pack(
    source: Path,
    target: Path,
    config: Config,
    series: Series | None = None,
    name: str | None = None,
    *,
    overwrite: bool = False,
) -> StoredEmbeddings:
    """Write stored embeddings as a packed bank, one window after the other, and say what was packed.

    With the `series` they were made of, windows are counted and paired by the split plan of the settings, and the bank
    belongs to that table; without, it holds the vectors alone, and what their own record says. `name` chooses where a
    folder holds several sets.
    """
    stored = open_embeddings(source, name, config.pred_len if series is not None else None, config.dataset)
    provenance = stored.provenance
    starts = stored.starts if isinstance(stored, PackedFile) else dict[str, IntArray]()
    weights = stored.weights if isinstance(stored, PackedFile | EmbeddingFolder) else dict[str, VectorArray]()
    if series is not None:
        config = planned(config, [provenance])
        check_table(stored, series)
        starts = window_plan(config, series.n_steps)
        check_splits(stored, starts, config, source)
        window = {name: getattr(config, name) for name in PLAN}
        provenance = replace(provenance, window=window, table_digest=table_digest(series))
    columns = None if series is None else len(variables(config, series))
    parts = {split: _part(stored, split, starts.get(split), columns) for split in stored.splits}
    save_packed_file(target, parts, provenance, weights, overwrite=overwrite)
    return stored


def _part(stored: StoredEmbeddings, split: str, starts: IntArray | None, columns: int | None) -> Part:
    expected = None if starts is None else len(starts)
    if isinstance(stored, EmbeddingFolder):
        found = stored.open(split, expected, columns)
        return Part(found.shape, found, starts)
    vectors = stored.read(split, expected, columns)
    n, c, d = vectors.shape
    return Part((n, c, d), vectors, starts)
