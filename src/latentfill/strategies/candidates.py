"""The candidates: all strategies that are fitted to one series side by side, by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

import numpy as np

from latentfill.core.config import AUTO
from latentfill.core.memory import return_free_memory
from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.core.stages import tell_stage
from latentfill.core.strategy_table import STRATEGIES, Kind
from latentfill.embeddings.protocols.encoder import Encoder
from latentfill.nn.progress import History, OutOfTimeError
from latentfill.strategies.classes import correction_class, new_baseline, series_strategy_class, strategy_class
from latentfill.strategies.hidden_rounds import HiddenRound, hidden_rounds
from latentfill.strategies.protocols.baseline import Baseline, observed_mean
from latentfill.strategies.protocols.correction import Correction, Example, FirstStage
from latentfill.strategies.protocols.series_strategy import SeriesData, SeriesStrategy
from latentfill.strategies.protocols.strategy import Strategy, StrategySpec, TrainingInputs
from latentfill.windows.blend import blend, taper
from latentfill.windows.windows import ScaledSeries, Windows, by_part

if TYPE_CHECKING:
    from torch import nn

    from latentfill.strategies.neighbours.strategy import NeighboursStrategy

FARTHEST_MEAN = 5.0  # scaled units; a column of the series whose mean lies further from 0 is shifted to 0 first


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Estimates of K candidates for a series (T, C) or for windows (N, L, C), in scaled units."""

    values: FloatArray  # (K, ..., C), NaN where a candidate has no estimate
    spread: FloatArray  # (..., C) standard deviation of the error of one of them; NaN where it is not known
    residual: FloatArray  # (..., C) observed values minus the leave-one-out estimates of the same one; 0 where unknown

    def of_window(self, index: int) -> Estimates:
        """The estimates (K, L, C) of one window."""
        return Estimates(self.values[:, index], self.spread[index], self.residual[index])

    @property
    def flat(self) -> Estimates:
        """The same for a series (T, C) whose parts (N, L, C) stand one below the other."""
        steps, columns = math.prod(self.spread.shape[:-1]), self.spread.shape[-1]
        parts = (self.spread.reshape(steps, columns), self.residual.reshape(steps, columns))
        return Estimates(self.values.reshape(-1, steps, columns), *parts)

    def by_part(self, parts: int) -> Estimates:
        """The estimates for a series (T, C) as those for its `parts`: (K, parts, T / parts, C)."""
        steps = (parts, -1, self.spread.shape[-1])
        values = self.values.reshape(len(self.values), *steps)
        return Estimates(values, self.spread.reshape(steps), self.residual.reshape(steps))

    def of_steps(self, n_steps: int) -> Estimates:
        """The estimates of the first `n_steps` of a series."""
        return Estimates(self.values[:, :n_steps], self.spread[:n_steps], self.residual[:n_steps])


