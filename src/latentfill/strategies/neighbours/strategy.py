"""Strategy 2: the windows nearest in embedding space fill a window with what they show at the same place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import nn

from latentfill.core.config import Config
from latentfill.core.series import FloatArray, IntArray
from latentfill.embeddings.protocols.encoder import Encoder, as_tensors
from latentfill.nn.training import History
from latentfill.strategies.neighbours.search import Exact, recall
from latentfill.strategies.neighbours.window_bank import Rules, Votes, WindowBank
from latentfill.strategies.protocols.strategy import Strategy, StrategySpec, TrainingInputs, WindowEstimates
from latentfill.windows.windows import Windows

BATCH = 256  # windows estimated at a time
CELLS = 1 << 26  # most cells kept
SAMPLE = 256  # windows whose neighbours are also looked for exactly, to measure the recall of an index


@dataclass(frozen=True, slots=True, eq=False)
class WindowContributions:
    """What stands behind the estimates of M cells of N windows: a row for each neighbour that spoke of one."""

    window: IntArray  # (M,) which of the windows
    step: IntArray  # (M,) of the window
    column: IntArray  # (M,)
    neighbour: IntArray  # (M,) first step of the neighbour in its series
    value: FloatArray  # (M,) what it says, matched to the window, scaled units
    weight: FloatArray  # (M,) one in sum over the neighbours of a cell


class NeighboursStrategy(Strategy):
    """The weighted mean of the nearest windows' observed cells; what none of them shows stays open."""

    estimate_names = ("neighbours",)

    def __init__(self, config: Config, near: WindowBank) -> None:
        self.config = config
        self.near = near

    @classmethod
    def fit(cls, spec: StrategySpec, inputs: TrainingInputs) -> tuple[Self, dict[str, History]]:
        windows, rules = inputs.data.windows, rules_of(spec.config)
        if inputs.donor_windows is not None:
            windows = windows.joined(inputs.donor_windows)
        return cls(spec.config, WindowBank.of(windows, inputs.required_encoder, spec.device, rules)), {}

    @classmethod
    def unfitted(cls, spec: StrategySpec, bank_size: int) -> Self:
        config, embedding = spec.config, spec.required_encoder_shape.columns * spec.required_encoder_shape.dim
        near = WindowBank(bank_size, config.length, spec.columns, embedding, rules_of(config))
        return cls(config, near.to(spec.device))

    @property
    def bank_size(self) -> int:
        return len(self.near.keys)

    @property
    def modules(self) -> dict[str, nn.Module]:
        return {"bank": self.near}

    @property
    def diagnostics(self) -> dict[str, object]:
        """How many windows the bank holds; with an index, the share of the exact neighbours that it finds."""
        found: dict[str, object] = {"bank_windows": self.bank_size, "search": self.config.neighbour_search}
        return found if self.config.neighbour_search == "exact" else found | {"recall": self.measure_recall()}

    def estimate(self, windows: Windows, encoder: Encoder | None) -> WindowEstimates:
        """The weighted mean, NaN where no neighbour shows anything."""
        found = np.empty(windows.values.shape)
        for part, votes in self._listen(windows, encoder):
            found[part] = (votes.weight * votes.values).sum(1).cpu().numpy()
        return WindowEstimates(found[None])

    def explain(self, windows: Windows, encoder: Encoder | None) -> WindowContributions:
        """Which neighbours speak of each missing cell, what they say and how much they count."""
        parts = []
        for part, votes in self._listen(windows, encoder):
            missing = torch.from_numpy(~windows.observed[part]).to(votes.weight.device)
            window, place, step, column = torch.nonzero((votes.weight > 0) & missing[:, None], as_tuple=True)
            at = (window, place, step, column)
            origin = self.near.starts[votes.index[window, place]]
            columns = (window + part.start, step, column, origin, votes.values[at].double(), votes.weight[at].double())
            parts.append([column.cpu().numpy() for column in columns])
        whole = [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else [np.empty(0)] * 6
        return WindowContributions(*whole)

    def measure_recall(self) -> float:
        """Share of the exact nearest neighbours that the search finds, over some windows of the bank."""
        sample = self.near.keys[:: -(-len(self.near.keys) // SAMPLE)] if len(self.near.keys) else self.near.keys
        k = self.config.neighbour_count
        _, exact = Exact(self.near.keys, self.near.rules.metric).nearest(sample, k)
        return recall(self.near.search.nearest(sample, k)[1], exact)

    def _listen(self, windows: Windows, encoder: Encoder | None) -> Iterator[tuple[slice, Votes]]:
        """What is heard of some of the windows, and which those are."""
        assert encoder is not None
        for first in range(0, len(windows), BATCH):
            part = slice(first, first + BATCH)
            batch = windows.take(part)
            values, observed, _ = as_tensors(batch, self.near.keys.device)
            starts = torch.tensor(batch.starts, device=values.device)
            with torch.no_grad():
                z = encoder.encode(batch).z
                votes = self.near.vote(z, values, observed, starts, self.config.neighbour_count)
            yield part, votes


def rules_of(config: Config) -> Rules:
    """How the settings want neighbours found and averaged."""
    return Rules(
        key_size=None,
        metric=config.neighbour_metric,
        search=config.neighbour_search,
        overlapping=config.neighbour_overlap,
        match=config.neighbour_match,
        weights=config.neighbour_weights,
        temperature=config.neighbour_temperature,
        stride=1,
        cells=CELLS,
    )
