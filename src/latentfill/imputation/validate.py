"""How far to trust each candidate, learnt on held-out cells, and what that comes to on others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from latentfill.core.config import AUTO, Config
from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.embeddings.protocols.encoder import Encoder
from latentfill.imputation.ensemble import Ensemble, kind_of
from latentfill.imputation.holdout import HeldOutSeries
from latentfill.imputation.intervals import Calibration, ErrorSample, error_sample_at
from latentfill.imputation.result import score_summary
from latentfill.strategies.candidates import Candidates, SeriesEstimates
from latentfill.windows.gaps import BUCKET_NAMES

UNITS = {"standard": "standard deviations of each column", "minmax": "observed ranges of each column"}


@dataclass(frozen=True, slots=True, eq=False)
class Validated:
    """What held-out cells say of the candidates."""

    stack: Ensemble  # weights of the candidates, in the order of their names
    calibration: Calibration  # how far what they come to may be off
    score: dict[str, object]  # error on held-out cells, JSON values


@dataclass(frozen=True, slots=True, eq=False)
class HoldoutErrors:
    """What the candidates said of M cells that were hidden from them."""

    errors: FloatArray  # (K, M) estimate - truth
    known: BoolArray  # (K, M) whether a candidate had something to say
    kind: IntArray  # (M,) of gap
    evidence: ErrorSample  # its error is that of the first candidate
    columns: int  # C

    def where(self, cells: BoolArray) -> HoldoutErrors:
        """Some of the cells (M,) alone."""
        return HoldoutErrors(
            errors=self.errors[:, cells],
            known=self.known[:, cells],
            kind=self.kind[cells],
            evidence=self.evidence.where(cells),
            columns=self.columns,
        )

    def judged(self, stack: Ensemble) -> ErrorSample:
        """The evidence on what the candidates come to."""
        weight = stack.weight[:, self.evidence.column, self.kind]
        return replace(self.evidence, error=-(weight * self.errors).sum(axis=0))


def validate(
    candidates: Candidates,
    encoder: Encoder | None,
    held_out: HeldOutSeries,
    starts: IntArray,
    config: Config,
    strategies: Sequence[str],
) -> dict[str, Validated]:
    """For each of the strategies: how far to trust each candidate, how far the outcome may be off, and its error.

    With auto, its candidates are weighed by the stop cells, and by more that are hidden for it in the stretches that no
    network learnt from. Any other gets all the weight. The error is measured on the score cells.
    """
    truth, visible = held_out.series.values, held_out.visible
    estimated = candidates.estimate(visible, starts, encoder)
    learn = [_try(held_out.tuning, estimated, truth, visible.values)]
    for hidden, windows in held_out.hidden_for_trust(starts, candidates.length):
        less = visible.without(hidden)
        learn.append(_try(hidden, candidates.estimate(less, windows, encoder), visible.values, less.values))
    check = _try(held_out.score, estimated, truth, visible.values)
    return {name: _validated(name, candidates, learn, check, config) for name in strategies}


def _validated(
    strategy: str, candidates: Candidates, learn: list[HoldoutErrors], check: HoldoutErrors, config: Config
) -> Validated:
    names, columns = candidates.names, learn[0].columns
    learn = [errors.where(candidates.has_estimate(errors.known, strategy)) for errors in learn]
    check = check.where(candidates.has_estimate(check.known, strategy))
    if strategy == AUTO:
        stack = _weigh(names, learn, columns, config)
    else:
        stack = Ensemble.only(names.index(strategy), len(names), columns)
    judged = ErrorSample.joined([errors.judged(stack) for errors in learn])
    outcome = check.judged(stack)
    told = score_summary(outcome.error, check.errors[names.index("linear")], UNITS[config.scaling])
    if len(outcome.error):
        told["candidates"] = dict(zip(names, map(_sizes, check.errors), strict=True))
        told["weights"] = weights_by_gap(names, stack, outcome.column, check.kind)
    return Validated(stack, Calibration.fit(judged, outcome, columns), told)


def _weigh(names: tuple[str, ...], samples: list[HoldoutErrors], columns: int, config: Config) -> Ensemble:
    chosen = [names.index(name) for name in config.candidate_names if name in names]
    errors = np.concatenate([errors.errors[chosen] for errors in samples], axis=1)
    column = np.concatenate([errors.evidence.column for errors in samples])
    kind = np.concatenate([errors.kind for errors in samples])
    longest = 1 + max((int(errors.evidence.gap.max()) for errors in samples if len(errors.evidence.gap)), default=0)
    gap = np.concatenate([errors.evidence.gap + number * longest for number, errors in enumerate(samples)])
    return Ensemble.fit(errors, column, kind, gap, columns).among(chosen, len(names))


def _try(cells: BoolArray, estimated: SeriesEstimates, truth: FloatArray, seen: FloatArray) -> HoldoutErrors:
    """What was said of `cells` (T, C), hidden in the series as it was `seen`."""
    cells = cells & ~np.isnan(estimated.values).all(axis=0)
    errors = errors_at(cells, estimated.values, truth)
    evidence = error_sample_at(cells, -errors[0], seen, estimated.values, estimated.spread)
    known = ~np.isnan(estimated.values[:, cells])
    return HoldoutErrors(errors, known, kind_of(seen)[cells], evidence, seen.shape[1])


def errors_at(cells: BoolArray, estimates: FloatArray, truth: FloatArray) -> FloatArray:
    """Errors (K, M) of K estimates (K, T, C) at the `cells` (T, C), each of which one at least reaches.

    Where a candidate has nothing to say it is taken to say what the first that speaks does.
    """
    chosen = estimates[:, cells]
    first = np.take_along_axis(chosen, (~np.isnan(chosen)).argmax(axis=0)[None], axis=0)
    return np.asarray(np.where(np.isnan(chosen), first, chosen) - truth[cells])


def weights_by_gap(names: tuple[str, ...], stack: Ensemble, column: IntArray, kind: IntArray) -> Mapping[str, object]:
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