@dataclass(frozen=True, slots=True, eq=False)
class SeriesContributions:
    """The neighbours that the missing cells of a series are estimated from: M pairs of a cell and a neighbour."""

    step: IntArray  # (M,) step of the missing cell
    column: IntArray  # (M,)
    neighbour: IntArray  # (M,) step of the neighbour's cell; after the last step of the series for a donor table
    value: FloatArray  # (M,) the neighbour's cell after matching, scaled units
    weight: FloatArray  # (M,) weights of a missing cell sum to one


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Fitted strategies, and the names of their estimates."""

    names: tuple[str, ...]  # in the order of the estimates
    baselines: Mapping[str, Baseline]  # the simple imputers among them, by name
    smoothers: Mapping[str, SeriesStrategy]  # strategies that estimate the whole series at once, by name
    strategies: Sequence[Strategy]  # strategies that estimate window by window
    length: int  # steps per window
    corrections: Mapping[str, Correction] = field(default_factory=dict)  # strategies that correct another, by name

    @classmethod
    def fit(
        cls, names: tuple[str, ...], spec: StrategySpec, inputs: TrainingInputs
    ) -> tuple[Candidates, dict[str, History]]:
        """Fit the candidates called `names`; returns them and the training history of each network.

        Strategies whose training would end after the deadline are left out.
        """
        data = inputs.data
        baselines = {name: new_baseline(name).fit_series(data.series) for name in of_kinds(("baseline",), names)}
        series = SeriesData(data.series, data.truth, spec.config.seed, spec.config.windows.alone)
        smoothers = dict[str, SeriesStrategy]()
        for name in of_kinds(("series",), names):
            if not inputs.out_of_time:
                tell_stage(f"fitting {name}")
                with suppress(ArithmeticError):  # its numbers overflowed or cancelled: the others are used
                    smoothers[name] = series_strategy_class(name).fit(series)
                return_free_memory()
        on_windows, strategies, history = _fit_on_windows(of_kinds(("windows",), names), spec, inputs)
        kept = tuple(name for name in names if name in (*baselines, *smoothers, *on_windows))
        return cls(kept, baselines, smoothers, strategies, spec.config.windows.length), history

    @classmethod
    def unfitted(
        cls,
        names: tuple[str, ...],
        spec: StrategySpec,
        bank_sizes: Mapping[str, int],
        states: Mapping[str, Mapping[str, FloatArray]],
    ) -> Candidates:
        """Candidates from a saved model: those on windows with untrained weights, all others from their `states`.

        `bank_sizes` and `states` are by strategy.
        """
        strategies = [strategy_class(name).unfitted(spec, bank_sizes.get(name, 0)) for name in _to_build(names, spec)]
        baselines = {name: new_baseline(name).load(states[name]) for name in of_kinds(("baseline",), names)}
        smoothers = {name: series_strategy_class(name).load(states[name]) for name in of_kinds(("series",), names)}
        corrections = {name: correction_class(name).load(states[name]) for name in of_kinds(("correction",), names)}
        return cls(names, baselines, smoothers, strategies, spec.config.windows.length, corrections)

    def joined(self, other: Candidates) -> Candidates:
        """These candidates followed by `other`."""
        return replace(
            self,
            names=self.names + other.names,
            baselines={**self.baselines, **other.baselines},
            smoothers={**self.smoothers, **other.smoothers},
            strategies=[*self.strategies, *other.strategies],
        )

    def with_corrections(
        self, names: Sequence[str], spec: StrategySpec, inputs: TrainingInputs, required: Collection[str] = ()
    ) -> Candidates:
        """These candidates, and the corrections among `names` that help on reserved windows, or that are `required`.

        They are learnt from windows in which cells are hidden. A series that is too short to reserve windows has none.
        Without a candidate that knows the spread of its errors, there is nothing to correct.
        """
        has_base = bool(self.smoothers or self.strategies)
        names = [name for name in names if has_base and (name in required or not inputs.out_of_time)]
        hidden = hidden_rounds(inputs.data, spec.config.seed) if names else ()
        examples = [self._example(of_round, inputs.encoder) for of_round in hidden]
        fitted = {name: _fit_correction(name, examples, spec.config.seed) for name in names}
        kept = {name: correction for name, correction in fitted.items() if name in required or correction.corrects}
        return replace(self, names=(*self.names, *kept), corrections=kept)

    def _example(self, hidden: HiddenRound, encoder: Encoder | None) -> Example:
        first = self._first_stage(hidden.windows, encoder).first_stage()
        return Example(first, hidden.truth, hidden.time, hidden.reserved)

    def estimate(self, series: ScaledSeries, starts: IntArray, encoder: Encoder | None) -> Estimates:
        """Estimates of all candidates for a series, from the windows at `starts`.

        Strategies on windows estimate the windows that have observed cells, and their estimates are blended where
        windows overlap; all others estimate the series at once. Spread and residual are those of the last strategy that
        knows them, in the order smoothers, strategies on windows.
        """
        shifted, shift = centred(series)
        found, values = _Found.nothing(shifted), by_part(series.values, series.parts)
        position = None if series.position is None else by_part(series.position, series.parts)
        found.by_name = {name: baseline.estimate(values, position) - shift for name, baseline in self.baselines.items()}
        self._smooth(found)
        if self.strategies:
            windows = self._cut(shifted, starts)
            self._fill_windows(found, windows, encoder, lambda estimate: self._blend(estimate, windows, series.parts))
        self._correct(found)
        return found.estimates(self.names, shift).flat

    def estimate_windows(self, windows: Windows, encoder: Encoder | None) -> Estimates:
        """Estimates of all candidates for windows, each from its own observed cells."""
        found = self._first_stage(windows, encoder)
        self._correct(found)
        return found.estimates(self.names)

    def _first_stage(self, windows: Windows, encoder: Encoder | None) -> _Found:
        """The estimates of all candidates that correct no other."""
        found = _Found.nothing(windows)
        found.by_name = {
            name: baseline.estimate(windows.values, windows.position) for name, baseline in self.baselines.items()
        }
        self._smooth(found)
        self._fill_windows(found, windows, encoder, lambda estimate: estimate)
        return found

    def _smooth(self, found: _Found) -> None:
        for name, smoother in self.smoothers.items():
            try:
                estimate = smoother.estimate(found.values, found.clock)
            except ArithmeticError:  # its numbers overflowed or cancelled: it has no estimate
                found.by_name[name] = np.full(found.values.shape, np.nan)
                continue
            return_free_memory()
            found.by_name[name] = estimate.values
            found.base, found.spread, found.residual = name, estimate.spread, estimate.residual

    def _fill_windows(
        self, found: _Found, windows: Windows, encoder: Encoder | None, join: Callable[[FloatArray], FloatArray]
    ) -> None:
        """Add the estimates of the strategies on windows, joined to the shape of the others."""
        for strategy in self.strategies:
            of_windows = strategy.estimate(windows, encoder)
            found.by_name |= zip(strategy.estimate_names, map(join, of_windows.values), strict=True)
            if of_windows.spread is not None and of_windows.residual is not None:
                found.base = strategy.estimate_names[0]
                found.spread, found.residual = join(of_windows.spread), join(of_windows.residual)

    def _correct(self, found: _Found) -> None:
        if self.corrections and found.base is None:
            found.by_name |= dict.fromkeys(self.corrections, np.full(found.values.shape, np.nan))
        elif self.corrections:
            first = found.first_stage()
            found.by_name |= {name: correction.estimate(first) for name, correction in self.corrections.items()}

    def explain(self, series: ScaledSeries, starts: IntArray, encoder: Encoder | None) -> SeriesContributions:
        """The neighbours from which the strategy `neighbours` estimates each missing cell of a series.

        A cell in several overlapping windows has the neighbours of all of them, with the weights of the blend.
        """
        neighbours = cast("NeighboursStrategy", self.by_name["neighbours"])
        shifted, shift = centred(series)
        windows = self._cut(shifted, starts)
        contributions = neighbours.explain(windows, encoder)
        step = windows.starts[contributions.window] + contributions.step
        weight = contributions.weight * taper(self.length)[contributions.step]
        total = np.zeros(series.values.shape)
        np.add.at(total, (step, contributions.column), weight)
        return SeriesContributions(
            step=step,
            column=contributions.column,
            neighbour=contributions.neighbour + contributions.step,
            value=contributions.value + shift[contributions.column],
            weight=weight / total[step, contributions.column],
        )

    def has_estimate(self, known: BoolArray, strategy: str) -> BoolArray:
        """True for the cells (...) that `strategy` can fill; `known` (K, ...) says which candidates estimate it.

        `auto` fills a cell if any candidate that is not a simple imputer estimates it. If all its candidates are simple
        imputers, an estimate of any of them is enough.
        """
        if strategy != AUTO:
            return np.asarray(known[self.names.index(strategy)])
        trained = [i for i, name in enumerate(self.names) if STRATEGIES[name].kind != "baseline"]
        return np.asarray(known[trained or slice(None)].any(axis=0))

    @property
    def by_name(self) -> dict[str, Strategy]:
        """The strategies that work on windows, by name."""
        return {strategy.estimate_names[-1]: strategy for strategy in self.strategies}

    @property
    def states(self) -> dict[str, dict[str, FloatArray]]:
        """Arrays with everything that was learnt outside of networks, by strategy."""
        baselines = {name: baseline.state() for name, baseline in self.baselines.items()}
        smoothers = {name: smoother.state() for name, smoother in self.smoothers.items()}
        return baselines | smoothers | {name: correction.state() for name, correction in self.corrections.items()}

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Modules with everything that the strategies learnt, by names such as `denoise.decoder`."""
        return {f"{n}.{part}": module for n, s in self.by_name.items() for part, module in s.modules.items()}

    def _cut(self, series: ScaledSeries, starts: IntArray) -> Windows:
        """The windows at `starts` that have observed cells."""
        return series.cut(starts, self.length).with_observed_cells()

    def _blend(self, estimate: FloatArray, windows: Windows, parts: int) -> FloatArray:
        return by_part(blend(estimate, windows.starts, windows.n_steps, taper(self.length)), parts)


