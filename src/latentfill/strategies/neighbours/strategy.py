"""The windows nearest in embedding space fill a window with their own values at the same place."""

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
from latentfill.strategies.neighbours.rules import rules_of
from latentfill.strategies.neighbours.search import Exact, recall
from latentfill.strategies.neighbours.votes import Queries, Votes
from latentfill.strategies.neighbours.window_bank import WindowBank
from latentfill.strategies.protocols.strategy import Strategy, StrategySpec, TrainingInputs, WindowEstimates
from latentfill.windows.windows import Windows

BATCH = 256  # windows estimated at a time
RECALL_SAMPLE = 256  # windows whose neighbours are also found exactly, to measure the recall of an index


@dataclass(frozen=True, slots=True, eq=False)
class WindowContributions:
    """Which neighbours the estimates of missing cells come from, in N windows: M pairs of a cell and a neighbour."""

    window: IntArray  # (M,) index of the window
    step: IntArray  # (M,) of the cell in its window
    column: IntArray  # (M,)
    neighbour: IntArray  # (M,) first step of the neighbour in its series
    value: FloatArray  # (M,) what the neighbour suggests, fitted to the window, scaled units
    weight: FloatArray  # (M,) the weights of a cell sum to one


class NeighboursStrategy(Strategy):
    """The weighted mean of the nearest windows' observed cells; no estimate where the cells of all are missing."""

    estimate_names = ("neighbours",)

    def __init__(self, config: Config, bank: WindowBank) -> None:
        self.config = config
        self.bank = bank

    @classmethod
    def fit(cls, spec: StrategySpec, inputs: TrainingInputs) -> tuple[Self, dict[str, History]]:
        windows, rules = inputs.data.windows, rules_of(spec.config)
        if inputs.donor_windows is not None:
            windows = windows.joined(inputs.donor_windows)
        return cls(spec.config, WindowBank.of(windows, inputs.required_encoder, spec.device, rules)), {}

    @classmethod
    def unfitted(cls, spec: StrategySpec, bank_size: int) -> Self:
        config, embedding = spec.config, spec.required_encoder_shape.columns * spec.required_encoder_shape.dim
        bank = WindowBank(bank_size, config.windows.length, spec.columns, embedding, rules_of(config))
        return cls(config, bank.to(spec.device))

    @property
    def bank_size(self) -> int:
        return len(self.bank.keys)

    @property
    def modules(self) -> dict[str, nn.Module]:
        return {"bank": self.bank}

    @property
    def diagnostics(self) -> dict[str, object]:
        """How many windows the bank holds; with an index, the share of the exact neighbours that it finds."""
        found: dict[str, object] = {"bank_windows": self.bank_size, "search": self.config.neighbours.search}
        return found if self.config.neighbours.search == "exact" else found | {"recall": self.measure_recall()}

    def estimate(self, windows: Windows, encoder: Encoder | None) -> WindowEstimates:
        values = np.empty(windows.values.shape)
        for part, votes in self._votes(windows, encoder):
            values[part] = votes.mean.cpu().numpy()
        return WindowEstimates(values[None])

    def explain(self, windows: Windows, encoder: Encoder | None) -> WindowContributions:
        """Which neighbours each missing cell is estimated from, what they suggest and how much they count."""
        parts = []
        for part, votes in self._votes(windows, encoder):
            missing = torch.from_numpy(~windows.observed[part]).to(votes.weight.device)
            window, rank, step, column = torch.nonzero((votes.weight > 0) & missing[:, None], as_tuple=True)
            at = (window, rank, step, column)
            origin = self.bank.starts[votes.index[window, rank]]
            columns = (window + part.start, step, column, origin, votes.values[at].double(), votes.weight[at].double())
            parts.append([column.cpu().numpy() for column in columns])
        whole = [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else [np.empty(0)] * 6
        return WindowContributions(*whole)

    def measure_recall(self) -> float:
        """The share of the exact neighbours of some windows of the bank that the search finds."""
        keys = self.bank.keys
        sample = keys[:: -(-len(keys) // RECALL_SAMPLE)] if len(keys) else keys
        k = self.config.neighbours.count
        _, exact = Exact(keys, self.bank.rules.metric).nearest(sample, k)
        return recall(self.bank.search.nearest(sample, k)[1], exact)

    def _votes(self, windows: Windows, encoder: Encoder | None) -> Iterator[tuple[slice, Votes]]:
        """The neighbours' votes, batch by batch, each with the slice of `windows` that it covers."""
        assert encoder is not None
        for first in range(0, len(windows), BATCH):
            part = slice(first, first + BATCH)
            batch = windows.take(part)
            values, observed, _ = as_tensors(batch, self.bank.keys.device)
            starts = torch.tensor(batch.starts, device=values.device)
            with torch.no_grad():
                queries = Queries(encoder.encode(batch).z, values, observed, starts)
                votes = self.bank.vote(queries, self.config.neighbours.count)
            yield part, votes
