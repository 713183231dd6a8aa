"""Stored embeddings and the windows of a series, brought together by split and index, and checked."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from functools import partial
from typing import Any, cast

import numpy as np

from latentfill.core.config import Config
from latentfill.core.errors import EmbeddingMismatchError
from latentfill.core.series import IntArray, Series
from latentfill.embeddings.protocols.record import Embeddings, Provenance, StoredEmbeddings
from latentfill.embeddings.stored.h5_problems import count_problems
from latentfill.embeddings.stored.opening import WHOLE, load_split, open_embeddings
from latentfill.embeddings.stored.packed_file import PackedFile
from latentfill.embeddings.stored.vector_view import VectorView
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.splits import SplitPlan, select_columns
from latentfill.windows.windows import split_starts, window_starts

UNSORTED = (
    "the table's rows are not in time order, but embeddings count windows in the order of the rows. Sort the "
    "table by time, as it was when its embeddings were made."
)
HASHED = 1024  # windows read at a time for a digest
PLAN = (
    "split",
    "seq_len",
    "pred_len",
    "embedding_stride",
    "features",
    "target",
)  # the settings that say which windows there are


def pair_embeddings(config: Config, series: Series, name: str | None) -> dict[str, Embeddings]:
    """The stored embeddings at `config.embeddings` by split, their variables in the order of the series' columns.

    `name` (the table's stem) chooses where a folder holds several sets.
    """
    source = config.embeddings
    assert source is not None
    if not np.array_equal(series.rows, np.arange(series.n_steps)):
        raise EmbeddingMismatchError(UNSORTED)
    stored = open_embeddings(source, name, config.pred_len, config.dataset)
    config = planned(config, [stored.provenance])
    check_table(stored, series)
    starts = window_plan(config, series.n_steps)
    check_splits(stored, starts, config, source)
    order = variables(config, series)
    return {split: _reorder(load_split(stored, split, starts[split], len(order)), order) for split in stored.splits}


def planned(config: Config, made: Iterable[Provenance]) -> Config:
    """The settings with the split plan that embeddings were made with, where none is asked for and theirs is known.

    A part of the plan that was asked for and is another than theirs is an `EmbeddingMismatchError`.
    """
    windows = [one.window for one in made if one.window]
    if config.split != "none" or not windows:
        return config
    theirs = {name: windows[0][name] for name in PLAN if name in windows[0]}
    usual = {f.name: f.default for f in fields(Config)}
    asked = {name: getattr(config, name) for name in theirs}
    if others := [name for name in theirs if asked[name] not in (usual[name], theirs[name])]:
        told = ", ".join(f"{name}={theirs[name]} (asked for: {asked[name]})" for name in others)
        raise EmbeddingMismatchError(
            f"the embeddings were made with {told}. Leave the setting out: they know their windows. Or make others."
        )
    return replace(config, **cast(dict[str, Any], theirs))


def one_space(embeddings: Mapping[str, Embeddings]) -> Embeddings | None:
    """The embeddings of all splits as one set, where one frozen encoder is known to have made them; else None."""
    of_splits = list(embeddings.values())
    if len(of_splits) < 2 or not all(one.provenance.deterministic for one in of_splits):
        return None
    starts, first = np.unique(np.concatenate([one.starts for one in of_splits]), return_index=True)
    vectors = VectorView([one.vectors for one in of_splits], first)  # a window of two splits counts once
    return Embeddings(vectors, starts, of_splits[0].provenance)


def check_table(stored: StoredEmbeddings, series: Series) -> None:
    """Refuse a table other than the one the embeddings were made of, where they know it."""
    if stored.provenance.table_digest not in (None, table_digest(series)):
        raise EmbeddingMismatchError(
            f"{stored.path} was made for another table: its values, columns or time stamps differ. Give the table as "
            "it was then, or make embeddings of this one."
        )


def check_splits(
    stored: StoredEmbeddings, starts: Mapping[str, IntArray], config: Config, source: str | os.PathLike[str]
) -> None:
    """Refuse stored splits that the split plan of the settings does not have."""
    unknown = [split for split in stored.splits if split not in starts]
    if unknown:
        raise EmbeddingMismatchError(
            f"{source} holds the splits {', '.join(stored.splits)}, but split={config.split!r} has "
            f"{', '.join(starts)}. Use the split plan they were made with (--split ett-hour, ett-minute or custom)."
        )


def pairing_problems(
    stored: StoredEmbeddings, series: Series, plan: Mapping[str, IntArray], config: Config
) -> list[str]:
    """What does not fit between stored embeddings and the windows of a table, one line each; no vector is read."""
    problems = [f"the split {split} is none of {', '.join(plan)}" for split in stored.splits if split not in plan]
    for split, count in stored.splits.items():
        problems += [f"{split}: {line}" for line in count_problems(count, len(plan[split]) if split in plan else None)]
    checks = [partial(check_table, stored, series)]
    if isinstance(stored, PackedFile):
        checks += [partial(stored.check_windows, split, plan[split]) for split in stored.splits if split in plan]
    for check in checks:
        try:
            check()
        except EmbeddingMismatchError as error:
            problems.append(str(error))
    if not np.array_equal(series.rows, np.arange(series.n_steps)):
        problems.append(UNSORTED)
    return problems


def window_plan(config: Config, n_rows: int) -> dict[str, IntArray]:
    """Rows at which the stored windows of each split start."""
    every = config.embedding_stride
    if config.split == "none":
        rows = n_rows - config.pred_len
        return {WHOLE: window_starts(rows, config.seq_len, every) if rows >= config.seq_len else np.arange(0)}
    plan = SplitPlan(kind=config.split, seq_len=config.seq_len, pred_len=config.pred_len)
    splits = plan.splits(n_rows)
    return {name: split_starts(split, config.seq_len, config.pred_len)[::every] for name, split in splits.items()}


def train_rows(config: Config, n_rows: int) -> int | None:
    """How many rows the scaler may see: the train rows of a split plan, or None for all."""
    if config.split == "none":
        return None
    plan = SplitPlan(kind=config.split, seq_len=config.seq_len, pred_len=config.pred_len)
    return plan.splits(n_rows)["train"].stop


def table_digest(series: Series) -> str:
    """SHA-256 of values, columns and time stamps: tells whether embeddings were made of this very table."""
    found = hashlib.sha256(np.ascontiguousarray(series.values).data)
    found.update("\0".join(series.columns).encode())
    if series.time is not None:
        found.update(np.ascontiguousarray(series.time.astype("datetime64[ns]").astype(np.int64)).data)
    return found.hexdigest()


def scaler_digest(scaler: ColumnScaler) -> str:
    """SHA-256 of shift and scale."""
    return hashlib.sha256(np.stack([scaler.shift, scaler.scale]).tobytes()).hexdigest()


def digest(embeddings: Embeddings) -> str:
    """SHA-256 of the vectors: tells whether a decoder was fitted to these very embeddings."""
    found = hashlib.sha256()
    for first in range(0, len(embeddings.vectors), HASHED):
        found.update(np.ascontiguousarray(embeddings.vectors[first : first + HASHED]).data)
    return found.hexdigest()


def variables(config: Config, series: Series) -> list[int]:
    """For each variable of the embeddings, the column of the series it describes."""
    if config.split == "none":
        return list(range(len(series.columns)))
    names = select_columns(series.columns, kind=config.split, features=config.features, target=config.target)
    return [series.columns.index(name) for name in names]


def _reorder(embeddings: Embeddings, order: list[int]) -> Embeddings:
    """Variables put into the order of the series' columns; a single or pooled one stays as it is."""
    if embeddings.vectors.shape[1] == 1 or order == sorted(order):
        return embeddings
    rows = np.arange(len(embeddings.vectors))
    return replace(embeddings, vectors=VectorView([embeddings.vectors], rows, np.argsort(order)))
