"""The window plan of stored embeddings: recorded with them, or found from their number and the table's rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from latentfill.core.config_settings import StoredSettings
from latentfill.core.errors import EmbeddingMismatchError
from latentfill.core.messages import quoted
from latentfill.core.series import IntArray
from latentfill.core.window_plan import WindowPlan
from latentfill.embeddings.protocols.record import Provenance, StoredEmbeddings
from latentfill.embeddings.stored.h5_names import WHOLE
from latentfill.embeddings.stored.plan_search import PlanSearch
from latentfill.embeddings.stored.problems import counts
from latentfill.embeddings.stored.split_windows import starts_by_split, starts_without_last


@dataclass(frozen=True, slots=True, eq=False)
class FoundPlan:
    """The plan of stored embeddings, and the windows that they belong to."""

    plan: WindowPlan
    starts: Mapping[str, IntArray]  # split -> (N,) first rows of the windows, for all stored splits
    notes: tuple[str, ...] = ()  # sentences for the user: what was found rather than given


def find_plan(stored: StoredEmbeddings, given: StoredSettings, n_rows: int) -> FoundPlan:
    """The window plan of stored embeddings for a table of `n_rows`, and the first rows of their windows.

    A recorded plan is used as it is. Otherwise the plan must give as many windows as there are embeddings, or more if
    the run that wrote a folder was interrupted. Settings of `given` that are not None are kept. Raises
    `EmbeddingMismatchError` if there is no such plan or more than one.
    """
    recorded = recorded_plan(stored.provenance, given)
    if recorded is not None:
        return FoundPlan(recorded, _recorded_starts(stored, recorded, n_rows))
    if stored.starts.keys() == stored.splits.keys():
        return FoundPlan(given.plan, _given_starts(stored, given.plan, n_rows))
    by_number, by_count = (
        PlanSearch(sizes, n_rows, given, stored.pred_len) for sizes in (stored.extents, stored.splits)
    )
    fits = by_number.fitting() or by_count.fitting()
    if len(fits) == 1:
        note = f"The embeddings fit the windows of {fits[0]}, which was found from their number."
        return FoundPlan(fits[0], _plan_starts(by_number, fits[0]), () if fits[0] == given.plan else (note,))
    if not fits and stored.is_numbered and by_number.is_determined and not by_number.is_swapped:
        fits = by_number.partly_fitting()
        if len(fits) == 1:
            notes = _interrupted(stored, by_number, fits[0])
            return FoundPlan(fits[0], _plan_starts(by_number, fits[0]), tuple(notes))
    raise EmbeddingMismatchError(_several(stored, by_number, fits) if fits else _none_fits(stored, by_number))


def _interrupted(stored: StoredEmbeddings, search: PlanSearch, plan: WindowPlan) -> Iterator[str]:
    """A sentence for each split that has only the first of its windows."""
    for split, expected in search.expected(plan).items():
        if search.counts[split] < expected:
            yield (
                f"{stored.path} holds windows 0 to {search.counts[split] - 1} of {expected} of {split}, as if the run "
                f"that wrote them had been interrupted; they are used, with {plan}."
            )


def recorded_plan(provenance: Provenance, given: StoredSettings) -> WindowPlan | None:
    """The plan in the record of the embeddings; None if it has none.

    Raises `EmbeddingMismatchError` if given settings contradict it.
    """
    if not provenance.window:
        return None
    recorded = WindowPlan.from_dict(provenance.window)
    named, known = given.given_plan, recorded.to_dict()
    if others := [
        f"{name}={known[name]} (the setting is {named[name]})" for name in named if named[name] != known[name]
    ]:
        raise EmbeddingMismatchError(
            f"the embeddings were made with {', '.join(others)}. Leave the setting out, as the embeddings record it, "
            "or make new embeddings."
        )
    return recorded


def _plan_starts(search: PlanSearch, plan: WindowPlan) -> dict[str, IntArray]:
    """The first rows of the windows of all stored splits, as many as there are embeddings."""
    starts = starts_by_split(plan, search.n_rows)
    plain = starts_without_last(plan, search.n_rows)
    if WHOLE in search.counts and search.counts[WHOLE] == len(plain):
        starts = {WHOLE: plain}
    return {split: starts[split][:n] for split, n in search.counts.items()}


def _given_starts(stored: StoredEmbeddings, plan: WindowPlan, n_rows: int) -> Mapping[str, IntArray]:
    """The first rows that are known without a plan; an error if a window would reach beyond the table."""
    for starts in stored.starts.values():
        if starts[0] < 0 or starts[-1] + plan.seq_len > n_rows:
            raise EmbeddingMismatchError(
                f"{stored.path} holds {_span(starts)}, which does not fit a table of {n_rows} rows with "
                f"seq_len={plan.seq_len}. Check the starts, and give the length of the windows (--seq-len)."
            )
    return stored.starts


def _recorded_starts(stored: StoredEmbeddings, plan: WindowPlan, n_rows: int) -> dict[str, IntArray]:
    """The first rows of the windows, from the record or from its plan; an error if the table lacks a window."""
    planned = starts_by_split(plan, n_rows)
    if missing := [split for split in stored.splits if split not in planned]:
        raise EmbeddingMismatchError(
            f"{stored.path} holds the splits {', '.join(missing)}, which split={quoted(plan.split)} does not have "
            f"({', '.join(planned)}). Pack the embeddings again with the split that they were made with (--split)."
        )
    known = {split: stored.starts.get(split, planned[split]) for split in stored.splits}
    for split, starts in known.items():
        every = np.union1d(planned[split], starts_without_last(plan, n_rows) if split == WHOLE else planned[split])
        if not np.isin(starts, every).all():
            raise EmbeddingMismatchError(
                f"{stored.path} holds for {split} {_span(starts)}, but {plan} gives a table of {n_rows} rows "
                f"{_span(planned[split])}. Use the table that the embeddings were made from."
            )
    return known


def _several(stored: StoredEmbeddings, search: PlanSearch, plans: Sequence[WindowPlan]) -> str:
    """The message about several plans that fit, with the flags that choose one."""
    listed = "".join(f"\n- {_flags_of(plan)}" for plan in plans)
    return (
        f"{stored.path} holds {counts(search.counts)} embeddings, which fit the windows of a table of {search.n_rows} "
        f"rows in {len(plans)} ways. Say which one they were made with:{listed}"
    )


def _none_fits(stored: StoredEmbeddings, search: PlanSearch) -> str:
    """The message about embeddings that no plan fits, with the numbers of windows that the nearest plan gives."""
    if search.is_swapped:
        return (
            f"train and val seem to be swapped: {stored.path} holds {counts(search.counts)} embeddings, which fit "
            f"{search.swapped()[0]} the other way round. Change the names of the two folders."
        )
    usual = search.usual if search.expected(search.usual) else search.nearest()
    lines = [_sum_of(search, usual, split, n) for split, n in search.counts.items()]
    text = f"{stored.path} cannot be paired with the table's windows:" + "".join(f"\n- {line}" for line in lines)
    others = search.without_given()
    if others:
        listed = " or ".join(_flags_of(plan) for plan in others[:3])
        return f"{text}\nThe embeddings fit {listed}: give these settings, or leave all of them out."
    nearest = search.nearest()
    return (
        f"{text}\nNo usual plan gives these numbers; the nearest is {nearest} with "
        f"{counts(search.expected(nearest)) or 'no window'}. Likely causes: another table, missing files, or another "
        "--split (ett-hour, ett-minute, custom, none), --seq-len, --pred-len or --embedding-stride."
    )


def _sum_of(search: PlanSearch, plan: WindowPlan, split: str, found: int) -> str:
    """The number of windows that a plan gives for a split, as a sum."""
    expected = search.expected(plan)
    if split not in expected:
        kind = f"split={quoted(plan.split)}"
        return f"{split}: {found} embeddings, but {kind} has no {split} windows in a table of {search.n_rows} rows"
    rows = expected[split] + plan.seq_len + plan.pred_len - 1
    how = f"rows - seq_len - pred_len + 1 = {rows} - {plan.seq_len} - {plan.pred_len} + 1 = {expected[split]}"
    if plan.embedding_stride != 1:
        how = f"one at every {plan.embedding_stride} rows, with seq_len={plan.seq_len} and pred_len={plan.pred_len}"
    return f"{split}: {found} embeddings, but the split cuts into {expected[split]} windows ({how})"


def _flags_of(plan: WindowPlan) -> str:
    stride = f" --embedding-stride {plan.embedding_stride}" if plan.embedding_stride != 1 else ""
    return f"--split {plan.split} --seq-len {plan.seq_len} --pred-len {plan.pred_len}{stride}"


def _span(starts: IntArray) -> str:
    """The number of windows and the first rows of the first and last window."""
    return f"{len(starts)} windows from position {starts[0]} to {starts[-1]}" if len(starts) else "no window"
