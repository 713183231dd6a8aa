"""Everything that is learnt from one series: scaler, encoder, strategies, and how far to trust them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from latentfill.core.config import AUTO, Config
from latentfill.core.errors import InputError
from latentfill.core.seeds import SeedStream
from latentfill.core.series import BoolArray, IntArray, Series
from latentfill.core.strategy_table import STRATEGIES
from latentfill.embeddings.builtin.encoder import BuiltinEncoder
from latentfill.embeddings.protocols.encoder import Encoder, EncoderFactory
from latentfill.embeddings.protocols.record import Embeddings
from latentfill.embeddings.stored.lookup import StoredEncoder
from latentfill.embeddings.stored.pairing import join_splits
from latentfill.imputation.bounds import bounds_of
from latentfill.imputation.ensemble import Ensemble
from latentfill.imputation.holdout import HeldOutSeries, hold_out
from latentfill.imputation.intervals import Calibration
from latentfill.imputation.validate import Validated, validate
from latentfill.nn.runtime import pick_device, seeded
from latentfill.nn.training import History, OutOfTimeError, ProgressCallback
from latentfill.strategies.candidates import Candidates, needs_encoder
from latentfill.strategies.protocols.strategy import StrategySpec, TrainingInputs
from latentfill.windows.cycles import clock_features, find_cycles
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import ScaledSeries, Windows, window_starts

ENCODER_SHARE = 0.35  # of the time budget, by the end of which the encoder must be trained
TRAINING_SHARE = 0.75  # and everything else; the rest is for judging
BANK_APART = 2  # windows between the series and the bank of another one, so that none overlap
MOST_CELLS = 1 << 25  # of windows of other splits that are kept as neighbours
ORACLE = "oracle: the stored embeddings may have seen the held-out values, so the true error may be larger"


@dataclass(frozen=True, slots=True, eq=False)
class FittedPath:
    """One fitted way of estimating a stretch of the series: candidates, and how far to trust each."""

    setting: StrategySpec
    candidates: Candidates
    stack: Ensemble  # weights of the candidates, in the order of their names
    stored: bool  # whether its embeddings are stored ones
    calibration: Calibration  # how far the estimates may be off, scaled units
    score: dict[str, object]  # error on held-out cells, JSON values
    history: dict[str, History]  # by part
    dropped: tuple[str, ...] = ()  # strategies that the time budget left no room for
    others: Mapping[str, Validated] = field(default_factory=dict)  # on strategies that were fitted to be compared with

    def using(self, strategy: str) -> FittedPath:
        """The same, filling by another of the strategies it was fitted with."""
        setting = replace(self.setting, config=replace(self.setting.config, strategy=strategy))
        verdict = self.others[strategy]
        return replace(self, setting=setting, stack=verdict.stack, calibration=verdict.calibration, score=verdict.score)

    @property
    def codes(self) -> list[int]:
        """The code of a cell in which a candidate counts most, by candidate."""
        return [STRATEGIES[name].code_of_cells(stored=self.stored).number for name in self.candidates.names]


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """All that filling needs."""

    config: Config
    columns: tuple[str, ...]
    known: BoolArray  # (C,), columns that had any value to learn from
    scaler: ColumnScaler
    cycles: tuple[float, ...]  # seconds where `stamped`, else steps
    stamped: bool  # whether the series had time stamps
    encoder: Encoder | None  # the built-in one or another; None where no strategy works on embeddings
    builtin: FittedPath
    stored: Mapping[str, FittedPath]  # by split: decoders of stored embeddings
    one_space: bool = False  # whether the splits are known to share a space, and so neighbours
    n_steps: int = 0  # of the series fitted to
    shrunk_from: int | None = None  # the window length that was asked for, where the series was too short

    def using(self, strategy: str) -> Fitted:
        """The same, filling by another of the strategies it was fitted with."""
        config = replace(self.config, strategy=strategy)
        stored = {split: track.using(strategy) for split, track in self.stored.items()}
        return replace(self, config=config, builtin=self.builtin.using(strategy), stored=stored)

    @property
    def notes(self) -> list[str]:
        """What a user should know about the fit, one sentence each."""
        notes = []
        if self.shrunk_from:
            notes.append(
                f"The series was too short for windows of {self.shrunk_from} steps; they were shrunk to "
                f"{self.config.length}."
            )
        if self.builtin.dropped:
            notes.append(
                f"The time budget of {self.config.time_budget:g} s left no room for {', '.join(self.builtin.dropped)}."
            )
        if len(self.stored) > 1 and not self.one_space:
            notes.append(
                f"The embeddings of {' and '.join(self.stored)} are not known to share a space: each split has a "
                "decoder and neighbours of its own."
            )
        if "linear_mse" not in self.builtin.score:
            notes.append("Too few cells were observed to hold any out, so the error to expect is not known.")
        elif not self.builtin.calibration.calibrated:
            notes.append(
                f"Only {self.builtin.calibration.cells.sum()} cells were held out, too few for intervals that hold as "
                "often as they say: they are not calibrated."
            )
        return notes


def fit_series(
    series: Series,
    config: Config,
    *,
    embeddings: Mapping[str, Embeddings] | None = None,
    train_rows: int | None = None,
    compare_with: Sequence[str] = (),
    bank: Series | None = None,
    encoder: EncoderFactory | None = None,
    progress: ProgressCallback | None = None,
) -> Fitted:
    """Fit everything to one series (T, C).

    `embeddings` are stored ones by split. Each split gets a decoder of its own, and where all are known to lie in one
    space, neighbours from all of them.
    `train_rows` limits what the scaler sees to the first rows, as TimeKD's split plans do. `also` names strategies that
    are fitted beside those of the settings, to be compared with them: see `Fitted.using`.
    `bank` is another series with the same columns, whose windows are neighbours too. `encoder` makes a frozen one that
    takes the place of the built-in one.
    """
    began = time.monotonic()
    bounds_of(config, series.columns)  # refused before any work
    asked, config = config, shrink_to(config, series.n_steps)
    known = np.logical_or.reduce(series.observed, axis=0)
    if not known.any():
        raise InputError("no value column has a single observed cell, so there is nothing to learn from.")
    whole = ColumnScaler.fit(series.values, config.scaling)
    scaler = ColumnScaler.fit(series.values[:train_rows], config.scaling).where_flat(whole)
    cycles = find_cycles(series)
    held_out = hold_out(ScaledSeries(scaler.apply(series.values), clock_features(series, cycles)), config)
    fitter = StrategyFitter(held_out, config, scaler, compare_with, progress, began=began)
    if bank is not None:
        fitter.bank = _bank_windows(bank, scaler, cycles, config.length, apart=series.n_steps)
    embed: Encoder | None = None
    learnt: dict[str, History] = {}
    if needs_encoder(fitter.names):
        embed, learnt = fitter.fit_encoder() if encoder is None else (encoder(scaler, series), {})
    builtin = fitter.fit_builtin(embed, learnt)
    of_all = join_splits(embeddings or {})
    stored = {split: fitter.fit_stored(split, own, of_all) for split, own in (embeddings or {}).items()}
    return Fitted(
        config=config,
        columns=series.columns,
        known=known,
        scaler=scaler,
        cycles=cycles,
        stamped=series.time is not None,
        encoder=embed,
        builtin=builtin,
        stored=stored,
        one_space=of_all is not None,
        n_steps=series.n_steps,
        shrunk_from=asked.length if config.length < asked.length else None,
    )


def shrink_to(config: Config, n_steps: int) -> Config:
    """`config` with a window that fits at least twice into the series."""
    length = max(2, n_steps // 2)
    if length >= config.length:
        return config
    return replace(config, length=length, stride=min(config.stride, max(1, length // 4)))


def for_stored(config: Config) -> Config:
    """`config` with the windows that stored embeddings were made from."""
    return replace(config, length=config.seq_len, stride=min(config.stride, config.seq_len))


def _bank_windows(bank: Series, scaler: ColumnScaler, cycles: tuple[float, ...], length: int, apart: int) -> Windows:
    """All windows of another series, scaled like the one fitted to, and numbered from far beyond its `apart` steps."""
    if bank.n_steps < length:
        raise InputError(f"the bank has {bank.n_steps} rows, fewer than one window of {length}.")
    starts = np.arange(bank.n_steps - length + 1)
    windows = ScaledSeries(scaler.apply(bank.values), clock_features(bank, cycles)).cut(starts, length)
    return replace(windows, starts=starts + bank_offset(apart, length))


def bank_offset(n_steps: int, length: int) -> int:
    """What is added to the steps of a bank, so that they lie beyond those of a series."""
    return n_steps + BANK_APART * length


def plan_of(embeddings: Embeddings, stride: int) -> IntArray:
    """Starts of stored windows about `stride` steps apart, and of the last."""
    apart = int(np.diff(embeddings.starts[:2]).sum()) or 1
    return embeddings.starts[window_starts(len(embeddings.starts), 1, max(1, stride // apart))]


class StrategyFitter:
    """Fits encoders and strategies to one and the same lesson."""

    def __init__(
        self,
        held_out: HeldOutSeries,
        config: Config,
        scaler: ColumnScaler,
        compare_with: Sequence[str] = (),
        progress: ProgressCallback | None = None,
        *,
        began: float | None = None,
    ) -> None:
        """`also`: strategies that are fitted beside those of the settings; `began`: when the time budget did."""
        self.began = time.monotonic() if began is None else began
        self.held_out = held_out
        self.config = config
        self.scaler = scaler
        self.judged = tuple(dict.fromkeys((config.strategy, *compare_with)))
        made = (name for one in self.judged for name in (config.candidate_names if one == AUTO else (one,)))
        self.names = tuple(dict.fromkeys(("linear", *config.strategies, *made)))
        self.progress = progress
        self.bank: Windows | None = None  # of another series
        self.columns, self.phases = held_out.series.values.shape[1], held_out.series.clock.shape[1]
        self.device = pick_device(config.device)

    @property
    def every_start(self) -> IntArray:
        """First steps of all windows of the settings' length."""
        return np.arange(self.held_out.series.n_steps - self.config.length + 1)

    def deadline(self, share: float) -> float | None:
        """When a share of the time budget is spent."""
        return None if self.config.time_budget is None else self.began + share * self.config.time_budget

    def fit_encoder(self) -> tuple[BuiltinEncoder | None, dict[str, History]]:
        """The built-in encoder, trained on every window; None if the time budget does not allow it."""
        rng = SeedStream.ENCODER.generator(self.config.seed)
        training_data, deadline = (
            self.held_out.training_data(self.every_start, self.config.length),
            self.deadline(ENCODER_SHARE),
        )
        try:
            with seeded(self.config.seed):
                encoder = BuiltinEncoder(self.config, columns=self.columns, phases=self.phases, device=self.device)
                history = encoder.fit(training_data, rng, self.progress, deadline)
        except OutOfTimeError:
            return None, {}
        return encoder, {"encoder": history}

    def fit_builtin(self, encoder: Encoder | None, learnt: Mapping[str, History]) -> FittedPath:
        """Strategies on an encoder that can embed any window; `learnt` is how that was trained."""
        plan = window_starts(self.held_out.series.n_steps, self.config.length, self.config.stride)
        return self._fit_track(self.config, encoder, self.every_start, plan, learnt, "", self.bank, stored=False)

    def fit_stored(self, split: str, own: Embeddings, of_all: Embeddings | None) -> FittedPath:
        """Strategies on the stored embeddings of one split; those of all splits are neighbours, if in one space."""
        config, encoder = for_stored(self.config), StoredEncoder(of_all or own, self.device)
        plan, bank = plan_of(own, config.stride), self._others(own, of_all or own, config.length)
        return self._fit_track(config, encoder, own.starts, plan, {}, f" of {split}", bank, stored=True)

    def _others(self, own: Embeddings, of_all: Embeddings, length: int) -> Windows | None:
        """Windows of the other splits, evenly so many that memory holds them; None where nothing asks for them."""
        starts = np.setdiff1d(of_all.starts, own.starts)
        if "neighbours" not in self.names or not len(starts):
            return None
        every = -(-len(starts) * length * self.columns // MOST_CELLS)
        return self.held_out.visible.cut(starts[::every], length)

    def _fit_track(
        self,
        config: Config,
        encoder: Encoder | None,
        starts: IntArray,
        plan: IntArray,
        learnt: Mapping[str, History],
        suffix: str,
        bank: Windows | None,
        *,
        stored: bool,
    ) -> FittedPath:
        """Train on the windows at `starts`, judge on the blend of those at `plan`."""
        shape = encoder.shape if encoder is not None else None
        setting = StrategySpec(
            config=config, columns=self.columns, phases=self.phases, encoder_shape=shape, device=self.device
        )
        training_data, deadline = self.held_out.training_data(starts, config.length), self.deadline(TRAINING_SHARE)
        names = self.names if encoder is not None else tuple(n for n in self.names if not needs_encoder([n]))
        inputs = TrainingInputs(
            data=training_data,
            encoder=encoder,
            donor_windows=bank,
            progress=self.progress,
            stage_suffix=suffix,
            deadline=deadline,
        )
        candidates, history = Candidates.fit(names, setting, inputs)
        dropped = [name for name in self.names if name not in candidates.names]
        if config.strategy in dropped:
            raise InputError(
                f"strategy {config.strategy!r} cannot be fitted within the time budget of {config.time_budget:g} s. "
                "Allow more, train for fewer steps, or leave the choice to auto."
            )
        judged = [name for name in self.judged if name not in dropped]
        validated = validate(candidates, encoder, self.held_out, plan, config, judged)
        if stored:
            validated = {name: replace(v, score=v.score | {"label": ORACLE}) for name, v in validated.items()}
        own = validated[config.strategy]
        return FittedPath(
            setting=setting,
            candidates=candidates,
            stack=own.stack,
            stored=stored,
            calibration=own.calibration,
            score=own.score,
            history={**learnt, **history},
            others=validated,
            dropped=tuple(dropped),
        )
