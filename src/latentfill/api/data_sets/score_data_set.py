"""Scores strategies on hidden cells of many series, in parts, with the processes of an engine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.metadata import version

from latentfill.api.data_sets.data_set import DataSet, OnPart
from latentfill.api.data_sets.fill_data_set import check_for_many
from latentfill.api.data_sets.part import Content, PartFiles
from latentfill.api.data_sets.series_reader import OneSeries
from latentfill.core.errors import InputError, LatentFillError
from latentfill.core.messages import name_problems
from latentfill.engines.engine import Engine
from latentfill.imputation.imputer import Imputer
from latentfill.scoring.evaluate import evaluate
from latentfill.scoring.scores import Score, of_all_cells
from latentfill.scoring.spec import ScoringSpec
from latentfill.scoring.stacked import StackedScores, pooled


@dataclass(frozen=True, eq=False)
class ScoreWork:
    """A `Work` that scores each series with models of its own."""

    imputer: Imputer  # with the settings, not fitted
    spec: ScoringSpec

    @cached_property
    def key(self) -> str:
        """See `Work`."""
        settings = [self.imputer.config.to_dict(), asdict(self.imputer.options), repr(self.spec)]
        return hashlib.sha256(json.dumps([version("latentfill"), *settings]).encode()).hexdigest()

    def check(self, series: OneSeries) -> None:
        """See `Work`."""
        self._scores(series)

    def do(self, series: Sequence[OneSeries], left_out: Mapping[str, str], name: str, files: PartFiles) -> Content:
        """See `Work`."""
        problems = {each.name: each.problem for each in series if each.table is None} | dict(left_out)
        scores: dict[str, list[Score]] = {}
        for each in series:
            if each.name in problems:
                continue
            try:
                scores[each.name] = self._scores(each)
            except LatentFillError as error:
                problems[each.name] = str(error)
        return {
            "series": len(scores) + len(problems),
            "not_scored": problems,
            "scores": [asdict(score) for score in pooled(scores.values())],
            "of each": {name: [asdict(score) for score in of_all_cells(own)] for name, own in scores.items()},
        }

    def _scores(self, series: OneSeries) -> list[Score]:
        assert series.table is not None
        runs = evaluate(series.table, self.imputer.config, self.spec)
        return [score for run in runs for score in run.scores]


def score_data_set(
    data: DataSet, imputer: Imputer, spec: ScoringSpec, engine: Engine, on_part: OnPart | None = None
) -> StackedScores:
    """The scores over the hidden cells of all series, each scored as `evaluate` does with models of its own.

    The output of the data set has what is known of each part, so that an interrupted run goes on where it stopped.
    Raises an `InputError` if no series can be scored.
    """
    check_for_many(imputer)
    with data.opened(imputer.options) as opened:
        settings = imputer.with_options(opened.reader.options)
        parts = opened.run(engine, ScoreWork(settings.of_part(), spec), on_part)
    problems = {name: problem for part in parts for name, problem in part["not_scored"].items()}
    joint = pooled([Score(**score) for score in part["scores"]] for part in parts if part["scores"])
    if not joint:
        raise InputError(f"No series can be scored. {next(iter(problems.values()), '')}")
    n_series = sum(part["series"] for part in parts)
    notes = ["Each series is scored with models of its own; errors of all together are means over their cells."]
    notes += [f"{len(problems)} of {n_series} series are not scored ({name_problems(problems)})."] * bool(problems)
    return StackedScores(joint, {}, notes)
