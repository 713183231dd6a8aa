"""Do embeddings live in one space: those of the splits of one set, and those of two sets of the same windows?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from latentfill.core.series import FloatArray, IntArray
from latentfill.embeddings.checks.alignment import LEAST, Frame, end_rows
from latentfill.embeddings.checks.probes import (
    Probe,
    chance_of,
    changes_along,
    nested,
    scaled,
    spread_over,
    told_by,
    told_from,
)
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.windows.gaps import interpolate

AnyArray = FloatArray | VectorArray
Split = tuple[VectorArray, IntArray]  # embeddings (N, K, D), and the rows at which their windows start

ONE, TWO = 0.25, 0.1  # shares of what a split's own probe tells, from which on, and below which, they share a space
SURE, CHANCE = 1e-3, 0.05  # probability by chance below which a probe works, and above which it does not
TOGETHER, SAMPLES, LEAST_SAMPLES = 12, 200, 30  # windows averaged, and pairs of such averages that are looked at
JUMP = 1.5  # times the largest step within a split, from which on a step to the next one leads to another space
LINEAR, FEW = (
    0.2,
    200,
)  # share of the changes that a linear map tells where sets know the same windows; windows that this needs
ROUNDING = 1e-3  # of the spread of embeddings, up to which two sets are the same
NOISE = 0.7  # of their spread, up to which they differ by noise


@dataclass(frozen=True, slots=True)
class OneSpace:
    """Whether what is learnt from the embeddings of one split holds for those of another."""

    verdict: str  # "one space", "two spaces" or "cannot be told"
    own: float  # share of the changes of the other split's embeddings that a probe fitted to that split tells
    across: float  # and that a probe fitted to the one split tells
    jump: float | None = None  # the step from one split's embeddings to the other's; the largest within a split is 1


@dataclass(frozen=True, slots=True)
class Repeated:
    """How the embeddings of the same windows in two sets differ."""

    verdict: str  # "the same", "the same but for noise", "another space", "different" or "cannot be told"
    windows: int
    difference: float  # root mean square, as a share of the spread of the embeddings
    told: float  # share of the changes of the ones that a linear map of the others tells


def one_space(fitted: Sequence[Probe], tested: Sequence[Probe], frame: Frame, jump: float | None = None) -> OneSpace:
    """Whether a probe fitted to one split works on another, and whether embeddings jump from one to the other.

    A probe tells how embeddings change from a window to the next from what the rows bring, so that it does not matter
    how high the series stands in either split.
    """
    if min(len(fitted[0].starts), len(tested[0].starts)) < LEAST:
        return OneSpace("two spaces" if jump and jump > JUMP else "cannot be told", 0.0, 0.0, jump)
    rows = end_rows(frame)
    learnt, own = (told_by(probes, rows).sum(axis=0) for probes in (fitted, tested))
    across = told_from(tested, fitted, rows)
    found = OneSpace("cannot be told", float(own.mean()), float(across.mean()), jump)
    if jump is not None and jump > JUMP:
        return replace(found, verdict="two spaces")
    if chance_of(across) < SURE and found.across >= ONE * found.own:
        return replace(found, verdict="one space")
    both_work = max(chance_of(learnt), chance_of(own)) < SURE
    if both_work and chance_of(own - across) < SURE and chance_of(across) > CHANCE and found.across < TWO * found.own:
        return replace(found, verdict="two spaces")
    return found


def jump_between(one: Split, other: Split, values: FloatArray, frame: Frame) -> float | None:
    """The step from the last embeddings of the earlier split to the first of the later, in units of the largest as long
    within the larger split; None if the splits lie too far apart, or are too short, to tell.

    What the table itself (T, C) jumps there counts as well: the step is divided by that of the windows if it is a jump.
    """
    earlier, later = sorted((one, other), key=lambda split: int(split[1][0]))
    apart = round(float(later[1][0] - earlier[1][-1]) / frame.every)
    together = min(TOGETHER, len(one[1]), len(other[1]))
    larger = max(earlier, later, key=lambda split: len(split[1]))
    steps = len(larger[1]) - 2 * together - apart + 2
    if apart < 1 or steps < LEAST_SAMPLES:
        return None
    at = spread_over(steps, SAMPLES)
    windows = sliding_window_view(scaled(np.nan_to_num(interpolate(values))), frame.length, axis=0)

    def jump(view: Callable[[Split, slice], AnyArray]) -> float:
        """The step between the splits, over the largest of those within the larger."""
        ends = [slice(a, a + together) for a in at], [slice(a, a + together) for a in at + together - 1 + apart]
        steps = [_step(view(larger, before), view(larger, after)) for before, after in zip(*ends, strict=True)]
        return _step(view(earlier, slice(-together, None)), view(later, slice(together))) / max(*steps, 1e-30)

    of_embeddings = jump(lambda split, part: split[0][part])
    of_windows = jump(lambda split, part: windows[np.clip(split[1][part], 0, len(windows) - 1)])
    return of_embeddings / max(of_windows, 1.0)


def _step(before: AnyArray, after: AnyArray) -> float:
    return float(np.linalg.norm(after.mean(axis=0) - before.mean(axis=0)))


def repeated(vectors: VectorArray, others: VectorArray) -> Repeated:
    """How two sets of embeddings (N, K, D) of the same windows differ; D may be another in the second."""
    if vectors.shape == others.shape:
        spread = float(np.sqrt(np.mean((vectors - vectors.mean(axis=0)) ** 2, dtype=np.float64)))
        difference = float(np.sqrt(np.mean((vectors - others) ** 2, dtype=np.float64))) / max(spread, 1e-30)
        if difference <= NOISE:
            verdict = "the same" if difference <= ROUNDING else "the same but for noise"
            return Repeated(verdict, len(vectors), difference, 1.0)
    else:
        difference = np.inf
    told = _told(vectors, others) if len(vectors) > LEAST else 0.0
    verdict = "another space" if told >= LINEAR else "different" if len(vectors) >= FEW else "cannot be told"
    return Repeated(verdict, len(vectors), difference, told)


def _told(vectors: VectorArray, others: VectorArray) -> float:
    """The share of the changes of the others that a linear map of the changes of these tells, windows held out."""
    shares = []
    for variable in range(min(vectors.shape[1], others.shape[1])):
        inputs, outputs = (changes_along(part[:, variable]) for part in (vectors, others))
        shares.append(float(nested(inputs[:, None], outputs).mean()))
    return float(np.mean(shares))
