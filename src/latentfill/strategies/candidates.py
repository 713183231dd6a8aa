"""All the ways of estimating a series that are fitted side by side, each by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from torch import nn

from latentfill.core.config import AUTO, BASELINE_NAMES
from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.embeddings.protocols.encoder import Encoder
from latentfill.nn.runtime import seeded
from latentfill.nn.training import History, OutOfTimeError
from latentfill.strategies.baselines import BASELINES, Baseline
from latentfill.strategies.denoise.strategy import DenoiseStrategy
from latentfill.strategies.kriging.strategy import KrigingStrategy
from latentfill.strategies.latent import LatentStrategy
from latentfill.strategies.neighbours.strategy import NeighboursStrategy
from latentfill.strategies.protocols.strategy import Strategy, StrategySpec, Training
from latentfill.windows.blend import blend, taper
from latentfill.windows.windows import Windows, cut_windows

FARTHEST_MEAN = 5.0  # a column whose mean lies further from the fitted one, in scaled units, is brought to it first
STRATEGIES: dict[str, type[Strategy]] = {
    "kriging": KrigingStrategy,
    "neighbours": NeighboursStrategy,
    "denoise": DenoiseStrategy,
    "latent": LatentStrategy,
}
IN_TURN = ("neighbours", "denoise", "latent", "kriging")  # the cheapest first; the last only if denoise is not there
EMBEDDED = {"neighbours", "denoise", "latent"}  # those that need an encoder


@dataclass(frozen=True, slots=True, eq=False)
class Estimated:
    """What K candidates say of a series, scaled units."""

    values: FloatArray  # (K, T, C), NaN where a candidate has nothing to say
    spread: FloatArray  # (T, C) standard deviation to expect of kriging's error, NaN where it is not known


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """M things that neighbours say of missing cells of a series; the weights of a cell sum to one."""

    step: IntArray  # (M,)
    column: IntArray  # (M,)
    neighbour: IntArray  # (M,) step of the cell that speaks, beyond those of the series for one of a bank
    value: FloatArray  # (M,) what it says, scaled units
    weight: FloatArray  # (M,)


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Fitted strategies, and the names by which their estimates are asked for."""

    names: tuple[str, ...]  # in the order of the estimates
    baselines: Mapping[str, Baseline]
    strategies: Sequence[Strategy]
    length: int  # steps per window

    @classmethod
    def learn(
        cls, names: tuple[str, ...], setting: StrategySpec, training: Training
    ) -> tuple[Candidates, dict[str, History]]:
        """Fit everything of these names; also says how each part was trained.

        Those that would not be done by the deadline are left out.
        """
        found, history = dict[str, Strategy](), dict[str, History]()
        for name in IN_TURN:
            if name not in _made(names, setting):
                continue
            try:
                with seeded(setting.config.seed):  # whatever else is fitted, a strategy comes out the same
                    found[name], learnt = STRATEGIES[name].learn(setting, training)
            except OutOfTimeError:  # what it also says must then be fitted by itself
                names = tuple(one for one in names if one != name)
            else:
                history |= learnt
        strategies = [found[name] for name in _made(names, setting)]
        baselines = {n: BASELINES[n]().fit(training.training_data.values) for n in names if n in BASELINE_NAMES}
        return cls(names, baselines, strategies, setting.config.length), history

    @classmethod
    def blank(
        cls, names: tuple[str, ...], setting: StrategySpec, banks: Mapping[str, int], learnt: Mapping[str, Baseline]
    ) -> Candidates:
        """Ones that have learnt nothing but the simple imputers, with banks of these sizes by strategy."""
        strategies = [STRATEGIES[name].blank(setting, banks.get(name, 0)) for name in _made(names, setting)]
        return cls(names, learnt, strategies, setting.config.length)

    def estimate(self, values: FloatArray, clock: FloatArray, starts: IntArray, encoder: Encoder | None) -> Estimated:
        """Estimates of a scaled series (T, C).

        Simple imputers see the series whole. All others see one window at a time and are blended where windows
        overlap; windows without anything observed take no part.
        """
        found = {name: baseline.estimate(values) for name, baseline in self.baselines.items()}
        spread = np.full(values.shape, np.nan)
        if self.strategies:
            away = _far_off(values)
            windows = cut_windows(values - away, clock, starts, self.length)
            windows = windows.take(np.nonzero(windows.observed.any(axis=(1, 2)))[0])
            for strategy in self.strategies:
                said = strategy.estimate(windows, encoder)
                for name, estimate in zip(strategy.names, said.values, strict=True):
                    found[name] = blend(estimate, windows.starts, len(values), taper(self.length)) + away
                if said.spread is not None:
                    spread = blend(said.spread, windows.starts, len(values), taper(self.length))
        return Estimated(np.stack([found[name] for name in self.names]), spread)

    def estimate_windows(self, windows: Windows, encoder: Encoder | None) -> dict[str, FloatArray]:
        """Estimates (N, L, C) of windows, by the name of the strategy; simple imputers take no part."""
        return {
            name: estimate
            for strategy in self.strategies
            for name, estimate in zip(strategy.names, strategy.estimate(windows, encoder).values, strict=True)
        }

    def explain(self, values: FloatArray, clock: FloatArray, starts: IntArray, encoder: Encoder | None) -> Explanation:
        """Which neighbours stand behind the estimate of each missing cell of a scaled series (T, C).

        Windows that overlap share a cell by their weights in the blend, and so do their neighbours.
        """
        nearest = self.by_name["neighbours"]
        assert isinstance(nearest, NeighboursStrategy)
        away = _far_off(values)
        windows = cut_windows(values - away, clock, starts, self.length)
        windows = windows.take(np.nonzero(windows.observed.any(axis=(1, 2)))[0])
        said = nearest.explain(windows, encoder)
        step = windows.starts[said.window] + said.step
        weight = said.weight * taper(self.length)[said.step]
        total = np.zeros(values.shape)
        np.add.at(total, (step, said.column), weight)
        return Explanation(
            step=step,
            column=said.column,
            neighbour=said.neighbour + said.step,
            value=said.value + away[said.column],
            weight=weight / total[step, said.column],
        )

    def has_estimate(self, known: BoolArray, strategy: str) -> BoolArray:
        """Where a strategy has something to say, (...), of where each candidate has, (len(names), ...).

        Auto has where a candidate that works on windows does, and without such a one wherever any does.
        """
        learnt = [i for i, name in enumerate(self.names) if name not in BASELINE_NAMES]
        rows = (learnt or slice(None)) if strategy == AUTO else [self.names.index(strategy)]
        return np.asarray(known[rows].any(axis=0))

    @property
    def by_name(self) -> dict[str, Strategy]:
        """The strategies by the name of the last of their estimates."""
        return {strategy.names[-1]: strategy for strategy in self.strategies}

    @property
    def modules(self) -> dict[str, nn.Module]:
        """All that the strategies learnt, by strategy and part."""
        return {f"{n}.{part}": module for n, s in self.by_name.items() for part, module in s.modules.items()}


def needs_encoder(names: Sequence[str]) -> bool:
    """Whether one of these strategies works on embeddings."""
    return not EMBEDDED.isdisjoint(names)


def _made(names: Sequence[str], setting: StrategySpec) -> list[str]:
    """Which strategies are made: the decoder that starts from kriging also says what kriging says."""
    told = "denoise" in names and setting.config.context == "observed"
    return [name for name in names if name in STRATEGIES and not (told and name == "kriging")]


def _far_off(values: FloatArray) -> FloatArray:
    """Means of the columns of a scaled series (T, C) that lie beyond `FAR`: (C,), 0 for those that are like the fit."""
    mean = np.where(np.isnan(values), 0.0, values).sum(axis=0) / np.maximum((~np.isnan(values)).sum(axis=0), 1)
    away: FloatArray = np.where(np.abs(mean) > FARTHEST_MEAN, mean, 0.0)
    return away
