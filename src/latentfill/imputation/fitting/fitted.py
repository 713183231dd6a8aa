"""The records of a fitted model: everything that was learnt from one series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from latentfill.core.config import Config
from latentfill.core.messages import name_columns
from latentfill.core.series import BoolArray, FloatArray, Series
from latentfill.core.strategy_table import STRATEGIES
from latentfill.embeddings.protocols.encoder import Encoder
from latentfill.imputation.fitting.stored_windows import config_elsewhere
from latentfill.imputation.validation.column_units import ColumnUnits
from latentfill.imputation.validation.validate import Validated
from latentfill.kinds.columns import ColumnKinds
from latentfill.nn.progress import History
from latentfill.strategies.candidates import Candidates
from latentfill.strategies.protocols.strategy import StrategySpec
from latentfill.windows.cycles import clock_features
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.series_scaling import SeriesScaler
from latentfill.windows.windows import ScaledSeries, column_of

OUT_OF_TIME = "the time budget left no room for it"  # why a strategy is left out
BUILTIN = "built-in"  # name of the path on the builtin encoder, beside the splits of stored embeddings


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedPath:
    """Candidates fitted on the embeddings of one encoder, and their validation on held-out cells."""

    spec: StrategySpec
    candidates: Candidates
    validated: Validated  # validation of the strategy that fills the gaps
    stored: bool  # whether the embeddings are stored ones
    history: Mapping[str, History]  # training history by network
    compared: Mapping[str, Validated] = field(default_factory=dict)  # validation of every compared strategy
    skipped: Mapping[str, str] = field(default_factory=dict)  # strategies that were left out, and why

    def using(self, strategy: str) -> FittedPath:
        """The same path, filling with `strategy`, which must be a key of `compared`."""
        spec = replace(self.spec, config=self.spec.config.replace(strategy=strategy))
        return replace(self, spec=spec, validated=self.compared[strategy])

    @property
    def codes(self) -> list[int]:
        """The cell code of each candidate; a cell gets the code of the candidate with the largest weight."""
        return [STRATEGIES[name].cell_code(stored=self.stored).number for name in self.candidates.names]


@dataclass(frozen=True, slots=True, kw_only=True)
class CovariateGain:
    """What covariates bring: the errors of a model with and a model without them."""

    columns: tuple[str, ...]  # names of the covariates
    with_them: float | None  # mean squared error on the score cells, scaled units; None without such cells
    without: float | None
    used: bool  # whether they lower the error on the tuning cells, so that the model with them fills the gaps

    @property
    def note(self) -> str:
        """What covariates bring, as a sentence for the user."""
        errors = ""
        if self.with_them is not None and self.without is not None:
            errors = f" (mean squared error {self.with_them:.4g} with them, {self.without:.4g} without)"
        if self.used:
            return f"The covariates lower the error on held-out cells{errors}."
        return (
            f"The covariates do not lower the error on held-out cells{errors}: the model without them fills the gaps."
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fitted:
    """A fitted model: everything needed to fill a series of C columns, predicted from K covariates too."""

    config: Config
    columns: tuple[str, ...]  # C names
    covariates: tuple[str, ...] = ()  # K names; they are columns of the scaled series, after the others
    gain: CovariateGain | None = None  # what covariates bring; None if there were none
    kinds: ColumnKinds  # of the C + K columns, which have W working columns
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of columns whose values number their labels
    known: BoolArray  # (C + K,), True for columns with an observed value to learn from
    scaler: ColumnScaler  # of the working columns
    cycles: tuple[float, ...]  # lengths in seconds if `stamped`, else in steps
    stamped: bool  # whether the series had time stamps
    encoder: Encoder | None  # of the builtin path; None if no strategy works on embeddings
    builtin: FittedPath
    stored: Mapping[str, FittedPath]  # paths on stored embeddings, by split
    one_space: bool = False  # whether the embeddings of all splits are known to share a space
    n_steps: int = 0  # length of the fitted series
    shrunk_from: int | None = None  # window length of the settings, if the series was too short for it
    by_series: SeriesScaler | None = None  # of a model for many series

    @property
    def all_columns(self) -> tuple[str, ...]:
        """The names of the columns, then of the covariates."""
        return (*self.columns, *self.covariates)

    @property
    def targets(self) -> BoolArray:
        """The columns that are filled, (C + K,)."""
        return np.arange(len(self.all_columns)) < len(self.columns)

    @property
    def paths(self) -> dict[str, FittedPath]:
        """The builtin path, then the path of each split, by name."""
        return {BUILTIN: self.builtin, **self.stored}

    def using(self, strategy: str) -> Fitted:
        """The same model, filling with `strategy`, which every path must have in `compared`.

        Rows that are always filled by linear interpolation still are.
        """
        other = config_elsewhere(self.config.replace(strategy=strategy), self.stored).strategy
        return replace(
            self,
            config=self.config.replace(strategy=strategy),
            builtin=self.builtin.using(other),
            stored={split: path.using(strategy) for split, path in self.stored.items()},
        )

    @property
    def units(self) -> ColumnUnits:
        """How the columns become working columns, and back."""
        return ColumnUnits(self.kinds, self.scaler)

    @property
    def error_scale(self) -> FloatArray:
        """The unit of errors in each column and covariate, (C + K,), in units of the table."""
        return self.units.error_scale

    @property
    def errors_known(self) -> BoolArray:
        """Whether anything tells how large errors are in each column and covariate, (C + K,).

        Nothing does if its readings are all equal, and none of them was held out; classes have probabilities.
        """
        differ = self.kinds.where_observed(self.scaler.high > self.scaler.low)
        held_out = np.any([path.validated.calibration.cells.any(axis=1) for path in self.paths.values()], axis=0)
        are_classes = np.array([not kind.has_errors for kind in self.kinds.kinds], dtype=bool)
        return np.asarray(differ | held_out | are_classes)

    def for_series(self, series: Series) -> Fitted:
        """The same model with the scale of a series, if it is one for many series."""
        return replace(self, scaler=self.by_series.of(self.kinds.encode(series).values)) if self.by_series else self

    def scaled(self, series: Series) -> ScaledSeries:
        """The working columns (T, W) of a series (T, C + K), scaled; those without a value to learn from are NaN."""
        values = self.scaler.apply(self.kinds.encode(series).values)
        values[:, ~self.known[self.kinds.column_of]] = np.nan
        clock, position = clock_features(series, self.cycles), column_of(series.position)
        return ScaledSeries(values, clock, tied=self.kinds.tied, position=position)

    @property
    def notes(self) -> list[str]:
        """Notes about the fit for the user, one sentence each."""
        return list(self._notes())

    def _notes(self) -> Iterator[str]:
        if self.shrunk_from:
            yield (
                f"The series was too short for windows of {self.shrunk_from} steps; they were shrunk to "
                f"{self.config.windows.length}."
            )
        if self.gain:
            yield self.gain.note
        if as_numbers := [self.all_columns[c] for c in self.kinds.instead_of]:
            yield f"Embeddings are of numbers, so these columns are worked on as such: {name_columns(as_numbers)}."
        late = [name for name, reason in self.builtin.skipped.items() if reason == OUT_OF_TIME]
        if late:
            yield f"The time budget of {self.config.time_budget:g} s left no room for {', '.join(late)}."
        if len(self.stored) > 1 and not self.one_space:
            yield (
                f"The embeddings of {' and '.join(self.stored)} are not known to share a space: each split has a "
                "decoder and neighbours of its own."
            )
        validated = self.builtin.validated
        if "linear_mse" not in validated.score:
            yield "Too few cells were observed to hold any out, so the expected error is unknown."
        elif validated.calibration.cells.any() and not validated.calibration.calibrated:
            yield (
                f"Only {validated.calibration.cells.sum()} cells in {validated.calibration.times} gaps were held out, "
                "too few to calibrate intervals: their coverage may differ from the requested coverage."
            )
