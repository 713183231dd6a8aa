"""Fitting the encoder and the candidates of each path to one series with held-out cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from latentfill.core.config import AUTO, Config
from latentfill.core.errors import InputError
from latentfill.core.series import IntArray
from latentfill.embeddings.protocols.encoder import Encoder
from latentfill.embeddings.protocols.record import Embeddings
from latentfill.embeddings.stored.lookup import StoredEncoder
from latentfill.imputation.fitting.fitted import FittedPath
from latentfill.imputation.fitting.stored_windows import blend_starts, config_for_stored
from latentfill.imputation.fitting.time_budget import TimeBudget
from latentfill.imputation.validation.holdout import HeldOutSeries
from latentfill.imputation.validation.holdout_errors import measure
from latentfill.imputation.validation.validate import Validated, validate
from latentfill.nn.progress import History, OutOfTimeError, ProgressCallback
from latentfill.strategies.candidates import Candidates, needs_encoder
from latentfill.strategies.protocols.strategy import StrategySpec, TrainingInputs
from latentfill.windows.windows import Windows, window_starts

ENCODER_SHARE = 0.35  # share of the time budget after which the encoder must be trained
TRAINING_SHARE = 0.75  # share after which all networks must be trained; the rest is for validation
MOST_CELLS = 1 << 25  # most cells in the windows of other splits that are searched for neighbours
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
        compare_with: Sequence[str] = (),
        budget: TimeBudget | None = None,
        progress: ProgressCallback | None = None,
    ) -> None:
        """`compare_with` names strategies to fit and validate beside the strategy of the settings."""
        self.held_out = held_out
        self.config = config
        self.validated_strategies = tuple(dict.fromkeys((config.strategy, *compare_with)))
        self.names = _candidate_names(config, self.validated_strategies)
        self.budget = budget or TimeBudget.starting_now(config)
        self.progress = progress
        self.columns, self.phases = held_out.series.values.shape[1], held_out.series.clock.shape[1]

    @property
    def every_start(self) -> IntArray:
        """Starts of all windows, at stride 1."""
        return np.arange(self.held_out.series.n_steps - self.config.windows.length + 1)

    def fit_encoder(self) -> tuple[Encoder | None, dict[str, History]]:
        """Train the builtin encoder on all windows; returns it with its history, or None if time runs out."""
        from latentfill.embeddings.builtin.encoder import BuiltinEncoder  # here, because it imports torch

        data = self.held_out.training_data(self.every_start, self.config.windows.length)
        deadline = self.budget.deadline(ENCODER_SHARE)
        try:
            encoder, history = BuiltinEncoder.trained(self.config, data, self.progress, deadline)
        except OutOfTimeError:
            return None, {}
        return encoder, {"encoder": history}

    def fit_builtin(
        self, encoder: Encoder | None, encoder_history: Mapping[str, History], donor_windows: Windows | None = None
    ) -> FittedPath:
        """Fit the path on an encoder that can embed any window."""
        return self._fit_path(
            PathInputs(
                config=self.config,
                encoder=encoder,
                encoder_history=encoder_history,
                starts=self.every_start,
                blend_starts=window_starts(
                    self.held_out.series.n_steps, self.config.windows.length, self.config.windows.stride
                ),
                donor_windows=donor_windows,
            )
        )

    def fit_stored(self, split: str, stored: Embeddings, all_splits: Embeddings | None) -> FittedPath:
        """Fit the path on the stored embeddings of one split.

        `all_splits` holds the embeddings of all splits if they share one space: the windows of all splits are then
        searched for neighbours.
        """
        config, searched = config_for_stored(self.config), all_splits or stored
        return self._fit_path(
            PathInputs(
                config=config,
                encoder=StoredEncoder(searched, config.device),
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
        candidates, history = self._fit_candidates(path, spec)
        dropped = tuple(name for name in self.names if name not in candidates.names)
        if path.config.strategy in dropped:
            raise InputError(
                f"strategy {path.config.strategy!r} cannot be fitted within the time budget of "
                f"{path.config.time_budget:g} s. Raise the time budget, train for fewer steps, or use auto."
            )
        validated = dict(self._validate(path, candidates, dropped))
        return FittedPath(
            spec=spec,
            candidates=candidates,
            validated=validated[path.config.strategy],
            stored=path.split is not None,
            history={**path.encoder_history, **history},
            compared=validated,
            dropped=dropped,
        )

    def _fit_candidates(self, path: PathInputs, spec: StrategySpec) -> tuple[Candidates, dict[str, History]]:
        """The fitted candidates and their training history; without an encoder, only candidates that need none."""
        names = tuple(name for name in self.names if path.encoder is not None or not needs_encoder([name]))
        inputs = TrainingInputs(
            data=self.held_out.training_data(path.starts, path.config.windows.length),
            encoder=path.encoder,
            donor_windows=path.donor_windows,
            progress=self.progress,
            stage_suffix="" if path.split is None else f" of {path.split}",
            deadline=self.budget.deadline(TRAINING_SHARE),
        )
        return Candidates.fit(names, spec, inputs)

    def _validate(
        self, path: PathInputs, candidates: Candidates, dropped: Sequence[str]
    ) -> Iterator[tuple[str, Validated]]:
        """The validation of each strategy that the time budget allowed, with the strategy's name."""
        results = measure(candidates, path.encoder, self.held_out, path.blend_starts)
        for strategy in self.validated_strategies:
            if strategy not in dropped:
                validated = validate(strategy, results, candidates, path.config)
                label = {} if path.split is None else {"label": ORACLE}
                yield strategy, replace(validated, score=validated.score | label)


def _candidate_names(config: Config, strategies: Sequence[str]) -> tuple[str, ...]:
    """Names of the candidates to fit: `linear`, the candidates of the settings, and the candidates of `strategies`."""
    of_compared = (
        name for strategy in strategies for name in (config.candidate_names if strategy == AUTO else (strategy,))
    )
    return tuple(dict.fromkeys(("linear", *config.strategies, *of_compared)))
