"""The methods that protocols T, L and S compare, with one interface: learn from a series, then fill windows."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np
import torch

from latentfill.core.config import Config
from latentfill.core.series import FloatArray, Series
from latentfill.embeddings.protocols.encoder import Encoded, Encoder
from latentfill.imputation.fitting.fit import fit_series
from latentfill.imputation.fitting.fitted import Fitted, FittedPath
from latentfill.imputation.fitting.strategy_fitter import StrategyFitter
from latentfill.imputation.validation.holdout import hold_out
from latentfill.strategies.candidates import Candidates
from latentfill.strategies.classes import baseline_names, new_baseline
from latentfill.windows.cycles import clock_features
from latentfill.windows.windows import ScaledSeries, Windows

MOST_WINDOWS = {"knn": 200}  # most windows that a slow baseline fills; knn takes a second for eight windows


class Method(Protocol):
    """A fitted method that fills windows; it may give several estimates."""

    kind: str  # "ours", "ablation", "baseline" or "peer"
    train_seconds: float
    about: dict[str, object]  # further entries of the results

    def fill(self, windows: Windows) -> dict[str, FloatArray]:
        """Estimates (N, L, C) of the missing cells of scaled windows, by name of the method."""
        ...


def methods_of(
    series: Series, config: Config, *, baselines: bool, ablation: bool, peers: list[str], seconds: float | None
) -> Iterator[Method]:
    """Fit the requested methods to a series in original units; peers train for `seconds` or as long as ours."""
    ours = Ours(series, config)
    yield ours
    if ablation:
        yield from ablations(series, ours.fitted)
    scaled = ours.fitted.scaler.apply(series.values)
    if baselines:
        for name in baseline_names():
            yield BaselineMethod(name, scaled)
    for name in peers:
        yield PeerMethod(name, scaled, config, seconds or ours.train_seconds)


class Ours:
    """latentfill's decoder, and the kriging that it corrects.

    Each window is filled alone, so the ensemble weights of `latentfill impute`, which are fitted on a whole file with
    both sides of every gap, are not used.
    """

    kind = "ours"

    def __init__(self, series: Series, config: Config) -> None:
        began = time.monotonic()
        self.fitted = fit_series(series, config)
        self.train_seconds = time.monotonic() - began
        self.about = {"model": digest(self.fitted)}

    def fill(self, windows: Windows) -> dict[str, FloatArray]:
        estimates = estimate_windows(self.fitted.builtin.candidates, windows, self.fitted.encoder)
        return {"latentfill": estimates["denoise"], "kriging alone": estimates["kriging"]}


def estimate_windows(candidates: Candidates, windows: Windows, encoder: Encoder | None) -> dict[str, FloatArray]:
    """Estimates (N, L, C) of windows, by name; baselines are left out."""
    return {
        name: estimate
        for strategy in candidates.strategies
        for name, estimate in zip(strategy.estimate_names, strategy.estimate(windows, encoder).values, strict=True)
    }


def digest(fitted: Fitted) -> str:
    """The start of a hash of the decoder's weights, which identifies the model."""
    sha256 = hashlib.sha256()
    for tensor in fitted.builtin.candidates.modules["denoise.decoder"].state_dict().values():
        sha256.update(tensor.cpu().numpy().tobytes())
    return sha256.hexdigest()[:16]


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


def ablations(series: Series, fitted: Fitted) -> Iterator[Method]:
    """Decoders trained like the decoder of `fitted` on the same held-out series, but without some of its inputs."""
    scaled = ScaledSeries(fitted.scaler.apply(series.values), clock_features(series, fitted.cycles))
    for name, (change, neighbours) in ABLATIONS.items():
        config = fitted.config if neighbours else fitted.config.replace(neighbours=0)
        assert fitted.encoder is not None
        encoder = AlteredEncoder(fitted.encoder, change) if change else fitted.encoder
        held_out = hold_out(scaled, config)
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
        return {f"decoder: {self.name}": estimate_windows(self.path.candidates, windows, self.encoder)["denoise"]}


class BaselineMethod:
    """A baseline. A slow baseline fills evenly spaced windows only, and leaves NaN in the others."""

    kind = "baseline"

    def __init__(self, name: str, scaled: FloatArray) -> None:
        self.name = name
        began = time.monotonic()
        self.baseline = new_baseline(name).fit(scaled)
        self.train_seconds = time.monotonic() - began
        self.about: dict[str, object] = {}

    def fill(self, windows: Windows) -> dict[str, FloatArray]:
        spacing = -(-len(windows) // MOST_WINDOWS.get(self.name, len(windows)))
        filled = windows.values.copy()
        filled[::spacing] = self.baseline.fill(windows.values[::spacing])
        return {self.name: filled}


class PeerMethod:
    """A published model, trained for `seconds` on the train rows."""

    kind = "peer"

    def __init__(self, name: str, scaled: FloatArray, config: Config, seconds: float) -> None:
        from peers import PEERS  # needs the extra "peers"

        self.name = name
        clock = np.zeros((len(scaled), 0))
        windows = ScaledSeries(scaled, clock).cut(
            np.arange(len(scaled) - config.windows.length + 1), config.windows.length
        )
        self.peer = PEERS[name]().fit(windows.values, seconds=seconds, seed=config.seed)
        self.train_seconds = self.peer.training_["seconds"]
        self.about: dict[str, object] = {"training": self.peer.training_}

    def fill(self, windows: Windows) -> dict[str, FloatArray]:
        return {self.name: self.peer.fill(windows.values)}
