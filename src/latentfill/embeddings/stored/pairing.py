"""Stored embeddings paired with the windows of a table by split and number, and checked against it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, cast

import numpy as np

from latentfill.core.config import Config
from latentfill.core.errors import EmbeddingMismatchError
from latentfill.core.series import IntArray, Series
from latentfill.embeddings.protocols.record import Embeddings, Provenance, StoredEmbeddings
from latentfill.embeddings.stored.digests import table_digest
from latentfill.embeddings.stored.opening import load_split, open_embeddings
from latentfill.embeddings.stored.packed_file import PackedFile
from latentfill.embeddings.stored.problems import count_problems
from latentfill.embeddings.stored.split_windows import (
    PLAN_SETTINGS,
    UNSORTED,
    check_sorted,
    is_sorted,
    starts_by_split,
    variable_columns,
)
from latentfill.embeddings.stored.vector_view import VectorView


def pair_embeddings(config: Config, series: Series, name: str | None) -> dict[str, Embeddings]:
    """Stored embeddings (`config.stored.embeddings`) by split, their variables in the order of the table's columns.

    `name` (the table's file name without its ending) chooses one set where a folder holds several. Raises an
    `EmbeddingMismatchError` if the embeddings do not belong to the windows of this table.
    """
    assert config.stored.embeddings is not None
    check_sorted(series)
    stored = open_embeddings(config.stored.embeddings, name, config.stored.pred_len, config.stored.dataset)
    config = adopt_split_plan(config, [stored.provenance])
    check_table(stored, series)
    starts = starts_by_split(config, series.n_steps)
    check_splits(stored, starts, config)
    columns = variable_columns(config, series)
    return {split: _reorder(load_split(stored, split, starts[split], len(columns)), columns) for split in stored.splits}


def adopt_split_plan(config: Config, provenances: Iterable[Provenance]) -> Config:
    """The settings with the split plan that embeddings were made with, where it is known and none was asked for.

    An `EmbeddingMismatchError` names the settings that were asked for and contradict it.
    """
    plans = [provenance.window for provenance in provenances if provenance.window]
    if config.stored.split != "none" or not plans:
        return config
    known = {name: plans[0][name] for name in PLAN_SETTINGS if name in plans[0]}
    defaults = {name: Config().value(name) for name in known}
    asked = {name: config.value(name) for name in known}
    if others := [name for name in known if asked[name] not in (defaults[name], known[name])]:
        listed = ", ".join(f"{name}={known[name]} (asked for: {asked[name]})" for name in others)
        raise EmbeddingMismatchError(
            f"the embeddings were made with {listed}. Leave the setting out, as they know their windows, or make "
            "other embeddings."
        )
    return config.replace(**cast(dict[str, Any], known))


def join_splits(embeddings: Mapping[str, Embeddings]) -> Embeddings | None:
    """The embeddings of all splits as one set if one frozen encoder is known to have made them; else None."""
    splits = list(embeddings.values())
    if len(splits) < 2 or not all(split.provenance.deterministic for split in splits):
        return None
    # a window that two splits have in common is taken once
    starts, first = np.unique(np.concatenate([split.starts for split in splits]), return_index=True)
    vectors = VectorView([split.vectors for split in splits], first)
    return Embeddings(vectors, starts, splits[0].provenance)


def check_table(stored: StoredEmbeddings, series: Series) -> None:
    """Refuse a table other than the one the embeddings were made of, where their record tells."""
    if stored.provenance.table_digest not in (None, table_digest(series)):
        raise EmbeddingMismatchError(
            f"{stored.path} was made for another table: its values, columns or time stamps differ. Give the table as "
            "it was then, or make embeddings of this one."
        )


def check_splits(stored: StoredEmbeddings, starts: Mapping[str, IntArray], config: Config) -> None:
    """Refuse stored splits that the split plan of the settings, whose windows are `starts`, does not have."""
    if any(split not in starts for split in stored.splits):
        raise EmbeddingMismatchError(
            f"{stored.path} holds the splits {', '.join(stored.splits)}, but split={config.stored.split!r} has "
            f"{', '.join(starts)}. Use the split plan they were made with (--split ett-hour, ett-minute or custom)."
        )


def pairing_problems(stored: StoredEmbeddings, series: Series, starts: Mapping[str, IntArray]) -> list[str]:
    """What does not fit between stored embeddings and the windows of a table, one line each; no vector is read.

    `starts` are the first rows of the windows of each split.
    """
    problems = [f"the split {split} is none of {', '.join(starts)}" for split in stored.splits if split not in starts]
    for split, count in stored.splits.items():
        expected = len(starts[split]) if split in starts else None
        problems += [f"{split}: {line}" for line in count_problems(count, expected)]
    checks = [partial(check_table, stored, series)]
    if isinstance(stored, PackedFile):
        checks += [partial(stored.check_windows, split, starts[split]) for split in stored.splits if split in starts]
    for check in checks:
        try:
            check()
        except EmbeddingMismatchError as error:
            problems.append(str(error))
    return problems if is_sorted(series) else [*problems, UNSORTED]


def _reorder(embeddings: Embeddings, columns: list[int]) -> Embeddings:
    """Variables in the order of the table's columns, given the column of each; a lone one describes all columns."""
    if embeddings.vectors.shape[1] == 1 or columns == sorted(columns):
        return embeddings
    rows = np.arange(len(embeddings.vectors))
    return replace(embeddings, vectors=VectorView([embeddings.vectors], rows, np.argsort(columns)))
