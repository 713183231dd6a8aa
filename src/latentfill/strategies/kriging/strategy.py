"""Kriging as a strategy of its own."""

from __future__ import annotations

from typing import Self

from torch import nn

from latentfill.embeddings.protocols.encoder import Encoder
from latentfill.nn.training import History
from latentfill.strategies.kriging.kriging import Kriging
from latentfill.strategies.protocols.strategy import Estimates, StrategySpec, Training
from latentfill.windows.windows import Windows


class KrigingStrategy:
    """The best linear estimate from the observed cells of the window; needs no embedding."""

    names = ("kriging",)
    bank = 0

    def __init__(self, kriging: Kriging) -> None:
        self.kriging = kriging

    @classmethod
    def learn(cls, setting: StrategySpec, training: Training) -> tuple[Self, dict[str, History]]:
        made = cls.blank(setting, 0)
        made.kriging.fit(training.training_data.values, training.training_data.clock, training.training_data.tuning)
        return made, {}

    @classmethod
    def blank(cls, setting: StrategySpec, bank: int) -> Self:
        return cls(Kriging(setting.config.length, setting.columns, setting.phases).to(setting.device))

    @property
    def modules(self) -> dict[str, nn.Module]:
        return {"kriging": self.kriging}

    @property
    def about(self) -> dict[str, object]:
        return {}

    def estimate(self, windows: Windows, encoder: Encoder | None) -> Estimates:
        found = self.kriging.estimate(windows)
        return Estimates(found.mean.cpu().numpy()[None], found.spread.cpu().numpy())
