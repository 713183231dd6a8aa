"""Writes stored embeddings of any layout as one packed file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from latentfill.core.config_settings import StoredSettings
from latentfill.core.errors import InputError
from latentfill.core.series import IntArray, Series
from latentfill.embeddings.checks.probes import Split
from latentfill.embeddings.pairing import check_alignment, check_table, columns_of
from latentfill.embeddings.protocols.record import RecordedTable, StoredEmbeddings, VectorArray
from latentfill.embeddings.stored.arrays import EmbeddingArrays
from latentfill.embeddings.stored.digests import table_digest
from latentfill.embeddings.stored.found_plan import find_plan
from latentfill.embeddings.stored.h5_folders import EmbeddingFolder
from latentfill.embeddings.stored.packed_file import PackedFile, load_packed_file
from latentfill.embeddings.stored.packed_writing import BesideVectors, SplitVectors, save_packed_file
from latentfill.embeddings.stored.pooling import pooled
from latentfill.embeddings.stored.split_windows import check_sorted


@dataclass(frozen=True, slots=True)
class TableWithPlan:
    """The table that embeddings were made from, and settings with the plan of its windows as far as it is known."""

    series: Series
    settings: StoredSettings


def pack(
    stored: StoredEmbeddings, target: Path, table: TableWithPlan | None = None, *, overwrite: bool = False
) -> tuple[str, ...]:
    """Write stored embeddings as a packed file, one window after the other; returns sentences for the user.

    With their `table`, the embeddings are paired with its windows and checked, and the packed file records the table
    and the starts of windows; raises `EmbeddingMismatchError` if something does not fit. Without `table`, the file
    records only what the stored embeddings record.
    """
    weights = stored.weights if isinstance(stored, PackedFile | EmbeddingFolder) else dict[str, VectorArray]()
    if table is None:
        splits = {split: _split_vectors(stored, split, stored.starts.get(split), None) for split in stored.splits}
        beside = BesideVectors(weights, stored.table)
        save_packed_file(target, splits, stored.provenance, beside, overwrite=overwrite)
        return ()
    series, settings = table.series, table.settings
    check_sorted(series)
    stored = pooled(stored, settings, series.n_steps)
    if isinstance(stored, EmbeddingArrays) and stored.steps is not None:
        raise InputError(
            "a packed file keeps embeddings of windows, not of single steps. Choose how they are pooled (--pooling "
            "mean, max or last), or use the array itself with --pooling none."
        )
    table_notes = check_table(stored, series)
    found = find_plan(stored, settings, series.n_steps)
    columns = columns_of(stored, found.plan, series)
    splits = {split: _split_vectors(stored, split, starts, len(columns)) for split, starts in found.starts.items()}
    provenance = replace(stored.provenance, window=found.plan.to_dict(), table_digest=table_digest(series))
    notes = [*table_notes, *found.notes]

    def check(path: Path) -> None:
        """Check the alignment of the packed file at `path`, before it gets its name."""
        if not settings.skip_alignment_check:
            written = load_packed_file(path).vectors
            read = {split: Split(written[split], starts) for split, starts in found.starts.items()}
            notes.extend(check_alignment(stored, read, series, found.plan))

    beside = BesideVectors(weights, RecordedTable.of(series))
    save_packed_file(target, splits, provenance, beside, overwrite=overwrite, check=check)
    return tuple(notes)


def _split_vectors(stored: StoredEmbeddings, split: str, starts: IntArray | None, columns: int | None) -> SplitVectors:
    """The vectors of a split; vectors in a folder are read one after the other."""
    expected = None if starts is None else len(starts)
    if isinstance(stored, EmbeddingFolder):
        window_vectors = stored.open(split, expected, columns)
        return SplitVectors(window_vectors.shape, window_vectors, starts)
    vectors = stored.read(split, expected, columns)
    n, c, d = vectors.shape
    return SplitVectors((n, c, d), vectors, starts)
