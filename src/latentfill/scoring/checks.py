"""Conditions on scores that make `latentfill evaluate --fail-if` end with an error."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latentfill.core.errors import InputError, did_you_mean
from latentfill.core.messages import quoted
from latentfill.scoring.scores import MEASURES, PAST_YARDSTICK, YARDSTICK, Score, of_all_cells, over_seeds

if TYPE_CHECKING:
    from latentfill.core.config import Config
    from latentfill.scoring.spec import ScoringSpec

RELATIONS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
Measured = Callable[["ScoringSpec", "Config"], bool]  # whether a run with these settings measures a metric
NEEDED: Mapping[str, tuple[str, Measured]] = {  # metrics that not every run measures, with what makes a run do so
    "coverage": ("give --intervals", lambda spec, config: config.output.intervals is not None),
    "width": ("give --intervals", lambda spec, config: config.output.intervals is not None),
    "crps": (
        "give --intervals, and not --causal",
        lambda spec, config: config.output.intervals is not None and not config.causal,
    ),
    "ratio_to_linear": ("leave out --causal", lambda spec, config: not config.causal),
    "ratio_to_locf": ("give --causal", lambda spec, config: config.causal),
    "ratio_to_none": ("give --encoders", lambda spec, config: bool(spec.encoders)),
}
PATTERN = re.compile(r"\s*(?:([\w-]+)\.)?(\w+)\s*(<=|>=|<|>)\s*(-?[\d.]+(?:[eE]-?\d+)?)\s*")


@dataclass(frozen=True, slots=True)
class Check:
    """A condition under which a run counts as failed, such as `ratio_to_linear>1.0` or `auto.mae>=0.3`."""

    text: str
    strategy: str | None  # None: the first strategy of the run
    metric: str
    relation: str  # a key of `RELATIONS`
    limit: float

    @classmethod
    def parse(cls, text: str) -> Check:
        """Parse a condition such as `auto.mae>=0.3`; raises an `InputError` for text of another form."""
        match = PATTERN.fullmatch(text)
        if not match:
            raise InputError(f"a check has the form METRIC>NUMBER or STRATEGY.METRIC<NUMBER, got {quoted(text)}.")
        strategy, metric, relation, number = match.groups()
        if metric not in MEASURES:
            raise InputError(f"check {quoted(text)}: {did_you_mean('metric', metric, MEASURES)}")
        try:
            return cls(text.strip(), strategy, metric, relation, float(number))
        except ValueError as error:
            raise InputError(f"check {quoted(text)}: {quoted(number)} is not a number.") from error

    def check_run(self, spec: ScoringSpec, config: Config) -> None:
        """Raise an `InputError` if a run with these settings cannot tell whether the condition is met."""
        self._strategy_in([*spec.strategies, PAST_YARDSTICK if config.causal else YARDSTICK])
        if self.metric in NEEDED and not NEEDED[self.metric][1](spec, config):
            raise self._not_measured()

    def failures(self, scores: Sequence[Score]) -> list[str]:
        """A message for each pattern, rate and encoder at which the metric's mean over the seeds meets the condition.

        Raises an `InputError` if the run has no such strategy or metric.
        """
        strategy = self._strategy_in([score.strategy for score in scores])
        tested = of_all_cells(scores)
        self._check_measured(tested)
        messages = []
        for key, metrics in over_seeds(tested).items():
            mean = metrics.get(self.metric)
            if key.strategy == strategy and mean and RELATIONS[self.relation](mean.mean, self.limit):
                where = f"{key.name}, {key.pattern} {key.rate:g}"
                messages.append(f"{self.text}: {where}: {self.metric} is {mean.mean:.4g}")
        return messages

    def _strategy_in(self, strategies: Sequence[str]) -> str:
        """The strategy that the condition is about; raises an `InputError` if it is not one of those of a run."""
        known = list(dict.fromkeys(strategies))
        strategy = self.strategy or known[0]
        if strategy not in known:
            raise InputError(f"check {quoted(self.text)}: {did_you_mean('strategy', strategy, known)}")
        return strategy

    def _check_measured(self, scores: Sequence[Score]) -> None:
        """Raise an `InputError` if the metric was not measured in this run."""
        if all(getattr(score, self.metric) is None for score in scores):
            raise self._not_measured()

    def _not_measured(self) -> InputError:
        way_out = f"; {NEEDED[self.metric][0]} to measure it" if self.metric in NEEDED else ""
        return InputError(f"check {quoted(self.text)}: this run has no {self.metric}{way_out}.")