@dataclass(slots=True, eq=False)
class _Found:
    """The estimates of the candidates so far, and the spread and residual of the base: the last one that knows them."""

    values: FloatArray  # (..., L, C) of a series, of each of its parts, or of windows
    clock: FloatArray  # (..., L, P)
    by_name: dict[str, FloatArray]
    base: str | None
    spread: FloatArray
    residual: FloatArray

    @classmethod
    def nothing(cls, data: ScaledSeries | Windows) -> _Found:
        """Without an estimate."""
        parts = data.parts if isinstance(data, ScaledSeries) else 1
        values, clock = by_part(data.values, parts), by_part(data.clock, parts)
        return cls(values, clock, {}, None, np.full(values.shape, np.nan), np.zeros(values.shape))

    def first_stage(self) -> FirstStage:
        """What is corrected: the base, beside the other estimates that come from no network."""
        assert self.base is not None
        others = [e for name, e in self.by_name.items() if name != self.base and not STRATEGIES[name].needs_encoder]
        base = self.by_name[self.base]
        return FirstStage(self.values, base, self.spread, self.residual, tuple(others), self.clock)

    def estimates(self, names: Sequence[str], shift: FloatArray | float = 0.0) -> Estimates:
        """The estimates of the candidates called `names`, with `shift` (C,) added."""
        values = np.empty((len(names), *self.values.shape))
        for row, name in zip(values, names, strict=True):
            np.add(self.by_name.pop(name), shift, out=row)  # one after the other, as they are large
        return Estimates(values, self.spread, self.residual)


