"""Three checks of stored embeddings, with their verdicts: alignment, one space, repeatability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.series import FloatArray, IntArray, Series
from latentfill.embeddings.checks.alignment import align
from latentfill.embeddings.checks.edges import UNCLEAR, Alignment
from latentfill.embeddings.checks.frame import Frame
from latentfill.embeddings.checks.probes import Probe, Split, make_probes
from latentfill.embeddings.checks.sentences import alignment_text, one_space_text, repeated_text
from latentfill.embeddings.checks.spaces import OneSpace, jump_between, one_space, repeated
from latentfill.embeddings.protocols.record import StoredEmbeddings, VectorArray
from latentfill.embeddings.stored.packed_file import PackedFile
from latentfill.embeddings.stored.split_windows import variable_columns

Check = dict[str, object]  # JSON values: the verdict, the numbers behind it, and `says`, a sentence


@dataclass(frozen=True, slots=True)
class _CheckedSplit:
    """A split whose embeddings can be read, with its probes and its alignment."""

    split: Split
    probes: Sequence[Probe]
    alignment: Alignment

    @property
    def shift(self) -> int:
        """Rows by which the windows that the embeddings belong to start later; 0 if that is not known."""
        shift = self.alignment.shift
        return shift[0] if shift is not None and shift[0] == shift[1] else 0

    @property
    def own_split(self) -> Split:
        """The embeddings with the windows that they belong to, as far as these are known."""
        return replace(self.split, starts=self.split.starts + self.shift)

    @property
    def own_probes(self) -> list[Probe]:
        """The probes at the windows that the embeddings belong to, as far as these are known."""
        return [replace(probe, starts=probe.starts + self.shift) for probe in self.probes]


def check_against_table(
    stored: StoredEmbeddings, series: Series, starts: Mapping[str, IntArray], config: Config
) -> dict[str, dict[str, Check]]:
    """Alignment of each split's embeddings with its windows, and whether the splits share a space.

    `starts` are the first rows of the windows of each split.
    """
    columns = variable_columns(config, series)
    frame = Frame(config.stored.seq_len, config.stored.pred_len, config.stored.stride)
    splits, unreadable = _read_splits(stored, starts, len(columns))
    probes = make_probes(list(splits.values()), series.values, columns, frame.every) if splits else []
    checked = {
        name: _CheckedSplit(split, of_split, align(of_split, frame))
        for (name, split), of_split in zip(splits.items(), probes, strict=True)
    }
    alignments = unreadable | {name: split.alignment for name, split in checked.items()}
    pairs = _one_spaces(checked, series.values[:, columns], frame)
    return {
        "alignment": {
            name: {**asdict(found), "says": alignment_text(found, name, starts)} for name, found in alignments.items()
        },
        "one space": {
            f"{fitted}, {tested}": {**asdict(found), "says": one_space_text(found, fitted, tested)}
            for (fitted, tested), found in pairs.items()
        },
    }


def _read_splits(
    stored: StoredEmbeddings, starts: Mapping[str, IntArray], n_columns: int
) -> tuple[dict[str, Split], dict[str, Alignment]]:
    """The splits that have windows, and for those that cannot be read a verdict that says why."""
    splits, unreadable = dict[str, Split](), dict[str, Alignment]()
    for name in (name for name in stored.splits if len(starts.get(name, ()))):
        try:
            vectors = stored.read(name, None, n_columns)
            _check_same_shape(vectors, list(splits.values()))
        except InputError as error:
            unreadable[name] = Alignment(UNCLEAR, 0, why=f"they cannot be read. {error}")
        else:
            n = min(len(vectors), len(starts[name]))
            splits[name] = Split(vectors[:n], starts[name][:n])
    return splits, unreadable


def _check_same_shape(vectors: VectorArray, others: Sequence[Split]) -> None:
    for shape in (other.vectors.shape[1:] for other in others):
        if vectors.shape[1:] != shape:
            raise InputError(f"Their shape is {vectors.shape[1:]}, and that of another split {shape}.")


def _one_spaces(
    checked: Mapping[str, _CheckedSplit], values: FloatArray, frame: Frame
) -> dict[tuple[str, str], OneSpace]:
    """Whether the largest split shares a space with each other one, by the names of the two."""
    largest = max(checked, key=lambda name: len(checked[name].split.starts), default="")
    found = {}
    for name in (name for name in checked if name != largest):
        fitted, tested = checked[largest], checked[name]
        jump = jump_between(fitted.own_split, tested.own_split, values, frame)
        found[largest, name] = one_space(fitted.own_probes, tested.own_probes, frame, jump)
    return found


def check_repeatability(stored: StoredEmbeddings, others: StoredEmbeddings) -> dict[str, Check]:
    """How the embeddings of two sets differ, split by split, on the windows that both sets have.

    Windows of two packed files that know their windows are matched by their first row, others by their number.
    """
    found = {split: _compare(stored, others, split) for split in stored.splits if split in others.splits}
    if not found:
        here, there = (", ".join(one.splits) for one in (stored, others))
        found["splits"] = _unclear(f"they have no split in common: {here} here, {there} there.")
    digests = {one.provenance.table_digest for one in (stored, others)} - {None}
    if len(digests) > 1:
        found["tables"] = _unclear("the two sets were made of different tables, so they may differ for that alone.")
    return found


def _compare(stored: StoredEmbeddings, others: StoredEmbeddings, split: str) -> Check:
    """How the embeddings of one split differ in two sets."""
    own, other = _common_windows(stored, others, split)
    if not len(own):
        return _unclear(f"{split}: the two sets have no window in common.")
    try:
        found = repeated(stored.read(split)[own], others.read(split)[other])
    except InputError as error:
        return _unclear(f"{split}: they cannot be read. {error}")
    return {**asdict(found), "says": repeated_text(found, split)}


def _unclear(says: str) -> Check:
    return {"verdict": UNCLEAR, "says": says}


def _common_windows(stored: StoredEmbeddings, others: StoredEmbeddings, split: str) -> tuple[IntArray, IntArray]:
    """For each of two sets, the places of the windows that both have."""
    starts = [one.starts.get(split) if isinstance(one, PackedFile) else None for one in (stored, others)]
    if starts[0] is not None and starts[1] is not None:
        _, own, other = np.intersect1d(starts[0], starts[1], assume_unique=True, return_indices=True)
        return own, other
    both = np.arange(min(stored.splits[split], others.splits[split]))
    return both, both
