"""Fitting the encoder and the candidates of each path to one series with held-out cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace

import numpy as np

from latentfill.core.config import AUTO, BY_EFFORT, Config
from latentfill.core.errors import InputError
from latentfill.core.messages import quoted
from latentfill.core.series import IntArray
from latentfill.core.stages import tell_stage
from latentfill.core.strategy_table import STRATEGIES, Kind
from latentfill.embeddings.protocols.encoder import Encoder
from latentfill.embeddings.protocols.record import Embeddings
from latentfill.embeddings.stored.lookup import StoredEncoder
from latentfill.imputation.fitting.fitted import OUT_OF_TIME, FittedPath
from latentfill.imputation.fitting.stages import MOST_TRIED, Stages, Trial, least_gain, stages_by_size
from latentfill.imputation.fitting.stored_windows import blend_starts, config_for_stored
from latentfill.imputation.fitting.time_budget import TimeBudget
from latentfill.imputation.validation.column_units import ColumnUnits
from latentfill.imputation.validation.holdout import HeldOutSeries
from latentfill.imputation.validation.holdout_errors import measure
from latentfill.imputation.validation.validate import Validated, validate
from latentfill.nn.progress import History, OutOfTimeError, ProgressCallback
from latentfill.strategies.candidates import Candidates, needs_encoder, of_kinds
from latentfill.strategies.protocols.strategy import StrategySpec, TrainingInputs
from latentfill.windows.windows import Windows

ENCODER_SHARE = 0.35  # share of the time budget after which the encoder must be trained
TRAINING_SHARE = 0.75  # share after which all networks must be trained; the rest is for validation
STARTS_PER_WINDOW = 8  # of many series, windows to learn from that start within the length of one
MOST_CELLS = 1 << 25  # most cells in the windows of other splits that are searched for neighbours
REASONS: Mapping[Kind, str] = {  # why a strategy that was fitted in time is left out, by its kind
    "correction": "it did not lower the error on reserved stretches of the series",
    "series": "its numbers overflowed or lost all precision on this table",
}
WORTHLESS = "in a trial on a part of the table, it lowered the error by"
ORACLE = "oracle: the stored embeddings may have seen the held-out values, so the true error may be larger"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PathInputs:
    """Inputs for fitting the candidates of one path, beside the series with held-out cells."""

    config: Config
    encoder: Encoder | None
    encoder_history: Mapping[str, History]  # training history of the encoder
    starts: IntArray  # starts of the windows to train on
    blend_starts: IntArray  # starts of the windows whose estimates are blended for validation
    donor_windows: Windows | None  # further windows to search for neighbours
    split: str | None = None  # split of the stored embeddings; None for the builtin path


class StrategyFitter:
    """Fits the candidates of every path to one series with held-out cells."""

    def __init__(
        self,
        held_out: HeldOutSeries,
        config: Config,
        units: ColumnUnits,
        compare_with: Sequence[str] = (),
        budget: TimeBudget | None = None,
        progress: ProgressCallback | None = None,
        with_donor: HeldOutSeries | None = None,
    ) -> None:
        """`compare_with` names strategies to fit and validate beside the strategy of the settings.

        `with_donor` is the series followed by a donor table: all learn from it, but are validated on the series.
        """
        self.held_out = held_out
        self.learnt_from = with_donor or held_out
        self.config = config
        self.units = units
        self.validated_strategies = tuple(dict.fromkeys((config.strategy, *compare_with)))
        self.names = candidate_names(config, self.validated_strategies)
        self.budget = budget or TimeBudget.starting_now(config)
        self.progress = progress
        self.columns, self.phases = held_out.series.values.shape[1], held_out.series.clock.shape[1]

    def with_config(self, config: Config) -> StrategyFitter:
        """A fitter with other settings; with another strategy, only that one is fitted."""
        if config == self.config:
            return self
        fitter = copy(self)
        fitter.config, fitter.validated_strategies = config, (config.strategy,)
        fitter.names = candidate_names(config, fitter.validated_strategies)
        return fitter

    @property
    def every_start(self) -> IntArray:
        """Starts of all windows to learn from; those of many series, which must be copied, at a wider stride."""
        series, length = self.learnt_from.series, self.config.windows.length
        return series.starts(length, 1 if series.parts == 1 else max(1, length // STARTS_PER_WINDOW))

    def fit_encoder(self) -> tuple[Encoder | None, dict[str, History]]:
        """Train the builtin encoder on all windows; returns it with its history, or None if time runs out."""
        from latentfill.embeddings.builtin.encoder import BuiltinEncoder  # here, because it imports torch

        data = self.learnt_from.training_data(self.every_start, self.config.windows.length)
        deadline = self.budget.deadline(ENCODER_SHARE)
        try:
            encoder, history = BuiltinEncoder.trained(self.config, data, self.progress, deadline)
        except OutOfTimeError:
            return None, {}
        return encoder, {"encoder": history}

    def fit_builtin(self, encoder: Encoder | None, encoder_history: Mapping[str, History]) -> FittedPath:
        """Fit the path on an encoder that can embed any window."""
        return self._fit_path(
            PathInputs(
                config=self.config,
                encoder=encoder,
                encoder_history=encoder_history,
                starts=self.every_start,
                blend_starts=self.held_out.series.starts(self.config.windows.length, self.config.windows.stride),
                donor_windows=None,
            )
        )

    def fit_stored(
        self, split: str, stored: Embeddings, all_splits: Embeddings | None, *, in_series: bool = True
    ) -> FittedPath:
        """Fit the path on the stored embeddings of one split.

        `all_splits` holds the embeddings of all splits if they share one space: the windows of all splits are then
        searched for neighbours. With `in_series`, the windows are known to be windows of one series.
        """
        config, searched = config_for_stored(self.config), all_splits or stored
        return self._fit_path(
            PathInputs(
                config=config,
                encoder=StoredEncoder(searched, config.device, config.stored.plan if in_series else None),
                encoder_history={},
                starts=stored.starts,
                blend_starts=blend_starts(stored, config.windows.stride),
                donor_windows=self._windows_of_other_splits(stored, searched, config.windows.length),
                split=split,
            )
        )

    def _windows_of_other_splits(self, stored: Embeddings, searched: Embeddings, length: int) -> Windows | None:
        """Windows of `searched` that are not in `stored`, evenly thinned to `MOST_CELLS`; None without a search."""
        starts = np.setdiff1d(searched.starts, stored.starts)
        if "neighbours" not in self.names or not len(starts):
            return None
        spacing = -(-len(starts) * length * self.columns // MOST_CELLS)
        return self.held_out.visible.cut(starts[::spacing], length)

    def _fit_path(self, path: PathInputs) -> FittedPath:
        """Fit the candidates of one path, and validate every strategy that the time budget allowed."""
        spec = StrategySpec(
            config=path.config,
            columns=self.columns,
            phases=self.phases,
            encoder_shape=None if path.encoder is None else path.encoder.shape,
        )
        candidates, history, skipped = self._fit_candidates(path, spec)
        if reason := skipped.get(path.config.strategy):
            raise InputError(self._cannot_be_fitted(reason))
        validated = dict(self._validate(path, candidates, skipped))
        return FittedPath(
            spec=spec,
            candidates=candidates,
            validated=validated[path.config.strategy],
            stored=path.split is not None,
            history={**path.encoder_history, **history},
            compared=validated,
            skipped=skipped,
        )

    def _cannot_be_fitted(self, reason: str) -> str:
        if reason != OUT_OF_TIME:
            return f"strategy {quoted(self.config.strategy)} cannot be fitted: {reason}. Use auto, or another strategy."
        return (
            f"strategy {quoted(self.config.strategy)} cannot be fitted within the time budget of "
            f"{self.config.time_budget:g} s. Raise the time budget, train for fewer steps, or use auto."
        )

    def _fit_candidates(
        self, path: PathInputs, spec: StrategySpec
    ) -> tuple[Candidates, dict[str, History], dict[str, str]]:
        """The fitted candidates, their training history, and the reasons why others were left out.

        Cheap ones come first, then those that a trial finds worth their time, last those that correct others.
        """
        stages, inputs = self._stages(stored=path.split is not None), self._training_inputs(path)
        for name in stages.certain if path.encoder is None else ():
            stages = stages.without(name, OUT_OF_TIME) if needs_encoder([name]) else stages
        first = of_kinds(("baseline", "series"), stages.certain)
        cheap, history = Candidates.fit(first, spec, inputs)
        stages = self._try(stages, spec, cheap, path.blend_starts)
        more = of_kinds(("series", "windows"), stages.certain)
        dear, trained = Candidates.fit(tuple(name for name in more if name not in first), spec, inputs)
        corrections = of_kinds(("correction",), stages.certain)
        required = (*self.validated_strategies, *self.config.candidates)
        candidates = cheap.joined(dear).with_corrections(corrections, spec, inputs, required)
        in_time = {} if inputs.out_of_time else REASONS
        reasons = {
            name: in_time.get(STRATEGIES[name].kind, OUT_OF_TIME)
            for name in stages.certain
            if name not in candidates.names
        }
        return candidates, history | trained, stages.skipped | reasons

    @property
    def needs_encoder(self) -> bool:
        """Whether a strategy of the builtin path works on embeddings."""
        return needs_encoder(self._stages(stored=False).certain)

    def _stages(self, *, stored: bool) -> Stages:
        """The strategies to fit, as far as the size of the table tells; those that the user named are all fitted.

        With `stored` embeddings, their decoder is trained whatever the effort.
        """
        if self.config.strategy != AUTO or self.config.candidates:
            return Stages(self.names)
        compared = (name for name in self.validated_strategies if name != AUTO)
        names = self.names if stored else tuple(dict.fromkeys((*BY_EFFORT[self.config.effort], *compared)))
        return stages_by_size(names, self.learnt_from.series.observed, stored=stored)

    def _try(self, stages: Stages, spec: StrategySpec, cheap: Candidates, starts: IntArray) -> Stages:
        """The stages after trials of the dear strategies beside the `cheap` ones."""
        others = cheap.estimate(self.learnt_from.visible, starts, None).values if stages.to_try else np.empty(0)
        for name in stages.to_try:
            tell_stage(f"trying {name}")
            gain = Trial.of(self.learnt_from, MOST_TRIED[name]).gain(name, spec, others)
            wanted = least_gain(name, self.columns)
            reason = f"{WORTHLESS} {max(gain, 0):.1%}, and {wanted:.1%} or more are worth its time"
            stages = stages.accepting(name) if gain > wanted else stages.without(name, reason)
        return stages

    def _training_inputs(self, path: PathInputs) -> TrainingInputs:
        return TrainingInputs(
            data=self.learnt_from.training_data(path.starts, path.config.windows.length),
            encoder=path.encoder,
            donor_windows=path.donor_windows,
            progress=self.progress,
            stage_suffix="" if path.split is None else f" of {path.split}",
            deadline=self.budget.deadline(TRAINING_SHARE),
        )

    def _validate(
        self, path: PathInputs, candidates: Candidates, skipped: Mapping[str, str]
    ) -> Iterator[tuple[str, Validated]]:
        """The validation of each strategy that the time budget allowed, with the strategy's name."""
        alone = path.config.windows.alone
        tell_stage("testing on held-out readings")
        # with a donor table, networks and trees learn nearly everything from it
        trained = False if self.learnt_from is not self.held_out else None
        results = measure(candidates, path.encoder, self.held_out, path.blend_starts, alone=alone, trained=trained)
        for strategy in self.validated_strategies:
            if strategy not in skipped:
                validated = validate(strategy, results, candidates, path.config, self.units)
                label = {} if path.split is None else {"label": ORACLE}
                yield strategy, replace(validated, score=validated.score | label)


def candidate_names(config: Config, strategies: Sequence[str]) -> tuple[str, ...]:
    """Names of the candidates to fit: `linear`, the candidates of the settings and of `strategies`, and what they need.

    A strategy that corrects another one needs it.
    """
    of_compared = (
        name for strategy in strategies for name in (config.candidate_names if strategy == AUTO else (strategy,))
    )
    named = ("linear", *config.strategies, *of_compared)
    corrected = (STRATEGIES[name].corrects for name in named)
    return tuple(dict.fromkeys((*named, *filter(None, corrected))))
