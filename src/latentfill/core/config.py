"""`Config`: the settings of the method and of its output, in groups. `tables.options` has those for reading tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from latentfill.core.config_settings import (
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
from latentfill.core.messages import quoted
from latentfill.core.setting_type import setting
from latentfill.core.settings_base import GroupedSettings, Settings
from latentfill.core.settings_text import documented
from latentfill.core.strategy_table import STRATEGIES
from latentfill.core.window_plan import WindowPlan

AUTO = "auto"

SeriesModel = Literal["auto", "own", "shared"]
Effort = Literal["quick", "standard", "thorough"]

# The strategies that `auto` combines, cheap ones first.
QUICK = ("linear", "autoregression", "state_space")
STANDARD = (*QUICK, "factors", "kriging", "boosted")
THOROUGH = (*STANDARD, "denoise")
BY_EFFORT: Mapping[Effort, tuple[str, ...]] = {"quick": QUICK, "standard": STANDARD, "thorough": THOROUGH}


@documented
@dataclass(frozen=True, kw_only=True, init=False)
class Config(GroupedSettings):
    """Strategy, time limit, seed and device: the settings of an `Imputer` outside the groups.

    Give a setting by its own name (``Config(decoder_steps=500)``), or a group as a record or a mapping
    (``Config(decoder={"steps": 500})``). A step of a series is one row of it.
    """

    strategy: str = setting(
        AUTO,
        "How gaps are filled: auto (the mean of all candidates, weighted by their errors on held-out cells), or one of "
        f"{', '.join(STRATEGIES)}.",
        flag="--strategy",
    )
    effort: Effort = setting(
        "standard",
        "How much time auto may take: quick (seconds), standard, or thorough (which also trains networks: minutes). A "
        "strategy that is not worth its time on the table is left out; the summary says why.",
        flag="--effort",
    )
    candidates: tuple[str, ...] = setting(
        (),
        "Strategies that auto combines, separated by commas, all of which are fitted; linear is always included. By "
        "default, those of the effort.",
        flag="--candidates",
    )
    time_budget: float | None = setting(
        None,
        "Time limit for fitting, in seconds; to keep it, auto leaves out the most expensive candidates first.",
        flag="--time-budget",
        above=0,
    )
    kind: str | None = setting(
        None,
        "Kinds of columns, where those found in the readings are wrong: COLUMN=KIND,... with continuous, non-negative, "
        "zero-inflated, range:LOW:HIGH, integer, circular:PERIOD (degrees: 360), counter, flag, code or auto.",
        flag="--kind",
        json_text=True,
    )
    causal: bool = setting(
        False,
        "Fill each cell from earlier steps alone (and from the other columns of its own step): for live data, and for "
        "backtests without a look ahead. Every stretch is filled by a model of what came before it.",
        flag="--causal",
    )
    model: SeriesModel = setting(
        "auto",
        "Model of many series: shared (one for all, also for series that are too short to learn from), own (one for "
        "each), or auto (the one with less error on cells that are hidden in a few series).",
        flag="--model",
    )
    ignore_memory: bool = setting(
        False,
        "Begin also where the model is estimated not to fit in memory, which is refused otherwise; see "
        "`latentfill plan`.",
        flag="--ignore-memory",
        panel="Running",
        refit=False,
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
        "Seed of all random numbers; a saved model keeps the seed that it was fitted with.",
        flag="--seed",
        panel="Running",
        names=("seed", "random_state"),
        least=0,
        most=2**63 - 1,
        refit=False,
    )
    device: str = setting(
        "auto",
        "Device that runs the networks: auto (a GPU if there is one), cpu, cuda or cuda:N.",
        flag="--device",
        panel="Running",
        refit=False,
    )

    @classmethod
    def completed(cls, given: Mapping[str, object], base: Settings | None) -> Mapping[str, object]:
        """The settings `given`, with a shorter stride if the window is shorter than the stride and no stride is given.

        The shorter stride is a quarter of the window's length.
        """
        length = given.get("length")
        stride = base.windows.stride if isinstance(base, Config) else WindowSettings().stride
        if "stride" not in given and isinstance(length, int) and length < stride:
            return {**given, "stride": max(1, length // 4)}
        return given

    def with_plan(self, plan: WindowPlan) -> Config:
        """The settings, with the window plan of the stored embeddings."""
        return self.replace(**plan.to_dict())

    def contradictions(self) -> Iterator[str]:
        if self.strategy not in (AUTO, *STRATEGIES):
            yield did_you_mean("strategy", self.strategy, (AUTO, *STRATEGIES))
        unknown = [name for name in self.candidates if name not in STRATEGIES]
        if unknown:
            yield "candidates: " + "; ".join(did_you_mean("strategy", name, STRATEGIES) for name in unknown)
        if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", self.device):
            yield f"device must be auto, cpu, cuda or cuda:N, got {quoted(self.device)}"

    @property
    def strategies(self) -> tuple[str, ...]:
        """Names of the strategies to fit; first linear interpolation, with which all others are compared."""
        return self.candidate_names if self.strategy == AUTO else tuple(dict.fromkeys(("linear", self.strategy)))

    @property
    def candidate_names(self) -> tuple[str, ...]:
        """Names of the strategies that `auto` combines; linear interpolation comes first.

        With stored embeddings, their decoder is always among them.
        """
        if self.candidates:
            return tuple(dict.fromkeys(("linear", *self.candidates)))
        return tuple(dict.fromkeys((*BY_EFFORT[self.effort], *(("denoise",) if self.stored.embeddings else ()))))
