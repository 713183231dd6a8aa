"""Early stopping: the held-out error decides how long to train and which weights to keep."""

from __future__ import annotations

import logging
from collections.abc import Callable

from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from latentfill.nn.weight_average import averaged_weights, copy_of_weights

log = logging.getLogger(__name__)


class EarlyStopping:
    """Measures the held-out error of averaged weights and keeps the best ones."""

    def __init__(self, average: AveragedModel, error: Callable[[], float] | None, patience: int) -> None:
        """`error` measures the current module (None: never stop); `patience`: measurements without improvement."""
        self.average, self.error, self.patience = average, error, patience
        self.errors: list[float] = []
        self.best = 0  # index of the lowest error
        self._kept = copy_of_weights(average.module)

    def measure(self, module: nn.Module) -> bool:
        """Measure the error of `module` with its averaged weights; returns whether training should stop."""
        if self.error is None:
            return False
        with averaged_weights(module, self.average):
            self.errors.append(self.error())
        log.debug("check %d: held-out error %.4f", len(self.errors), self.errors[-1])
        if self.errors[-1] <= min(self.errors):
            self.best, self._kept = len(self.errors) - 1, copy_of_weights(self.average.module)
        return len(self.errors) - 1 - self.best >= self.patience

    @property
    def best_weights(self) -> dict[str, Tensor]:
        """The averaged weights with the lowest error; the newest ones if no error is measured."""
        return self._kept if self.error else copy_of_weights(self.average.module)
