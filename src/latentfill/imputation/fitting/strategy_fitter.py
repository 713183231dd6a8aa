"""Fitting the encoder and the candidates of each path to the same held-out series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from latentfill.core.config import AUTO, Config
from latentfill.core.errors import InputError
from latentfill.core.seeds import SeedStream
from latentfill.core.series import IntArray
from latentfill.embeddings.builtin.encoder import BuiltinEncoder
from latentfill.embeddings.protocols.encoder import Encoder
from latentfill.embeddings.protocols.record import Embeddings
from latentfill.embeddings.stored.lookup import StoredEncoder
from latentfill.imputation.fitting.fitted import FittedPath
from latentfill.imputation.fitting.stored_windows import blend_starts, config_for_stored
from latentfill.imputation.fitting.time_budget import TimeBudget
from latentfill.imputation.validation.holdout import HeldOutSeries
from latentfill.imputation.validation.holdout_errors import measure
from latentfill.imputation.validation.validate import Validated, validate
from latentfill.nn.runtime import pick_device, seeded
from latentfill.nn.training import History, OutOfTimeError, ProgressCallback
from latentfill.strategies.candidates import Candidates, needs_encoder
from latentfill.strategies.protocols.strategy import StrategySpec, TrainingInputs
from latentfill.windows.windows import Windows, window_starts

ENCODER_SHARE = 0.35  # of the time budget, by the end of which the encoder must be trained
TRAINING_SHARE = 0.75  # of the time budget, by the end of which all networks must be; the rest is for validation
MOST_CELLS = 1 << 25  # of the windows of other splits that are searched for neighbours
ORACLE = "oracle: the stored embeddings may have seen the held-out values, so the true error may be larger"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PathInputs:
    """What the candidates of one path are fitted on, beside the held-out series."""

    config: Config
    encoder: Encoder | None
    encoder_history: Mapping[str, History]  # of the encoder's training
    starts: IntArray  # of the windows to train on
    blend_starts: IntArray  # of the windows whose estimates are blended for validation
    donor_windows: Windows | None  # more windows to search for neighbours
    split: str | None = None  # of the stored embeddings; None for the builtin path


class StrategyFitter:
    """Fits the candidates of every path to the same held-out series."""

    def __init__(
        self,
        held_out: HeldOutSeries,
        config: Config,
        compare_with: Sequence[str] = (),
        budget: TimeBudget | None = None,
        progress: ProgressCallback | None = None,
    ) -> None:
        """`compare_with` names strategies to fit and validate beside that of the settings."""
        self.held_out = held_out
        self.config = config
        self.validated_strategies = tuple(dict.fromkeys((config.strategy, *compare_with)))
        self.names = _candidate_names(config, self.validated_strategies)
        self.budget = budget or TimeBudget.starting_now(config)
        self.progress = progress
        self.columns, self.phases = held_out.series.values.shape[1], held_out.series.clock.shape[1]
        self.device = pick_device(config.device)

    @property
    def every_start(self) -> IntArray:
        """Starts of all windows."""
        return np.arange(self.held_out.series.n_steps - self.config.windows.length + 1)

    def fit_encoder(self) -> tuple[BuiltinEncoder | None, dict[str, History]]:
        """The builtin encoder, trained on every window, and its history; None if the time budget does not allow it."""
        rng = SeedStream.ENCODER.generator(self.config.seed)
        data = self.held_out.training_data(self.every_start, self.config.windows.length)
        try:
            with seeded(self.config.seed):
                encoder = BuiltinEncoder(self.config, columns=self.columns, phases=self.phases, device=self.device)
                history = encoder.fit(data, rng, self.progress, self.budget.deadline(ENCODER_SHARE))
        except OutOfTimeError:
            return None, {}
        return encoder, {"encoder": history}

    def fit_builtin(
        self, encoder: Encoder | None, encoder_history: Mapping[str, History], donor_windows: Windows | None = None
    ) -> FittedPath:
        """The path on an encoder that can embed any window."""
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

    def fit_stored(self, split: str, own: Embeddings, shared: Embeddings | None) -> FittedPath:
        """The path on the stored embeddings of one split.

        `shared` are the embeddings of all splits, if they share one space: then all are searched for neighbours.
        """
        config, embeddings = config_for_stored(self.config), shared or own
        return self._fit_path(
            PathInputs(
                config=config,
                encoder=StoredEncoder(embeddings, self.device),
                encoder_history={},
                starts=own.starts,
                blend_starts=blend_starts(own, config.windows.stride),
                donor_windows=self._windows_of_other_splits(own, embeddings, config.windows.length),
                split=split,
            )
        )

    def _windows_of_other_splits(self, own: Embeddings, shared: Embeddings, length: int) -> Windows | None:
        """Windows of the other splits, thinned out evenly to `MOST_CELLS`; None if they are not searched."""
        starts = np.setdiff1d(shared.starts, own.starts)
        if "neighbours" not in self.names or not len(starts):
            return None
        every = -(-len(starts) * length * self.columns // MOST_CELLS)
        return self.held_out.visible.cut(starts[::every], length)

    def _fit_path(self, path: PathInputs) -> FittedPath:
        """Fit the candidates, and validate every strategy that there was time for."""
        spec = StrategySpec(
            config=path.config,
            columns=self.columns,
            phases=self.phases,
            encoder_shape=None if path.encoder is None else path.encoder.shape,
            device=self.device,
        )
        candidates, history = self._fit_candidates(path, spec)
        dropped = tuple(name for name in self.names if name not in candidates.names)
        if path.config.strategy in dropped:
            raise InputError(
                f"strategy {path.config.strategy!r} cannot be fitted within the time budget of "
                f"{path.config.time_budget:g} s. Allow more, train for fewer steps, or leave the choice to auto."
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
        """The candidates, and how their networks were trained; without an encoder only those that need none."""
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
        """What held-out cells tell about each strategy."""
        results = measure(candidates, path.encoder, self.held_out, path.blend_starts)
        for strategy in self.validated_strategies:
            if strategy not in dropped:
                found = validate(strategy, results, candidates, path.config)
                label = {} if path.split is None else {"label": ORACLE}
                yield strategy, replace(found, score=found.score | label)


def _candidate_names(config: Config, strategies: Sequence[str]) -> tuple[str, ...]:
    """The candidates to fit: linear interpolation, those of the settings, and those that the strategies consist of."""
    of_strategies = (
        name for strategy in strategies for name in (config.candidate_names if strategy == AUTO else (strategy,))
    )
    return tuple(dict.fromkeys(("linear", *config.strategies, *of_strategies)))
