"""Three checks of stored embeddings: alignment with windows, one space for all splits, and repeatability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.series import FloatArray, IntArray, Series
from latentfill.core.window_plan import WindowPlan
from latentfill.embeddings.checks.alignment import align
from latentfill.embeddings.checks.edges import UNCLEAR, Alignment
from latentfill.embeddings.checks.probes import Probe, Split, make_probes
from latentfill.embeddings.checks.sentences import alignment_text, comparison_text, one_space_text
from latentfill.embeddings.checks.spaces import OneSpace, compare_sets, jump_between, one_space
from latentfill.embeddings.checks.window_spacing import WindowSpacing
from latentfill.embeddings.protocols.record import StoredEmbeddings, VectorArray

Check = dict[str, object]  # JSON values: the verdict, the numbers behind it, and a sentence, `says`


@dataclass(frozen=True, slots=True)
class _CheckedSplit:
    """A split whose embeddings can be read, with its probes and its alignment."""

    split: Split
    probes: Sequence[Probe]
    alignment: Alignment

    @property
    def shift(self) -> int:
        """Rows by which the true windows start later than the paired windows; 0 if not known."""
        shift = self.alignment.shift
        return shift[0] if shift is not None and shift[0] == shift[1] else 0

    @property
    def true_split(self) -> Split:
        """The embeddings with their true windows, if the shift is known."""
        return replace(self.split, starts=self.split.starts + self.shift)

    @property
    def true_probes(self) -> list[Probe]:
        """The probes at the true windows, if the shift is known."""
        return [replace(probe, starts=probe.starts + self.shift) for probe in self.probes]


def alignments(
    splits: Mapping[str, Split], series: Series, plan: WindowPlan, columns: Sequence[int]
) -> dict[str, Alignment]:
    """Whether the embeddings of each split belong to their windows; `columns` has the column of each variable."""
    return {name: split.alignment for name, split in _align(splits, series, _spacing(plan), columns).items()}


def check_against_table(
    stored: StoredEmbeddings, series: Series, starts: Mapping[str, IntArray], plan: WindowPlan, columns: Sequence[int]
) -> dict[str, dict[str, Check]]:
    """Check the alignment of each split's embeddings with its windows, and whether the splits share a space.

    `starts` are the first rows of the windows of each split, `columns` has the column of each variable.
    """
    splits, unreadable = _read_splits(stored, starts, len(columns))
    spacing = _spacing(plan)
    checked = _align(splits, series, spacing, columns)
    alignments = unreadable | {name: split.alignment for name, split in checked.items()}
    pairs = _compare_splits(checked, series.values[:, columns], spacing)
    return {
        "alignment": {
            name: {
                **asdict(alignment),
                "contradicts": alignment.contradicts,
                "says": alignment_text(alignment, name, starts),
            }
            for name, alignment in alignments.items()
        },
        "one space": {
            f"{fitted}, {tested}": {**asdict(result), "says": one_space_text(result, fitted, tested)}
            for (fitted, tested), result in pairs.items()
        },
    }


def _spacing(plan: WindowPlan) -> WindowSpacing:
    return WindowSpacing(plan.seq_len, plan.pred_len, plan.embedding_stride)


def _align(
    splits: Mapping[str, Split], series: Series, spacing: WindowSpacing, columns: Sequence[int]
) -> dict[str, _CheckedSplit]:
    """The probes of each split, and its alignment."""
    probes = make_probes(list(splits.values()), series.values, columns, spacing.every) if splits else []
    return {
        name: _CheckedSplit(split, of_split, align(of_split, spacing))
        for (name, split), of_split in zip(splits.items(), probes, strict=True)
    }


def _read_splits(
    stored: StoredEmbeddings, starts: Mapping[str, IntArray], n_columns: int
) -> tuple[dict[str, Split], dict[str, Alignment]]:
    """The splits that have windows; for splits that cannot be read, a verdict with the reason."""
    splits, unreadable = dict[str, Split](), dict[str, Alignment]()
    for name in (name for name in stored.splits if len(starts.get(name, ()))):
        try:
            vectors = stored.read(name, None, n_columns)
            _check_same_shape(vectors, list(splits.values()))
        except InputError as error:
            unreadable[name] = Alignment(UNCLEAR, 0, why=f"the embeddings cannot be read. {error}")
        else:
            n = min(len(vectors), len(starts[name]))
            splits[name] = Split(vectors[:n], starts[name][:n])
    return splits, unreadable


def _check_same_shape(vectors: VectorArray, others: Sequence[Split]) -> None:
    for shape in (other.vectors.shape[1:] for other in others):
        if vectors.shape[1:] != shape:
            raise InputError(f"Their shape is {vectors.shape[1:]}, but another split has the shape {shape}.")


def _compare_splits(
    checked: Mapping[str, _CheckedSplit], values: FloatArray, spacing: WindowSpacing
) -> dict[tuple[str, str], OneSpace]:
    """Whether the largest split shares a space with each of the other splits, by the names of both."""
    largest = max(checked, key=lambda name: len(checked[name].split.starts), default="")
    results = {}
    for name in (name for name in checked if name != largest):
        fitted, tested = checked[largest], checked[name]
        jump = jump_between(fitted.true_split, tested.true_split, values, spacing)
        results[largest, name] = one_space(fitted.true_probes, tested.true_probes, spacing, jump)
    return results


def check_repeatability(stored: StoredEmbeddings, others: StoredEmbeddings) -> dict[str, Check]:
    """Compare the embeddings of two sets, split by split, on the windows that both sets have.

    Windows are matched by their first row if both sets are packed files that store it, otherwise by their number.
    """
    results = {split: _compare(stored, others, split) for split in stored.splits if split in others.splits}
    if not results:
        here, there = (", ".join(each.splits) for each in (stored, others))
        results["splits"] = _unclear(
            f"the sets have no split in common: {here} in the first set, {there} in the second."
        )
    digests = {each.provenance.table_digest for each in (stored, others)} - {None}
    if len(digests) > 1:
        results["tables"] = _unclear(
            "the two sets were made from different tables, which may explain their differences."
        )
    return results


def _compare(stored: StoredEmbeddings, others: StoredEmbeddings, split: str) -> Check:
    """Compare the embeddings of one split in two sets."""
    first, second = _common_windows(stored, others, split)
    if not len(first):
        return _unclear(f"{split}: the two sets have no window in common.")
    try:
        result = compare_sets(stored.read(split)[first], others.read(split)[second])
    except InputError as error:
        return _unclear(f"{split}: the embeddings cannot be read. {error}")
    return {**asdict(result), "says": comparison_text(result, split)}


def _unclear(says: str) -> Check:
    return {"verdict": UNCLEAR, "says": says}


def _common_windows(stored: StoredEmbeddings, others: StoredEmbeddings, split: str) -> tuple[IntArray, IntArray]:
    """The indices of the windows that both sets have, in each of the sets."""
    starts = [each.starts.get(split) for each in (stored, others)]
    if starts[0] is not None and starts[1] is not None:
        _, first, second = np.intersect1d(starts[0], starts[1], assume_unique=True, return_indices=True)
        return first, second
    both = np.arange(min(stored.splits[split], others.splits[split]))
    return both, both
