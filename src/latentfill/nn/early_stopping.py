"""Early stopping: the held-out error decides how long to train and which weights to keep."""

from __future__ import annotations

import logging
from collections.abc import Callable

import torch
from torch import Tensor

from latentfill.nn.distributed import processes
from latentfill.nn.flat_weights import FlatWeights
from latentfill.nn.weight_average import WeightAverage, averaged_weights

log = logging.getLogger(__name__)


class EarlyStopping:
    """Measures the held-out error of averaged weights and keeps the best ones."""

    def __init__(self, average: WeightAverage, error: Callable[[], float] | None, patience: int) -> None:
        """`error` measures the current module (None: never stop); `patience`: measurements without improvement."""
        self.average, self.error, self.patience = average, error, patience
        self.errors: list[float] = []
        self.best = 0  # index of the lowest error
        self._kept = average.values.clone()

    def measure(self, weights: FlatWeights) -> bool:
        """Measure the error of the module with its averaged weights; returns whether training should stop."""
        if self.error is None:
            return False
        with averaged_weights(weights, self.average):
            error = torch.tensor(self.error(), dtype=torch.float64, device=weights.values.device)
        self.errors.append(float(processes().of_first(error)))  # all stop together
        log.debug("check %d: held-out error %.4f", len(self.errors), self.errors[-1])
        if self.errors[-1] <= min(self.errors):
            self.best, self._kept = len(self.errors) - 1, self.average.values.clone()
        return len(self.errors) - 1 - self.best >= self.patience

    @property
    def best_weights(self) -> Tensor:
        """The averaged weights with the lowest error; the newest ones if no error is measured."""
        return self._kept if self.error else self.average.values
