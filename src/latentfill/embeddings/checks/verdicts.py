"""Three checks of stored embeddings, with verdicts in plain words: alignment, one space, repeatability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.messages import counted
from latentfill.core.series import IntArray, Series
from latentfill.embeddings.checks.alignment import Alignment, Frame, align
from latentfill.embeddings.checks.probes import Probe, make_probes
from latentfill.embeddings.checks.spaces import JUMP, OneSpace, Repeated, Split, jump_between, one_space, repeated
from latentfill.embeddings.protocols.record import StoredEmbeddings, VectorArray
from latentfill.embeddings.stored.packed_file import PackedFile
from latentfill.embeddings.stored.split_windows import variable_columns

Check = dict[str, Any]  # JSON values: the verdict, the numbers behind it, and `says`, a sentence


def check_against_table(
    stored: StoredEmbeddings, series: Series, plan: Mapping[str, IntArray], config: Config
) -> dict[str, dict[str, Check]]:
    """Alignment of each split's embeddings with its windows, and whether the splits share a space.

    `plan` tells the rows at which the windows of each split start.
    """
    columns = variable_columns(config, series)
    splits, found = dict[str, Split](), dict[str, Alignment]()
    for split in (split for split in stored.splits if len(plan.get(split, ()))):
        try:
            vectors = stored.read(split, None, len(columns))
            _check_shape(vectors, [of_split for of_split, _ in splits.values()])
            splits[split] = _paired(vectors, plan[split])
        except InputError as error:
            found[split] = Alignment("cannot be told", 0, why=f"they cannot be read. {error}")
    frame = Frame(config.seq_len, config.pred_len, config.embedding_stride)
    made = make_probes(list(splits.values()), series.values, columns, frame.every) if splits else []
    probes = dict(zip(splits, made, strict=True))
    found |= {split: align(of_split, frame) for split, of_split in probes.items()}
    largest = max(splits, key=lambda split: len(splits[split][1]), default="")
    pairs = {}
    for split in (split for split in splits if split != largest):
        fitted, tested = (_moved(probes[name], found[name]) for name in (largest, split))
        one, other = ((splits[name][0], splits[name][1] + _shift(found[name])) for name in (largest, split))
        jump = jump_between(one, other, series.values[:, columns], frame)
        pairs[f"{largest}, {split}"] = split, one_space(fitted, tested, frame, jump)
    return {
        "alignment": {
            split: {**asdict(one), "says": alignment_text(one, split, plan, frame)} for split, one in found.items()
        },
        "one space": {
            name: {**asdict(one), "says": one_space_text(one, largest, split)} for name, (split, one) in pairs.items()
        },
    }


def check_repeatability(stored: StoredEmbeddings, others: StoredEmbeddings) -> dict[str, Check]:
    """How the embeddings of two sets differ, split by split; for the windows that both have.

    Windows are those of the same first row where both sets know it, else of the same number.
    """
    found: dict[str, Check] = {}
    for split in (split for split in stored.splits if split in others.splits):
        own, other = _in_common(stored, others, split)
        if not len(own):
            found[split] = _untold(f"{split}: the two sets have no window in common.")
            continue
        try:
            one = repeated(stored.read(split)[own], others.read(split)[other])
        except InputError as error:
            found[split] = _untold(f"{split}: they cannot be read. {error}")
        else:
            found[split] = {**asdict(one), "says": repeated_text(one, split)}
    if not found:
        names = [", ".join(one.splits) for one in (stored, others)]
        found["splits"] = _untold(f"they have no split in common: {names[0]} here, {names[1]} there.")
    digests = {one.provenance.table_digest for one in (stored, others)} - {None}
    if len(digests) > 1:
        found["tables"] = _untold("the two sets were made of different tables, so they may differ for that alone.")
    return found


def _untold(says: str) -> Check:
    return {"verdict": "cannot be told", "says": says}


def _in_common(stored: StoredEmbeddings, others: StoredEmbeddings, split: str) -> tuple[IntArray, IntArray]:
    """Where in each of two sets the windows are that both have."""
    starts = [one.starts.get(split) if isinstance(one, PackedFile) else None for one in (stored, others)]
    if starts[0] is not None and starts[1] is not None:
        _, own, other = np.intersect1d(starts[0], starts[1], assume_unique=True, return_indices=True)
        return own, other
    both = np.arange(min(stored.splits[split], others.splits[split]))
    return both, both


def _check_shape(vectors: VectorArray, others: Sequence[VectorArray]) -> None:
    for other in others:
        if vectors.shape[1:] != other.shape[1:]:
            raise InputError(f"Their shape is {vectors.shape[1:]}, and that of another split {other.shape[1:]}.")


def _paired(vectors: VectorArray, starts: IntArray) -> Split:
    n = min(len(vectors), len(starts))
    return vectors[:n], starts[:n]


def _moved(probes: Sequence[Probe], found: Alignment) -> list[Probe]:
    """The probes at the windows that their embeddings belong to, where that is known."""
    return [replace(probe, starts=probe.starts + _shift(found)) for probe in probes]


def _shift(found: Alignment) -> int:
    """Rows to the windows that embeddings belong to, 0 if that is not known."""
    return found.shift[0] if found.shift is not None and found.shift[0] == found.shift[1] else 0


def alignment_text(found: Alignment, split: str, plan: Mapping[str, IntArray], frame: Frame) -> str:
    """What was found of a split's alignment, in a sentence."""
    future = f", and also knows the {counted(found.future, 'row')} after it" if found.future else ""
    if found.verdict == "aligned":
        return f"{split}: embedding i belongs to window i{future}"
    if found.verdict == "cannot be told":
        between = "" if found.shift is None else f" (it may start {found.shift[0]} to {found.shift[1]} rows later)"
        return f"{split}: whether embedding i belongs to window i cannot be told: {found.why}{between}"
    if found.shift is None:
        return f"{split}: the embeddings do not belong to these windows: {found.why}"
    low, high = found.shift
    if low != high:
        return (
            f"{split}: embedding i belongs to a window that starts {low} to {high} rows later, not to window i{future}"
        )
    first = int(plan[split][0]) + low
    others = [name for name, starts in plan.items() if name != split and len(starts) and starts[0] == first]
    place = f", as those of {others[0]} do" if others else ""
    return f"{split}: embedding i belongs to the window that starts {_rows(low)} than window i{place}{future}"


