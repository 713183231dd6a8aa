"""How far to trust each candidate, learnt on held-out cells, and what that comes to on others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from latentfill.core.config import AUTO, Config
from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.embeddings.protocols.encoder import Encoder
from latentfill.imputation.ensemble import Stack, kind_of
from latentfill.imputation.holdout import Lesson
from latentfill.imputation.intervals import Calibration, Evidence, evidence_at
from latentfill.imputation.result import score_summary
from latentfill.strategies.candidates import Candidates, Estimated
from latentfill.windows.gaps import BUCKET_NAMES

UNITS = {"standard": "standard deviations of each column", "minmax": "observed ranges of each column"}


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What held-out cells say of the candidates."""

    stack: Stack  # weights of the candidates, in the order of their names
    calibration: Calibration  # how far what they come to may be off
    score: dict[str, object]  # error on held-out cells, JSON values


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What the candidates said of M cells that were hidden from them."""

    errors: FloatArray  # (K, M) estimate - truth
    known: BoolArray  # (K, M) whether a candidate had something to say
    kind: IntArray  # (M,) of gap
    evidence: Evidence  # its error is that of the first candidate
    columns: int  # C

    def where(self, cells: BoolArray) -> Trial:
        """Some of the cells (M,) alone."""
        return Trial(
            errors=self.errors[:, cells],
            known=self.known[:, cells],
            kind=self.kind[cells],
            evidence=self.evidence.where(cells),
            columns=self.columns,
        )

    def judged(self, stack: Stack) -> Evidence:
        """The evidence on what the candidates come to."""
        weight = stack.weight[:, self.evidence.column, self.kind]
        return replace(self.evidence, error=-(weight * self.errors).sum(axis=0))


def judge(
    candidates: Candidates,
    encoder: Encoder | None,
    lesson: Lesson,
    starts: IntArray,
    config: Config,
    strategies: Sequence[str],
) -> dict[str, Verdict]:
    """For each of the strategies: how far to trust each candidate, how far the outcome may be off, and its error.

    With auto, its candidates are weighed by the stop cells, and by more that are hidden for it in the stretches that no
    network learnt from. Any other gets all the weight. The error is measured on the score cells.
    """
    values, visible, clock = lesson.values, lesson.visible, lesson.clock
    estimated = candidates.estimate(visible, clock, starts, encoder)
    learn = [_try(lesson.stop, estimated, values, visible)]
    for hidden, windows in lesson.hidden_for_trust(starts, candidates.length):
        less = np.where(hidden, np.nan, visible)
        learn.append(_try(hidden, candidates.estimate(less, clock, windows, encoder), visible, less))
    check = _try(lesson.score, estimated, values, visible)
    return {name: _verdict(name, candidates, learn, check, config) for name in strategies}


def _verdict(strategy: str, candidates: Candidates, learn: list[Trial], check: Trial, config: Config) -> Verdict:
    names, columns = candidates.names, learn[0].columns
    learn = [trial.where(candidates.spoken(trial.known, strategy)) for trial in learn]
    check = check.where(candidates.spoken(check.known, strategy))
    if strategy == AUTO:
        stack = _weigh(names, learn, columns, config)
    else:
        stack = Stack.only(names.index(strategy), len(names), columns)
    judged = Evidence.joined([trial.judged(stack) for trial in learn])
    outcome = check.judged(stack)
    told = score_summary(outcome.error, check.errors[names.index("linear")], UNITS[config.scaling])
    if len(outcome.error):
        told["candidates"] = dict(zip(names, map(_sizes, check.errors), strict=True))
        told["weights"] = weights_by_gap(names, stack, outcome.column, check.kind)
    return Verdict(stack, Calibration.fit(judged, outcome, columns), told)


def _weigh(names: tuple[str, ...], trials: list[Trial], columns: int, config: Config) -> Stack:
    chosen = [names.index(name) for name in config.candidate_names if name in names]
    errors = np.concatenate([trial.errors[chosen] for trial in trials], axis=1)
    column = np.concatenate([trial.evidence.column for trial in trials])
    kind = np.concatenate([trial.kind for trial in trials])
    longest = 1 + max((int(trial.evidence.gap.max()) for trial in trials if len(trial.evidence.gap)), default=0)
    gap = np.concatenate([trial.evidence.gap + number * longest for number, trial in enumerate(trials)])
    return Stack.fit(errors, column, kind, gap, columns).among(chosen, len(names))


def _try(cells: BoolArray, estimated: Estimated, truth: FloatArray, seen: FloatArray) -> Trial:
    """What was said of `cells` (T, C), hidden in the series as it was `seen`."""
    cells = cells & ~np.isnan(estimated.values).all(axis=0)
    errors = errors_at(cells, estimated.values, truth)
    evidence = evidence_at(cells, -errors[0], seen, estimated.values, estimated.spread)
    known = ~np.isnan(estimated.values[:, cells])
    return Trial(errors, known, kind_of(seen)[cells], evidence, seen.shape[1])


def errors_at(cells: BoolArray, estimates: FloatArray, truth: FloatArray) -> FloatArray:
    """Errors (K, M) of K estimates (K, T, C) at the `cells` (T, C), each of which one at least reaches.

    Where a candidate has nothing to say it is taken to say what the first that speaks does.
    """
    chosen = estimates[:, cells]
    first = np.take_along_axis(chosen, (~np.isnan(chosen)).argmax(axis=0)[None], axis=0)
    return np.asarray(np.where(np.isnan(chosen), first, chosen) - truth[cells])


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
