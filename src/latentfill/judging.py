"""How far to trust each candidate, learnt on held-out cells, and what that comes to on others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from latentfill.config import AUTO, Config
from latentfill.embeddings.encoder import Encoder
from latentfill.gaps import BUCKET_NAMES
from latentfill.lesson import Lesson
from latentfill.result import HeldOutErrors
from latentfill.series import BoolArray, FloatArray, IntArray
from latentfill.strategies.candidates import Candidates
from latentfill.strategies.stack import Stack, kind_of

UNITS = {"standard": "standard deviations of each column", "minmax": "observed ranges of each column"}


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What held-out cells say of the candidates."""

    stack: Stack  # weights of the candidates, in the order of their names
    expected: FloatArray  # (C, buckets) mean absolute error to expect, scaled units
    score: dict[str, object]  # error on held-out cells, JSON values


def judge(candidates: Candidates, encoder: Encoder | None, lesson: Lesson, starts: IntArray, config: Config) -> Verdict:
    """Learn how far to trust each candidate; measure the outcome on the score cells.

    With strategy auto, its candidates are weighed by the stop cells, and by more that are hidden for it in the
    stretches that no network learnt from. Else the one asked for gets all the weight.
    """
    values, visible, clock = lesson.values, lesson.visible, lesson.clock
    estimates = candidates.estimate(visible, clock, starts, encoder)
    stack = _weigh(candidates, estimates, encoder, lesson, starts, config)
    stacked = stack.apply(estimates, kind_of(visible))
    cells = lesson.score & candidates.reached(estimates, config.strategy)
    errors, column, kind = errors_at(cells, np.concatenate([estimates, stacked[None]]), values, visible)
    linear = errors[candidates.names.index("linear")]
    outcome = HeldOutErrors(column, kind % len(BUCKET_NAMES), errors[-1], linear)
    told = outcome.summary(UNITS[config.scaling])
    if len(column):
        told["candidates"] = dict(zip(candidates.names, map(_sizes, errors[:-1]), strict=True))
        told["weights"] = weights_by_gap(candidates.names, stack, column, kind)
    return Verdict(stack, outcome.expected(np.ones(values.shape[1])), told)


def _weigh(
    candidates: Candidates,
    estimates: FloatArray,
    encoder: Encoder | None,
    lesson: Lesson,
    starts: IntArray,
    config: Config,
) -> Stack:
    names, columns = candidates.names, lesson.values.shape[1]
    if config.strategy != AUTO:
        return Stack.only(names.index(config.strategy), len(names), columns)
    chosen = [names.index(name) for name in config.strategies if name in names]
    visible = lesson.visible
    found = [errors_at(lesson.stop & candidates.reached(estimates, AUTO), estimates, lesson.values, visible)]
    for hidden, windows in lesson.hidden_for_trust(starts, candidates.length):
        less = np.where(hidden, np.nan, visible)
        guessed = candidates.estimate(less, lesson.clock, windows, encoder)
        found.append(errors_at(hidden & candidates.reached(guessed, AUTO), guessed, visible, less))
    errors, column, kind = (np.concatenate(part, axis=-1) for part in zip(*found, strict=True))
    return Stack.fit(errors[chosen], column, kind, columns).among(chosen, len(names))


def errors_at(
    cells: BoolArray, estimates: FloatArray, truth: FloatArray, seen: FloatArray
) -> tuple[FloatArray, IntArray, IntArray]:
    """Errors (K, M) of K estimates (K, T, C) at those of the `cells` (T, C) that one at least reaches, and the column
    and kind of gap (M,) of each in the series as it was `seen`.

    Where a candidate has nothing to say it is taken to say what the first that speaks does.
    """
    at = np.nonzero(cells & ~np.isnan(estimates).all(axis=0))
    chosen = estimates[:, at[0], at[1]]
    first = np.take_along_axis(chosen, (~np.isnan(chosen)).argmax(axis=0)[None], axis=0)
    return np.where(np.isnan(chosen), first, chosen) - truth[at], at[1], kind_of(seen)[at]


def weights_by_gap(names: tuple[str, ...], stack: Stack, column: IntArray, kind: IntArray) -> Mapping[str, object]:
    """The mean weight of each candidate over held-out cells of each gap length."""
    bucket = kind % len(BUCKET_NAMES)
    weight = stack.weight[:, column, kind]  # (K, M)
    return {
        gap: {name: round(float(share), 3) for name, share in zip(names, weight[:, cells].mean(axis=1), strict=True)}
        for b, gap in enumerate(BUCKET_NAMES)
        if (cells := bucket == b).any()
    }


def _sizes(error: FloatArray) -> dict[str, float]:
    return {"mse": float(np.mean(error**2)), "mae": float(np.mean(np.abs(error)))}