def _rows(shift: int) -> str:
    return f"{counted(abs(shift), 'row')} {'later' if shift > 0 else 'earlier'}"


def one_space_text(found: OneSpace, fitted: str, tested: str) -> str:
    """What was found of two splits, in a sentence."""
    if found.jump is not None and found.jump > JUMP:
        why = (
            f"from one to the other the embeddings jump {found.jump:.1f} times as far as between windows that lie as "
            "near in one of them"
        )
    else:
        why = (
            f"of how the embeddings of {tested} change, a probe fitted to {fitted} tells "
            f"{100 * max(found.across, 0):.1f} %, one fitted to {tested} {100 * max(found.own, 0):.1f} %"
        )
    if found.verdict == "one space":
        return f"{fitted} and {tested} share a space: {why}"
    if found.verdict == "two spaces":
        return f"{fitted} and {tested} do not share a space, so nothing learnt from one holds for the other: {why}"
    return f"whether {fitted} and {tested} share a space cannot be told: {why}"


def repeated_text(found: Repeated, split: str) -> str:
    """What was found of two sets, in a sentence."""
    windows = f"{split}, {counted(found.windows, 'window')}"
    share = f"{100 * found.difference:.3g} % of their spread"
    if found.verdict == "the same":
        return f"{windows}: both sets hold the same embeddings" + (f", but for {share}" if found.difference else "")
    if found.verdict == "the same but for noise":
        return f"{windows}: both sets share a space, but are not repeatable: they differ by {share}"
    told = f"a linear map tells {100 * max(found.told, 0):.0f} % of the changes of the other set from those of this"
    if found.verdict == "another space":
        return f"{windows}: both sets know the same windows, each in a space of its own, so do not mix them: {told}"
    if found.verdict == "cannot be told":
        return (
            f"{windows}: the sets differ by {share}; whether in more than their space cannot be told of so few windows"
        )
    return f"{windows}: the sets differ, in what they know too, or are not of the same windows: {told}"
