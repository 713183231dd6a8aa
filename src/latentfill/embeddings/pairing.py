"""Pairs stored embeddings with the windows of a table, and checks that they belong together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from latentfill.core.config import Config
from latentfill.core.config_settings import StoredSettings
from latentfill.core.errors import EmbeddingMismatchError
from latentfill.core.messages import counted
from latentfill.core.series import Series
from latentfill.core.window_plan import WindowPlan
from latentfill.embeddings.checks.edges import ALIGNED, ENOUGH_PAIRS, Alignment
from latentfill.embeddings.checks.probes import Split
from latentfill.embeddings.checks.sentences import alignment_text
from latentfill.embeddings.checks.verdicts import alignments
from latentfill.embeddings.protocols.record import COMPUTED, Embeddings, Pairing, StoredEmbeddings
from latentfill.embeddings.stored.arrays import EmbeddingArrays
from latentfill.embeddings.stored.digests import table_digest
from latentfill.embeddings.stored.found_plan import find_plan
from latentfill.embeddings.stored.lookup import check_usable
from latentfill.embeddings.stored.opening import open_embeddings
from latentfill.embeddings.stored.pooling import pooled
from latentfill.embeddings.stored.same_table import check_same_table
from latentfill.embeddings.stored.split_windows import check_sorted, starts_by_split, variable_columns
from latentfill.embeddings.stored.vector_view import VectorView


def pair_embeddings(config: Config, series: Series, name: str | None) -> Pairing:
    """Pair the stored embeddings (`config.stored.embeddings`) with the windows of a table.

    `name` (the table's file name without its suffix) chooses among several sets in a folder. Raises
    `EmbeddingMismatchError` if the embeddings do not fit the windows of this table, or belong to others.
    """
    settings = config.stored
    assert settings.embeddings is not None
    stored = open_embeddings(settings.embeddings, name, settings.pred_len, settings.dataset)
    return pair_stored(stored, series, settings)


def pair_stored(stored: StoredEmbeddings, series: Series, settings: StoredSettings) -> Pairing:
    """Pair embeddings that are open; see `pair_embeddings`."""
    check_sorted(series)
    stored = pooled(stored, settings, series.n_steps)
    table_notes = check_table(stored, series)
    found = find_plan(stored, settings, series.n_steps)
    columns = columns_of(stored, found.plan, series)
    provenance = replace(stored.provenance, window=found.plan.to_dict())
    steps = stored.steps if isinstance(stored, EmbeddingArrays) else None
    splits, read = dict[str, Embeddings](), dict[str, Split]()
    for split, starts in found.starts.items():
        vectors = stored.read(split, len(starts), len(columns))
        embeddings = Embeddings(vectors, starts, provenance, steps)
        check_usable(embeddings)
        splits[split], read[split] = _reorder(embeddings, columns), Split(vectors, starts)
    alignment_notes = () if settings.skip_alignment_check else check_alignment(stored, read, series, found.plan)
    return Pairing(found.plan, splits, (*table_notes, *found.notes, *_pooled_note(splits, columns), *alignment_notes))


def columns_of(stored: StoredEmbeddings, plan: WindowPlan, series: Series) -> list[int]:
    """For each variable of the embeddings, the index of its column in the table."""
    recorded = series.columns if stored.table is None else stored.table.columns
    if set(recorded) != set(series.columns):  # another table: `check_table` refuses it
        recorded = series.columns
    return [series.columns.index(recorded[c]) for c in variable_columns(plan, recorded)]


def check_table(stored: StoredEmbeddings, series: Series) -> tuple[str, ...]:
    """A sentence about the comparison with the recorded table; none if the tables are equal, or nothing is recorded.

    Raises `EmbeddingMismatchError` if the embeddings were made from another table.
    """
    recorded = stored.provenance.table_digest
    if recorded in (None, table_digest(series)):
        return ()
    if stored.table is None:
        raise EmbeddingMismatchError(
            f"{stored.path} was made for another table: its values, columns or time stamps differ. Only a digest of "
            "that table is recorded, so a table with further gaps cannot be told from others. Pack the embeddings "
            "again with the table that they were made from (`latentfill pack --table`): then its values are recorded."
        )
    n_cells = check_same_table(stored.table, series, stored.path)
    return (f"The table agrees with the one that the embeddings were made from in {counted(n_cells, 'cell')}.",)


def check_alignment(
    stored: StoredEmbeddings, read: Mapping[str, Split], series: Series, plan: WindowPlan
) -> tuple[str, ...]:
    """A sentence for each split whose alignment could not be checked.

    Raises `EmbeddingMismatchError` if the embeddings of a split clearly belong to other windows than their own. Nothing
    is checked if latentfill has made the embeddings, as their record names the table.
    """
    if stored.provenance.source == COMPUTED and stored.provenance.table_digest is not None:
        return ()
    starts = {**starts_by_split(plan, series.n_steps), **{split: each.starts for split, each in read.items()}}
    found = alignments(read, series, plan, columns_of(stored, plan, series))
    says = {split: alignment_text(alignment, split, starts) for split, alignment in found.items()}
    if off := [says[split] for split, alignment in found.items() if alignment.contradicts]:
        raise EmbeddingMismatchError(
            f"{stored.path} does not belong to the windows of this table under {plan}: {'; '.join(off)}. Use the table "
            "and the settings that they were made with. To use them all the same, add --skip-alignment-check."
        )
    return tuple(
        f"Alignment not checked: {_few_pairs(alignment, split) or says[split]}."
        for split, alignment in found.items()
        if alignment.verdict != ALIGNED or _few_pairs(alignment, split)
    )


def _few_pairs(alignment: Alignment, split: str) -> str:
    """A statement that there are too few windows for a verdict; "" if there are enough."""
    if alignment.pairs >= ENOUGH_PAIRS:
        return ""
    return f"{split} has {counted(alignment.pairs, 'pair')} of consecutive windows, and {ENOUGH_PAIRS} are needed"


def _pooled_note(splits: Mapping[str, Embeddings], columns: list[int]) -> tuple[str, ...]:
    """A sentence if windows have one vector for several columns."""
    if len(columns) == 1 or all(each.vectors.shape[1] > 1 for each in splits.values()):
        return ()
    return (
        f"The embeddings have one vector per window, which is used for all {len(columns)} columns. If they are of the "
        "target alone, give --features S and --split.",
    )


def _reorder(embeddings: Embeddings, columns: list[int]) -> Embeddings:
    """Embeddings with variables in the order of the table; `columns` has each variable's column."""
    if embeddings.vectors.shape[1] == 1 or columns == sorted(columns):
        return embeddings
    rows = np.arange(len(embeddings.vectors))
    return replace(embeddings, vectors=VectorView([embeddings.vectors], rows, np.argsort(columns)))
