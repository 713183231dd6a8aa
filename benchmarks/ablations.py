"""The decoder of a fitted model without a part of its correction of kriging: without what z adds, and without any."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace

import torch

from latentfill.core.series import FloatArray
from latentfill.imputation.fitting.fitted import Fitted, FittedPath
from latentfill.strategies.denoise.strategy import DenoiseStrategy
from latentfill.windows.windows import Windows

ABLATIONS: Mapping[str, tuple[float, float]] = {  # factors on the trust in the decoder without z, and in what z adds
    "decoder: no z": (1.0, 0.0),
    "decoder: no correction": (0.0, 0.0),
}


def ablations(fitted: Fitted) -> Iterator[Ablation]:
    """The model of `fitted` with the decoder of each ablation."""
    for name, factors in ABLATIONS.items():
        yield Ablation(name, fitted, factors)


class Ablation:
    """A decoder without a part of its correction; its own estimates are used, not those of the ensemble."""

    kind = "ablation"
    train_seconds = 0.0

    def __init__(self, name: str, fitted: Fitted, factors: tuple[float, float]) -> None:
        self.name, self.encoder = name, fitted.encoder
        self.path = with_trust(fitted.builtin, factors)
        self.about: dict[str, object] = {}

    def fill(self, windows: Windows) -> dict[str, FloatArray]:
        candidates = self.path.candidates
        estimates = candidates.estimate_windows(windows, self.encoder).values
        return {self.name: estimates[candidates.names.index("denoise")]}


def with_trust(path: FittedPath, factors: tuple[float, float]) -> FittedPath:
    """The path with another trust of its decoder."""
    strategies = []
    for strategy in path.candidates.strategies:
        if isinstance(strategy, DenoiseStrategy):
            strategy = copy.copy(strategy)
            strategy.net = copy.deepcopy(strategy.net)
            strategy.net.trust *= torch.tensor(factors, device=strategy.net.trust.device)[:, None]
        strategies.append(strategy)
    return replace(path, candidates=replace(path.candidates, strategies=strategies))
