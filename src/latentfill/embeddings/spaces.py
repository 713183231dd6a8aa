"""Do embeddings live in one space: those of the splits of one set, and those of two sets of the same windows?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from latentfill.embeddings.alignment import LEAST, Frame, end_rows
from latentfill.embeddings.base import VectorArray
from latentfill.embeddings.probes import Probe, chance_of, changes_along, nested, told_by, told_from

ONE, TWO = 0.25, 0.1  # shares of what a split's own probe tells, from which on, and below which, they share a space
SURE, CHANCE = 1e-3, 0.05  # probability by chance below which a probe works, and above which it does not
LINEAR = 0.2  # share of the changes that a linear map must tell between two sets that know the same windows
ROUNDING = 1e-3  # of the spread of embeddings, up to which two sets are the same
NOISE = 0.7  # of their spread, up to which they differ by noise


@dataclass(frozen=True, slots=True)
class OneSpace:
    """Whether what is learnt from the embeddings of one split holds for those of another."""

    verdict: str  # "one space", "two spaces" or "cannot be told"
    own: float  # share of the changes of the other split's embeddings that a probe fitted to that split tells
    across: float  # and that a probe fitted to the one split tells


@dataclass(frozen=True, slots=True)
class Repeated:
    """How the embeddings of the same windows in two sets differ."""

    verdict: str  # "the same", "the same but for noise", "another space" or "different"
    windows: int
    difference: float  # root mean square, as a share of the spread of the embeddings
    told: float  # share of the changes of the ones that a linear map of the others tells


def one_space(fitted: Sequence[Probe], tested: Sequence[Probe], frame: Frame) -> OneSpace:
    """Whether a probe fitted to one split works on another.

    A probe tells how embeddings change from a window to the next from what the rows bring, so that it does not matter
    how high the series stands in either split.
    """
    if min(len(fitted[0].starts), len(tested[0].starts)) < LEAST:
        return OneSpace("cannot be told", 0.0, 0.0)
    rows = end_rows(frame)
    learnt, own = (told_by(probes, rows).sum(axis=0) for probes in (fitted, tested))
    across = told_from(tested, fitted, rows)
    found = OneSpace("cannot be told", float(own.mean()), float(across.mean()))
    if chance_of(across) < SURE and found.across >= ONE * found.own:
        return replace(found, verdict="one space")
    both_work = max(chance_of(learnt), chance_of(own)) < SURE
    if both_work and chance_of(own - across) < SURE and chance_of(across) > CHANCE and found.across < TWO * found.own:
        return replace(found, verdict="two spaces")
    return found


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
    return Repeated("another space" if told >= LINEAR else "different", len(vectors), difference, told)


def _told(vectors: VectorArray, others: VectorArray) -> float:
    """The share of the changes of the others that a linear map of the changes of these tells, windows held out."""
    shares = []
    for variable in range(min(vectors.shape[1], others.shape[1])):
        inputs, outputs = (changes_along(part[:, variable]) for part in (vectors, others))
        shares.append(float(nested(inputs[:, None], outputs).mean()))
    return float(np.mean(shares))
