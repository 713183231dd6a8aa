"""All settings of the method and of what is written, in groups; those of reading tables are in `tables.options`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from latentfill.core.config_groups import (
    DecoderSettings,
    EncoderSettings,
    LatentSettings,
    NeighbourSettings,
    OutputSettings,
    StoredSettings,
    TrainingSettings,
    WindowSettings,
)
from latentfill.core.errors import did_you_mean
from latentfill.core.setting import setting
from latentfill.core.settings import GroupedSettings
from latentfill.core.settings_text import documented
from latentfill.core.strategy_table import STRATEGIES

AUTO = "auto"


@documented
@dataclass(frozen=True, kw_only=True, init=False)
class Config(GroupedSettings):
    """Settings of an `Imputer`. Steps are rows of the series; scaled units are standard deviations of a column.

    Every setting can be given by its own name (``Config(decoder_steps=500)``), and every group as a record or a
    mapping (``Config(decoder={"steps": 500})``).
    """

    strategy: str = setting(
        AUTO,
        f"auto (several, weighed by their errors on held-out cells), or one: {', '.join(STRATEGIES)}.",
        flag="--strategy",
    )
    candidates: tuple[str, ...] = setting(
        ("linear", "kriging", "denoise"),
        "Strategies that auto weighs, a comma list; linear is always one of them.",
        flag="--candidates",
    )
    time_budget: float | None = setting(
        None,
        "Seconds that fitting may take; auto leaves out the most expensive candidates first.",
        flag="--time-budget",
        above=0,
    )
    windows: WindowSettings = field(default_factory=WindowSettings)
    encoder: EncoderSettings = field(default_factory=EncoderSettings)
    decoder: DecoderSettings = field(default_factory=DecoderSettings)
    neighbours: NeighbourSettings = field(default_factory=NeighbourSettings)
    latent: LatentSettings = field(default_factory=LatentSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    stored: StoredSettings = field(default_factory=StoredSettings)
    output: OutputSettings = field(default_factory=OutputSettings)
    seed: int = setting(
        0,
        "Seed of everything random; filling with a saved model keeps the seed of its fit.",
        flag="--seed",
        panel="Running",
        least=0,
        most=2**63 - 1,
        refit=False,
    )
    device: str = setting(
        "auto",
        "Where networks run: auto (a GPU where there is one), cpu, cuda or cuda:N.",
        flag="--device",
        refit=False,
    )

    def contradictions(self) -> Iterator[str]:
        if self.strategy not in (AUTO, *STRATEGIES):
            yield did_you_mean("strategy", self.strategy, (AUTO, *STRATEGIES))
        unknown = [name for name in self.candidates if name not in STRATEGIES]
        if unknown:
            yield "candidates: " + "; ".join(did_you_mean("strategy", name, STRATEGIES) for name in unknown)
        if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", self.device):
            yield f"device must be auto, cpu, cuda or cuda:N, got {self.device!r}"

    @property
    def strategies(self) -> tuple[str, ...]:
        """The strategies that are fitted; linear interpolation, which everything is compared with, comes first."""
        return self.candidate_names if self.strategy == AUTO else tuple(dict.fromkeys(("linear", self.strategy)))

    @property
    def candidate_names(self) -> tuple[str, ...]:
        """The strategies that auto weighs."""
        return tuple(dict.fromkeys(("linear", *self.candidates)))
