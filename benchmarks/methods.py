"""The methods that the protocols on windows compare, with one interface: learn from a series, then fill windows."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Protocol

import numpy as np

from ablations import ablations
from latentfill.core.config import AUTO, Config
from latentfill.core.series import FloatArray, Series
from latentfill.imputation.fitting.fit import fit_series
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import ScaledSeries, Windows
from simple import YARDSTICKS, new_simple, scaled_series
from windows_alone import estimate_alone

STRATEGIES = ("kriging", "state_space", "auto", "denoise")  # the strategies that are compared by default
DATAFILLER = "datafiller"
BASELINES = (
    "linear",
    "spline",
    "locf",
    "nocb",
    "mean",
    "median",
    "seasonal",
    "knn",
    "iterative",
    *YARDSTICKS,
    DATAFILLER,
)
SLOW_BASELINES = ("knn", "iterative", DATAFILLER)  # left out with --quick
LABELS = {"denoise": "latentfill", "kriging": "kriging alone"}  # names in results, where they are not the strategy's
SLOW = ("knn", DATAFILLER)  # methods that fill some of the windows only: one takes up to a second for seven columns
SLOW_COLUMNS = 1400  # columns of all windows that a slow method fills, together


class Method(Protocol):
    """A fitted method that fills windows; it may give several estimates."""

    kind: str  # "ours", "ablation", "baseline" or "peer"
    train_seconds: float
    about: dict[str, object]  # further entries of the results

    def fill(self, windows: Windows) -> dict[str, FloatArray]:
        """Estimates (N, L, C) of the missing cells of scaled windows, by name of the method."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The methods to compare."""

    strategies: tuple[str, ...] = STRATEGIES  # of latentfill, by name
    baselines: tuple[str, ...] = BASELINES  # simple methods, by name
    ablation: bool = False  # whether to compare the decoder without what z adds, and without any correction
    peers: tuple[str, ...] = ()  # published models, by name
    seconds: float | None = None  # longest training of a peer; None: as long as the slowest of the strategies


def methods_of(series: Series, config: Config, length: int, choice: Choice) -> Iterator[Method]:
    """Fit the chosen methods to a series in original units; windows of `length` steps will be filled."""
    slowest = 0.0
    for name in choice.strategies:
        ours = Ours(name, series, config)
        slowest = max(slowest, ours.train_seconds)
        yield ours
        if name == "denoise" and choice.ablation:
            yield from ablations(ours.fitted)
    scaled = scaled_series(series, ColumnScaler.fit(series.values))
    for name in at_hand(choice.baselines):
        if name == DATAFILLER:
            yield DataFillerMethod(series, scaled.values)
        elif name not in choice.strategies:
            yield BaselineMethod(name, scaled)
    for name in choice.peers:
        yield PeerMethod(name, windows_of(scaled, length), choice.seconds or slowest, config.seed)


def at_hand(names: Iterable[str]) -> tuple[str, ...]:
    """The names of simple methods without datafiller, where it is not installed; a line says so."""
    names = tuple(names)
    if DATAFILLER not in names or find_spec(DATAFILLER):
        return names
    print('datafiller is left out; to compare with it: pip install -c constraints.txt "datafiller>=0.4"', flush=True)
    return tuple(name for name in names if name != DATAFILLER)


class Ours:
    """A strategy of latentfill, fitted to the series.

    Each window is filled by itself. With `windows.alone`, so are those that the weights of `auto` are learnt
    from.
    """

    kind = "ours"

    def __init__(self, name: str, series: Series, config: Config) -> None:
        is_usual = name != AUTO or config.effort == Config().effort
        self.label = LABELS.get(name, name) if is_usual else f"{name}, {config.effort}"
        began = time.monotonic()
        self.fitted, self.columns = fit_series(series, config.replace(strategy=name)), series.columns
        self.train_seconds = time.monotonic() - began
        self.about = {"model": model} if (model := digest(self.fitted)) else {}

    def fill(self, windows: Windows) -> dict[str, FloatArray]:
        return {self.label: estimate_alone(self.fitted, windows, self.columns)}


def digest(fitted: Fitted) -> str | None:
    """The start of a hash of the decoder's weights, which identifies the model; None without a decoder."""
    decoder = fitted.builtin.candidates.modules.get("denoise.decoder")
    if decoder is None:
        return None
    sha256 = hashlib.sha256()
    for tensor in decoder.state_dict().values():
        sha256.update(tensor.cpu().numpy().tobytes())
    return sha256.hexdigest()[:16]


class BaselineMethod:
    """A simple method. A slow baseline fills evenly spaced windows only, and leaves NaN in the others."""

    kind = "baseline"

    def __init__(self, name: str, scaled: ScaledSeries) -> None:
        self.name = name
        began = time.monotonic()
        self.baseline = new_simple(name).fit(scaled)
        self.train_seconds = time.monotonic() - began
        self.about: dict[str, object] = {}

    def fill(self, windows: Windows) -> dict[str, FloatArray]:
        spacing = spacing_of(self.name, windows)
        filled = windows.values.copy()
        filled[::spacing] = self.baseline.fill(windows.values[::spacing], windows.clock[::spacing])
        return {self.name: filled}


class PeerMethod:
    """A published model, trained on the windows of the train rows for `seconds`."""

    kind = "peer"

    def __init__(self, name: str, windows: Windows, seconds: float, seed: int) -> None:
        from peers import PEERS  # needs PyPOTS

        self.name = name
        self.peer = PEERS[name]().fit(windows, seconds=seconds, seed=seed)
        self.train_seconds = self.peer.training_["seconds"]
        self.about: dict[str, object] = {"training": self.peer.training_}

    def fill(self, windows: Windows) -> dict[str, FloatArray]:
        return {self.name: self.peer.fill(windows)}


class DataFillerMethod:
    """datafiller, which fits its regressions anew for each window, on the train rows and the window.

    It fills evenly spaced windows only, and leaves NaN in the others. Results keep its rows where it is not installed.
    """

    kind = "peer"
    train_seconds = 0.0  # everything is fitted while filling

    def __init__(self, series: Series, scaled: FloatArray) -> None:
        from datafiller_peer import LAGS_OF_WINDOWS, WindowFiller  # needs datafiller

        self.filler = WindowFiller(series, scaled)
        self.about: dict[str, object] = {"lags": LAGS_OF_WINDOWS}

    def fill(self, windows: Windows) -> dict[str, FloatArray]:
        spacing = spacing_of(DATAFILLER, windows)
        filled = windows.values.copy()
        for i in range(0, len(windows), spacing):
            filled[i] = self.filler.fill(windows.values[i], int(windows.starts[i]))
        return {DATAFILLER: filled}


def windows_of(scaled: ScaledSeries, length: int) -> Windows:
    """All windows of a series."""
    return scaled.cut(np.arange(scaled.n_steps - length + 1), length)


def spacing_of(name: str, windows: Windows) -> int:
    """Every how many windows a method fills one: 1, unless it is slow."""
    most = max(1, SLOW_COLUMNS // windows.values.shape[2]) if name in SLOW else len(windows)
    return -(-len(windows) // most)
