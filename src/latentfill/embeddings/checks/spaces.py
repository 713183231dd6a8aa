"""Do the embeddings of two splits, or of two sets of the same windows, share one space?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from latentfill.core.series import FloatArray
from latentfill.embeddings.checks.alignment import LEAST_PAIRS
from latentfill.embeddings.checks.innovations import standardised
from latentfill.embeddings.checks.probes import (
    Probe,
    Split,
    changes_along,
    evenly_spaced,
    explained_by_probes,
    explained_by_rows,
)
from latentfill.embeddings.checks.regression import explained_by_block, p_values
from latentfill.embeddings.checks.window_spacing import WindowSpacing
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.windows.gaps import interpolate

# Ratio of the shares of one split's changes that probes fitted to another split and to the split itself explain: from
# ONE_SPACE on, the two splits share a space; below TWO_SPACES, they do not.
ONE_SPACE, TWO_SPACES = 0.25, 0.1
SURE, CHANCE = 1e-3, 0.05  # a probe explains something at p-values below SURE, and nothing above CHANCE
WINDOWS_AT_END = 12  # consecutive windows whose means are the two ends of a step
SAMPLES, LEAST_SAMPLES = 200, 30  # steps within a split, at most and at least, to find the largest
JUMP = 1.5  # step between splits over the largest step within a split, above which there are two spaces
LINEAR = 0.2  # share of the changes that a linear map explains if two sets encode the same windows
FEW = 200  # with fewer windows it is unclear whether two sets encode different windows
ROUNDING = 1e-3  # two sets that differ by at most this share of their spread are the same
NOISE = 0.7  # two sets that differ by at most this share of their spread differ by noise


@dataclass(frozen=True, slots=True)
class OneSpace:
    """Whether a model of one split's embeddings is valid for the embeddings of another split."""

    verdict: str  # "one space", "two spaces" or "unclear"
    own: float  # share of the tested split's changes that probes fitted to this split explain
    across: float  # share of the tested split's changes that probes fitted to the other split explain
    jump: float | None = None  # step from one split to the other, over the largest step within a split


@dataclass(frozen=True, slots=True)
class SetComparison:
    """The difference between the embeddings of the same windows in two sets."""

    verdict: str  # "the same", "the same but for noise", "another space", "different" or "unclear"
    windows: int
    difference: float  # root mean square, as a share of the spread of the embeddings
    explained: float  # share of the second set's changes that a linear map of the first set's changes explains


def one_space(
    fitted: Sequence[Probe], tested: Sequence[Probe], spacing: WindowSpacing, jump: float | None = None
) -> OneSpace:
    """Whether probes fitted to one split also explain another split, unless embeddings jump between the splits.

    Probes explain the changes of embeddings by the innovations of rows, so the level of the series does not matter.
    """
    if min(len(fitted[0].starts), len(tested[0].starts)) < LEAST_PAIRS:
        return OneSpace("two spaces" if jump and jump > JUMP else "unclear", 0.0, 0.0, jump)
    rows = spacing.end_rows()
    own_of_fitted, own = (explained_by_rows(probes, rows).sum(axis=0) for probes in (fitted, tested))
    across = explained_by_probes(tested, fitted, rows)
    result = OneSpace("unclear", float(own.mean()), float(across.mean()), jump)
    if jump is not None and jump > JUMP:
        return replace(result, verdict="two spaces")
    if p_values(across) < SURE and result.across >= ONE_SPACE * result.own:
        return replace(result, verdict="one space")
    both_work = max(p_values(own_of_fitted), p_values(own)) < SURE
    if (
        both_work
        and p_values(own - across) < SURE
        and p_values(across) > CHANCE
        and result.across < TWO_SPACES * result.own
    ):
        return replace(result, verdict="two spaces")
    return result


def jump_between(one: Split, other: Split, values: FloatArray, spacing: WindowSpacing) -> float | None:
    """The step from the last embeddings of the earlier split to the first of the later split, as a ratio.

    The step is divided by the largest step over an equal distance within the larger split, and by the same ratio for
    the table's values (T, C) if that is above 1. None if the splits are too far apart or too short.
    """
    earlier, later = sorted((one, other), key=lambda split: int(split.starts[0]))
    larger = max(earlier, later, key=lambda split: len(split.starts))
    apart = round(float(later.starts[0] - earlier.starts[-1]) / spacing.every)
    n_mean = min(WINDOWS_AT_END, len(one.starts), len(other.starts))
    steps = len(larger.starts) - 2 * n_mean - apart + 2
    if apart < 1 or steps < LEAST_SAMPLES:
        return None
    before = evenly_spaced(steps, SAMPLES)
    after = before + n_mean - 1 + apart
    windows = sliding_window_view(standardised(np.nan_to_num(interpolate(values))), spacing.length, axis=0)

    def jump(level: Callable[[Split, slice], FloatArray | VectorArray]) -> float:
        """The step between the splits over the largest step within the larger split."""
        within = [
            float(np.linalg.norm(level(larger, slice(b, b + n_mean)) - level(larger, slice(a, a + n_mean))))
            for a, b in zip(before, after, strict=True)
        ]
        between = float(np.linalg.norm(level(later, slice(n_mean)) - level(earlier, slice(-n_mean, None))))
        return between / max(*within, 1e-30)

    def mean_window(split: Split, part: slice) -> FloatArray:
        mean: FloatArray = windows[np.clip(split.starts[part], 0, len(windows) - 1)].mean(axis=0)
        return mean

    return jump(lambda split, part: split.vectors[part].mean(axis=0)) / max(jump(mean_window), 1.0)


def compare_sets(vectors: VectorArray, others: VectorArray) -> SetComparison:
    """Compare two sets of embeddings (N, K, D) of the same windows; D may differ between the sets."""
    if vectors.shape == others.shape:
        spread = float(np.sqrt(np.mean((vectors - vectors.mean(axis=0)) ** 2, dtype=np.float64)))
        difference = float(np.sqrt(np.mean((vectors - others) ** 2, dtype=np.float64))) / max(spread, 1e-30)
        if difference <= NOISE:
            verdict = "the same" if difference <= ROUNDING else "the same but for noise"
            return SetComparison(verdict, len(vectors), difference, 1.0)
    else:
        difference = np.inf
    explained = _explained_linearly(vectors, others) if len(vectors) > LEAST_PAIRS else 0.0
    verdict = "another space" if explained >= LINEAR else "different" if len(vectors) >= FEW else "unclear"
    return SetComparison(verdict, len(vectors), difference, explained)


def _explained_linearly(vectors: VectorArray, others: VectorArray) -> float:
    """The cross-validated share of the changes of `others` that a linear map of the changes of `vectors` explains."""
    shares = []
    for variable in range(min(vectors.shape[1], others.shape[1])):
        inputs, outputs = (changes_along(part[:, variable]) for part in (vectors, others))
        shares.append(float(explained_by_block(inputs[:, None], outputs).mean()))
    return float(np.mean(shares))
