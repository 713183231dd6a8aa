"""Pairs stored embeddings with the windows of a table, by split and number, and checks that they fit."""

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
    """Stored embeddings (`config.stored.embeddings`) by split, with variables in the order of the table's columns.

    `name` (the table's file name without its suffix) chooses among several sets in a folder. Raises
    `EmbeddingMismatchError` if the embeddings do not fit the windows of this table.
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
    """The settings with the split plan of the embeddings, if it is known and the settings have none.

    Raises `EmbeddingMismatchError` if other settings contradict the plan.
    """
    plans = [provenance.window for provenance in provenances if provenance.window]
    if config.stored.split != "none" or not plans:
        return config
    known = {name: plans[0][name] for name in PLAN_SETTINGS if name in plans[0]}
    defaults = {name: Config().value(name) for name in known}
    current = {name: config.value(name) for name in known}
    if others := [name for name in known if current[name] not in (defaults[name], known[name])]:
        listed = ", ".join(f"{name}={known[name]} (the setting is {current[name]})" for name in others)
        raise EmbeddingMismatchError(
            f"the embeddings were made with {listed}. Leave the setting out, as the embeddings record it, or make new "
            "embeddings."
        )
    return config.replace(**cast(dict[str, Any], known))


def join_splits(embeddings: Mapping[str, Embeddings]) -> Embeddings | None:
    """The embeddings of all splits as one set, if one frozen encoder is known to have made them; otherwise None."""
    splits = list(embeddings.values())
    if len(splits) < 2 or not all(split.provenance.deterministic for split in splits):
        return None
    # a window in two splits is used once
    starts, first = np.unique(np.concatenate([split.starts for split in splits]), return_index=True)
    vectors = VectorView([split.vectors for split in splits], first)
    return Embeddings(vectors, starts, splits[0].provenance)


def check_table(stored: StoredEmbeddings, series: Series) -> None:
    """Raise `EmbeddingMismatchError` if the record of the embeddings names another table."""
    if stored.provenance.table_digest not in (None, table_digest(series)):
        raise EmbeddingMismatchError(
            f"{stored.path} was made for another table: its values, columns or time stamps differ. Use the original "
            "table, or make embeddings of this table."
        )


def check_splits(stored: StoredEmbeddings, starts: Mapping[str, IntArray], config: Config) -> None:
    """Raise `EmbeddingMismatchError` for stored splits that the split plan, with windows at `starts`, does not have."""
    if any(split not in starts for split in stored.splits):
        raise EmbeddingMismatchError(
            f"{stored.path} holds the splits {', '.join(stored.splits)}, but split={config.stored.split!r} has "
            f"{', '.join(starts)}. Use the split plan they were made with (--split ett-hour, ett-minute or custom)."
        )


def pairing_problems(stored: StoredEmbeddings, series: Series, starts: Mapping[str, IntArray]) -> list[str]:
    """A line for each mismatch between stored embeddings and the windows of a table; vectors are not read.

    `starts` are the first rows of the windows of each split.
    """
    problems = [
        f"there is no split {split} among {', '.join(starts)}" for split in stored.splits if split not in starts
    ]
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
    """Embeddings with variables in the order of the table; `columns` has each variable's column."""
    if embeddings.vectors.shape[1] == 1 or columns == sorted(columns):
        return embeddings
    rows = np.arange(len(embeddings.vectors))
    return replace(embeddings, vectors=VectorView([embeddings.vectors], rows, np.argsort(columns)))
