"""Do the embeddings of two splits, or of two sets of the same windows, share one space?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from latentfill.core.series import FloatArray
from latentfill.embeddings.checks.alignment import LEAST
from latentfill.embeddings.checks.frame import Frame
from latentfill.embeddings.checks.innovations import standardised
from latentfill.embeddings.checks.probes import (
    Probe,
    Split,
    changes_along,
    explained_by_probes,
    explained_by_rows,
    spread_over,
)
from latentfill.embeddings.checks.regression import chance_of, explained_by_block
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.windows.gaps import interpolate

# Two splits share a space if probes fitted to one explain at least ONE of what the other's own probes explain, and do
# not share it if they explain less than TWO of it.
ONE, TWO = 0.25, 0.1
SURE, CHANCE = 1e-3, 0.05  # p-values below which a probe explains something, and above which it explains nothing
TOGETHER = 12  # consecutive windows whose mean is one end of a step
SAMPLES, LEAST_SAMPLES = 200, 30  # steps within a split, at most and at least, for the largest one
JUMP = 1.5  # times the largest step within a split, beyond which a step leads to another space
LINEAR = 0.2  # share of the changes that a linear map explains where two sets know the same windows
FEW = 200  # windows below which it stays unclear whether two sets know different windows
ROUNDING = 1e-3  # of the spread of embeddings, up to which two sets are the same
NOISE = 0.7  # of their spread, up to which two sets differ by noise


@dataclass(frozen=True, slots=True)
class OneSpace:
    """Whether what is learnt from the embeddings of one split holds for those of another."""

    verdict: str  # "one space", "two spaces" or "unclear"
    own: float  # share of the changes of the tested split that probes fitted to the same split explain
    across: float  # share of these changes that probes fitted to the other split explain
    jump: float | None = None  # step from one split's embeddings to the other's over the largest step within a split


@dataclass(frozen=True, slots=True)
class Repeated:
    """How the embeddings of the same windows in two sets differ."""

    verdict: str  # "the same", "the same but for noise", "another space", "different" or "unclear"
    windows: int
    difference: float  # root mean square, as a share of the spread of the embeddings
    explained: float  # share of the changes of the second set that a linear map of the first explains


def one_space(fitted: Sequence[Probe], tested: Sequence[Probe], frame: Frame, jump: float | None = None) -> OneSpace:
    """Whether probes fitted to one split work on another, and whether embeddings jump from one to the other.

    Probes explain how embeddings change from a window to the next by the innovations of the rows, so the level of the
    series in either split does not matter.
    """
    if min(len(fitted[0].starts), len(tested[0].starts)) < LEAST:
        return OneSpace("two spaces" if jump and jump > JUMP else "unclear", 0.0, 0.0, jump)
    rows = frame.end_rows()
    of_fitted, own = (explained_by_rows(probes, rows).sum(axis=0) for probes in (fitted, tested))
    across = explained_by_probes(tested, fitted, rows)
    found = OneSpace("unclear", float(own.mean()), float(across.mean()), jump)
    if jump is not None and jump > JUMP:
        return replace(found, verdict="two spaces")
    if chance_of(across) < SURE and found.across >= ONE * found.own:
        return replace(found, verdict="one space")
    both_work = max(chance_of(of_fitted), chance_of(own)) < SURE
    if both_work and chance_of(own - across) < SURE and chance_of(across) > CHANCE and found.across < TWO * found.own:
        return replace(found, verdict="two spaces")
    return found


def jump_between(one: Split, other: Split, values: FloatArray, frame: Frame) -> float | None:
    """The step from the last embeddings of the earlier split to the first of the later, over the largest step within.

    Steps within the larger split that span as many windows are the measure. If the windows of the table (T, C) jump
    there too, the step is divided by their jump. None if the splits lie too far apart, or are too short.
    """
    earlier, later = sorted((one, other), key=lambda split: int(split.starts[0]))
    larger = max(earlier, later, key=lambda split: len(split.starts))
    apart = round(float(later.starts[0] - earlier.starts[-1]) / frame.every)
    together = min(TOGETHER, len(one.starts), len(other.starts))
    steps = len(larger.starts) - 2 * together - apart + 2
    if apart < 1 or steps < LEAST_SAMPLES:
        return None
    before = spread_over(steps, SAMPLES)
    after = before + together - 1 + apart
    windows = sliding_window_view(standardised(np.nan_to_num(interpolate(values))), frame.length, axis=0)

    def jump(level: Callable[[Split, slice], FloatArray | VectorArray]) -> float:
        """The step between the splits over the largest step within the larger one."""
        within = [
            float(np.linalg.norm(level(larger, slice(b, b + together)) - level(larger, slice(a, a + together))))
            for a, b in zip(before, after, strict=True)
        ]
        between = float(np.linalg.norm(level(later, slice(together)) - level(earlier, slice(-together, None))))
        return between / max(*within, 1e-30)

    def mean_window(split: Split, part: slice) -> FloatArray:
        mean: FloatArray = windows[np.clip(split.starts[part], 0, len(windows) - 1)].mean(axis=0)
        return mean

    return jump(lambda split, part: split.vectors[part].mean(axis=0)) / max(jump(mean_window), 1.0)


def repeated(vectors: VectorArray, others: VectorArray) -> Repeated:
    """How two sets of embeddings (N, K, D) of the same windows differ; D may be another in the second set."""
    if vectors.shape == others.shape:
        spread = float(np.sqrt(np.mean((vectors - vectors.mean(axis=0)) ** 2, dtype=np.float64)))
        difference = float(np.sqrt(np.mean((vectors - others) ** 2, dtype=np.float64))) / max(spread, 1e-30)
        if difference <= NOISE:
            verdict = "the same" if difference <= ROUNDING else "the same but for noise"
            return Repeated(verdict, len(vectors), difference, 1.0)
    else:
        difference = np.inf
    explained = _explained_linearly(vectors, others) if len(vectors) > LEAST else 0.0
    verdict = "another space" if explained >= LINEAR else "different" if len(vectors) >= FEW else "unclear"
    return Repeated(verdict, len(vectors), difference, explained)


def _explained_linearly(vectors: VectorArray, others: VectorArray) -> float:
    """The share of the changes of `others` that a linear map of the changes of `vectors` explains, cross-validated."""
    shares = []
    for variable in range(min(vectors.shape[1], others.shape[1])):
        inputs, outputs = (changes_along(part[:, variable]) for part in (vectors, others))
        shares.append(float(explained_by_block(inputs[:, None], outputs).mean()))
    return float(np.mean(shares))