def of_kinds(kinds: Sequence[Kind], names: Sequence[str]) -> tuple[str, ...]:
    """The strategies among `names` of these kinds."""
    return tuple(name for name in names if STRATEGIES[name].kind in kinds)


def are_trained(names: Sequence[str]) -> bool:
    """Whether any of these strategies is trained on cells that are hidden outside the reserved windows."""
    return any(STRATEGIES[name].needs_encoder or STRATEGIES[name].kind == "correction" for name in names)


def needs_encoder(names: Sequence[str]) -> bool:
    """Whether any of these strategies works on embeddings."""
    return any(STRATEGIES[name].needs_encoder for name in names)


def _fit_correction(name: str, examples: Sequence[Example], seed: int) -> Correction:
    tell_stage(f"fitting {name}")
    return correction_class(name).fit(examples, seed)


def _fit_on_windows(
    names: tuple[str, ...], spec: StrategySpec, inputs: TrainingInputs
) -> tuple[tuple[str, ...], list[Strategy], dict[str, History]]:
    """Those of the names for which there was time, their strategies, and the history of their networks."""
    fitted, history = dict[str, Strategy](), dict[str, History]()
    for name in _in_fitting_order(names):
        if name not in _to_build(names, spec):
            continue
        try:
            fitted[name], trained = _fit_seeded(name, spec, inputs)
        except OutOfTimeError:
            names = tuple(other for other in names if other != name)
        else:
            history |= trained
    return names, [fitted[name] for name in _to_build(names, spec)], history


def _fit_seeded(name: str, spec: StrategySpec, inputs: TrainingInputs) -> tuple[Strategy, dict[str, History]]:
    """Fit a strategy on windows; its random numbers do not depend on the strategies that are fitted before it."""
    from latentfill.nn.runtime import seeded  # here, because it imports torch, which simple imputers do not need

    if inputs.out_of_time:
        raise OutOfTimeError(name)
    with seeded(spec.config.seed):
        return strategy_class(name).fit(spec, inputs)


def _in_fitting_order(names: Sequence[str]) -> list[str]:
    """`names` with cheap strategies first; kriging last, as it is not built if denoise is."""
    return sorted((name for name in STRATEGIES if name in names), key=lambda name: name == "kriging")


def _to_build(names: Sequence[str], spec: StrategySpec) -> list[str]:
    """The strategies on windows to build.

    A denoising decoder with context fits kriging itself and returns kriging's estimate too, so kriging is not built
    twice.
    """
    holds_kriging = "denoise" in names and spec.config.decoder.context == "observed"
    return [name for name in names if STRATEGIES[name].on_windows and not (name == "kriging" and holds_kriging)]


def centred(series: ScaledSeries) -> tuple[ScaledSeries, FloatArray]:
    """A series whose columns far from 0 are shifted to 0, and the shift that was subtracted from them.

    The shift is (C,), or that of each part: (parts, 1, C).
    """
    values = by_part(series.values, series.parts)
    shift = _unusual_means(values)
    return replace(series, values=(values - shift).reshape(series.values.shape)), shift[
        0
    ] if series.parts == 1 else shift


def _unusual_means(values: FloatArray) -> FloatArray:
    """Means (..., 1, C) of the columns whose mean is farther from 0 than `FARTHEST_MEAN`; 0 for the others."""
    mean = np.nan_to_num(observed_mean(values, axis=-2))
    return np.where(np.abs(mean) > FARTHEST_MEAN, mean, 0.0)
