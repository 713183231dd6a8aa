"""Kriging as a strategy."""

from __future__ import annotations

from typing import Self

from torch import nn

from latentfill.embeddings.protocols.encoder import Encoder
from latentfill.nn.progress import History
from latentfill.nn.runtime import one_thread
from latentfill.strategies.kriging.kriging import Kriging
from latentfill.strategies.protocols.series_strategy import SeriesData
from latentfill.strategies.protocols.strategy import Strategy, StrategySpec, TrainingInputs, WindowEstimates
from latentfill.strategies.square_root import SquareRoots
from latentfill.strategies.state_space.fitting import choose_roots
from latentfill.windows.windows import Windows


class KrigingStrategy(Strategy):
    """The best linear estimate from the observed cells of the window, without embeddings."""

    estimate_names = ("kriging",)

    def __init__(self, kriging: Kriging) -> None:
        self.kriging = kriging

    @classmethod
    def fit(cls, spec: StrategySpec, inputs: TrainingInputs) -> tuple[Self, dict[str, History]]:
        strategy, data = cls.unfitted(spec, bank_size=0), inputs.data
        root = choose_roots(SeriesData(data.series, data.truth, spec.config.seed))
        with one_thread():  # its matrices are small: more threads gain nothing, and wait long where a core is busy
            strategy.kriging.fit(data.series, data.tuning, SquareRoots.of(root, data.series.values))
        return strategy, {}

    @classmethod
    def unfitted(cls, spec: StrategySpec, bank_size: int) -> Self:
        return cls(Kriging(spec.config.windows.length, spec.columns, spec.phases).to(spec.device))

    @property
    def modules(self) -> dict[str, nn.Module]:
        return {"kriging": self.kriging}

    def estimate(self, windows: Windows, encoder: Encoder | None) -> WindowEstimates:
        mean, residual, spread = (part.cpu().numpy() for part in self.kriging.estimate(windows))
        return WindowEstimates(mean[None], spread, residual)
