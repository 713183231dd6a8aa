"""Scoring strategies on a table that stacks several series: each on hidden cells of its own, and all together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np

from latentfill.core.config import Config
from latentfill.core.errors import InputError, LatentFillError
from latentfill.core.messages import name_problems
from latentfill.core.series import IntArray
from latentfill.nn.progress import ProgressCallback
from latentfill.scoring.encoders import with_ratios
from latentfill.scoring.evaluate import evaluate
from latentfill.scoring.run import Run
from latentfill.scoring.scores import Score, key_of, yardstick_of
from latentfill.scoring.spec import ScoringSpec
from latentfill.tables.groups import GroupedTable
from latentfill.tables.table import Table

_MEANS = ("mse", "mae", "mre", "crps", "coverage", "width", "window_seconds")  # means over cells


@dataclass(frozen=True, slots=True, eq=False)
class StackedScores:
    """The scores of several series."""

    joint: list[Score]  # over the hidden cells of all series
    by_series: Mapping[str, list[Score]]
    notes: list[str]  # one sentence each


def evaluate_stacked(
    grouped: GroupedTable,
    config: Config,
    spec: ScoringSpec,
    *,
    progress: ProgressCallback | None = None,
    on_progress: Callable[[str], None] | None = None,
) -> StackedScores:
    """Score every series as `evaluate` does, with models of its own; a series that cannot be scored costs only itself.

    Raises an `InputError` if no series can be scored.
    """
    problems = {group.name: group.problem for group in grouped.groups if group.table is None}
    runs: dict[str, list[Run]] = {}
    for group in grouped.groups:
        if group.table is None:
            continue
        try:
            runs[group.name] = _runs(group.name, group.table, config, spec, progress, on_progress)
        except LatentFillError as error:
            problems[group.name] = str(error)
    if not runs:
        raise InputError(f"No series can be scored. {next(iter(problems.values()))}")
    by_series = {name: [score for run in own for score in run.scores] for name, own in runs.items()}
    notes = dict.fromkeys(note for own in runs.values() for run in own for note in run.notes)
    failed = [f"{len(problems)} of {len(grouped.groups)} series are not scored ({name_problems(problems)})."]
    own_models = "Each series is scored with models of its own; errors of all together are means over their cells."
    return StackedScores(pooled(by_series.values()), by_series, [own_models, *notes, *(failed if problems else [])])


def _runs(
    name: str,
    table: Table,
    config: Config,
    spec: ScoringSpec,
    progress: ProgressCallback | None,
    on_progress: Callable[[str], None] | None,
) -> list[Run]:
    """The runs on one series; `on_progress` is told its name."""
    tell = None if on_progress is None else lambda text: on_progress(f"{name}: {text}")
    return list(evaluate(table, config, spec, progress=progress, on_progress=tell))


def pooled(by_series: Iterable[list[Score]]) -> list[Score]:
    """The scores over the hidden cells of all series, from those of each series."""
    groups: dict[tuple[object, ...], list[tuple[Score, float]]] = {}
    for scores in by_series:
        yardstick = {_cells_of(score): score.mse for score in scores if score.strategy == yardstick_of(scores)}
        for score in scores:
            pair = (score, yardstick[_cells_of(score)])
            groups.setdefault((*_cells_of(score), key_of(score)), []).append(pair)
    joint = [_pooled_score(pairs) for pairs in groups.values()]
    runs = groupby(sorted(joint, key=_run_of), key=_run_of)
    return [score for _, scores in runs for score in with_ratios(list(scores))]


def _run_of(score: Score) -> tuple[int, str, float]:
    return score.seed, score.pattern, score.rate


def _cells_of(score: Score) -> tuple[object, ...]:
    """What tells the hidden cells of one score from those of others."""
    return *_run_of(score), score.column, score.gap


def _pooled_score(pairs: Sequence[tuple[Score, float]]) -> Score:
    """One score from those of several series, each with the MSE of the yardstick on the same cells."""
    scores = [score for score, _ in pairs]
    cells = np.array([score.cells for score in scores])
    yardstick = float(np.average([mse for _, mse in pairs], weights=cells))
    means: dict[str, Any] = {name: _mean([getattr(score, name) for score in scores], cells) for name in _MEANS}
    observed = sum(score.cells / score.realised_rate for score in scores)
    return replace(
        scores[0],
        **means,
        cells=int(cells.sum()),
        gaps=None if any(score.gaps is None for score in scores) else sum(score.gaps or 0 for score in scores),
        realised_rate=float(cells.sum() / observed),
        **_ratio(scores, means["mse"] / yardstick if yardstick > 0 else None),
        label=next((score.label for score in scores if score.label), None),
    )


def _ratio(scores: Sequence[Score], ratio: float | None) -> dict[str, Any]:
    """The ratio to the yardstick, by the name of the field that the scores have it in."""
    past = any(score.ratio_to_locf is not None for score in scores)
    return {"ratio_to_locf": ratio} if past else {"ratio_to_linear": ratio}


def _mean(values: Sequence[float | None], cells: IntArray) -> float | None:
    """The mean over the cells; None if the metric was not measured."""
    known = [(value, n) for value, n in zip(values, cells.tolist(), strict=True) if value is not None]
    return float(np.average([v for v, _ in known], weights=[n for _, n in known])) if known else None
