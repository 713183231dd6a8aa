"""Decoders without some of their inputs, trained like the decoder of a fitted model."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import torch

from latentfill.core.series import FloatArray, Series
from latentfill.embeddings.protocols.encoder import Encoded, Encoder
from latentfill.imputation.fitting.fitted import Fitted, FittedPath
from latentfill.imputation.fitting.strategy_fitter import StrategyFitter
from latentfill.imputation.validation.holdout import hold_out
from latentfill.windows.cycles import clock_features
from latentfill.windows.windows import ScaledSeries, Windows


class AlteredEncoder:
    """An encoder whose embeddings are changed by a function before the decoder reads them."""

    def __init__(self, encoder: Encoder, change: Callable[[Encoded, Windows], Encoded]) -> None:
        self.encoder = encoder
        self.shape = encoder.shape
        self.change = change

    def encode(self, windows: Windows) -> Encoded:
        return self.change(self.encoder.encode(windows), windows)


def without_z(encoded: Encoded, windows: Windows) -> Encoded:
    """Embeddings of zeros, and the window's level instead of the decoded window."""
    assert encoded.window is not None
    observed = torch.from_numpy(windows.observed).to(encoded.z.device)
    values = torch.nan_to_num(torch.tensor(windows.values, dtype=torch.float32, device=encoded.z.device))
    level = values.sum(1, keepdim=True) / observed.sum(1, keepdim=True).clamp(min=1)
    return Encoded(torch.zeros_like(encoded.z), level.expand_as(encoded.window))


def shuffled_z(encoded: Encoded, _: Windows) -> Encoded:
    """The embedding of another window of the batch."""
    assert encoded.window is not None
    shift = len(encoded.z) // 2
    return Encoded(encoded.z.roll(shift, 0), encoded.window.roll(shift, 0))


ABLATIONS: dict[str, tuple[Callable[[Encoded, Windows], Encoded] | None, bool]] = {
    "z, no neighbours": (None, False),
    "shuffled z and its neighbours": (shuffled_z, True),
    "no z, no neighbours": (without_z, False),
}


def ablations(series: Series, fitted: Fitted) -> Iterator[Ablation]:
    """Decoders trained like the decoder of `fitted` on the same held-out series, but without some of its inputs."""
    scaled = ScaledSeries(fitted.scaler.apply(series.values), clock_features(series, fitted.cycles))
    for name, (change, neighbours) in ABLATIONS.items():
        config = fitted.config if neighbours else fitted.config.replace(neighbours=0)
        assert fitted.encoder is not None
        encoder = AlteredEncoder(fitted.encoder, change) if change else fitted.encoder
        held_out = hold_out(scaled, config, for_networks=True)
        yield Ablation(name, StrategyFitter(held_out, config, config.strategies), encoder)


class Ablation:
    """A decoder without some of its inputs; its own estimates are used, not those of the ensemble."""

    kind = "ablation"

    def __init__(self, name: str, fitter: StrategyFitter, encoder: Encoder) -> None:
        self.name, self.encoder = name, encoder
        began = time.monotonic()
        self.path: FittedPath = fitter.fit_builtin(encoder, {})
        self.train_seconds = time.monotonic() - began
        self.about: dict[str, object] = {}

    def fill(self, windows: Windows) -> dict[str, FloatArray]:
        candidates = self.path.candidates
        estimates = candidates.estimate_windows(windows, self.encoder).values
        return {f"decoder: {self.name}": estimates[candidates.names.index("denoise")]}
