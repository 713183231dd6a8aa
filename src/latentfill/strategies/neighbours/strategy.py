"""Fills a window with the values of the windows nearest to it in embedding space."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import nn

from latentfill.core.config import Config
from latentfill.core.series import FloatArray, IntArray
from latentfill.embeddings.protocols.encoder import Encoder
from latentfill.nn.progress import History
from latentfill.nn.tensors import as_tensors
from latentfill.strategies.neighbours.rules import rules_of
from latentfill.strategies.neighbours.search.exact import Exact, recall
from latentfill.strategies.neighbours.votes import Queries, Votes
from latentfill.strategies.neighbours.window_bank import WindowBank
from latentfill.strategies.protocols.strategy import Strategy, StrategySpec, TrainingInputs, WindowEstimates
from latentfill.windows.windows import Windows

BATCH = 256  # windows estimated at a time
RECALL_SAMPLE = 256  # windows, at most, on which the recall of an index is measured


@dataclass(frozen=True, slots=True, eq=False)
class WindowContributions:
    """The neighbours that the missing cells of N windows are estimated from: M pairs of a cell and a neighbour."""

    window: IntArray  # (M,) index of the window
    step: IntArray  # (M,) step of the cell in its window
    column: IntArray  # (M,)
    neighbour: IntArray  # (M,) first step of the neighbour in its series
    value: FloatArray  # (M,) the neighbour's cell after matching, scaled units
    weight: FloatArray  # (M,) weights of a missing cell sum to one


class NeighboursStrategy(Strategy):
    """The weighted mean of the nearest windows; no estimate for cells that are missing in all of them."""

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
        """Number of windows in the bank; with an index, also its recall."""
        info: dict[str, object] = {
            "bank_windows": self.bank_size,
            "search": "faiss" if self.bank.has_index else "exact",
        }
        return info | {"recall": self.measure_recall()} if self.bank.has_index else info

    def estimate(self, windows: Windows, encoder: Encoder | None) -> WindowEstimates:
        values = np.empty(windows.values.shape)
        for part, votes in self._votes(windows, encoder):
            values[part] = votes.mean.cpu().numpy()
        return WindowEstimates(values[None])

    def explain(self, windows: Windows, encoder: Encoder | None) -> WindowContributions:
        """The neighbours that each missing cell is estimated from, with their values and weights."""
        parts = []
        for part, votes in self._votes(windows, encoder):
            missing = torch.from_numpy(~windows.observed[part]).to(votes.weight.device)
            window, rank, step, column = torch.nonzero((votes.weight > 0) & missing[:, None], as_tuple=True)
            index = (window, rank, step, column)
            origin = self.bank.starts[votes.index[window, rank]]
            columns = (
                window + part.start,
                step,
                column,
                origin,
                votes.values[index].double(),
                votes.weight[index].double(),
            )
            parts.append([column.cpu().numpy() for column in columns])
        whole = [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else [np.empty(0)] * 6
        return WindowContributions(*whole)

    def measure_recall(self) -> float:
        """The share of exact neighbours that the search finds, for a sample of the bank's windows."""
        keys = self.bank.keys
        sample = keys[:: -(-len(keys) // RECALL_SAMPLE)] if len(keys) else keys
        k = self.config.neighbours.count
        _, exact = Exact(keys, self.bank.rules.metric).nearest(sample, k)
        return recall(self.bank.search.nearest(sample, k)[1], exact)

    def _votes(self, windows: Windows, encoder: Encoder | None) -> Iterator[tuple[slice, Votes]]:
        """Yields the neighbours' votes for each batch, with the slice of `windows` that it covers."""
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
