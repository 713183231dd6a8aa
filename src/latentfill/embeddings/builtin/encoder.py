"""The built-in encoder, which is trained on the observed cells of the series and then frozen."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from latentfill.core.config import Config
from latentfill.embeddings.builtin.net import MaskAwareTransformer, TransformerShape
from latentfill.embeddings.protocols.encoder import Encoded, EncoderShape, as_tensors
from latentfill.nn.batches import HidingBatches, target_tensors
from latentfill.nn.losses import masked_mse
from latentfill.nn.training import History, Objective, ProgressCallback, Stage, TrainingSchedule, train
from latentfill.windows.training_data import TrainingData
from latentfill.windows.windows import Windows

DROPOUT = 0.1


class BuiltinEncoder:
    """Embeds windows from their observed cells only, so that hidden cells cannot leak into embeddings."""

    def __init__(self, config: Config, *, columns: int, phases: int, device: torch.device) -> None:
        self.config = config
        self.device = device
        self.shape = EncoderShape(columns=columns, dim=config.encoder.dim, decodes=True)
        shape = TransformerShape(
            length=config.windows.length,
            columns=columns,
            phases=phases,
            dim=config.encoder.dim,
            layers=config.encoder.layers,
            heads=config.encoder.attention_heads,
            dropout=DROPOUT,
        )
        self.net = MaskAwareTransformer(shape).to(device)

    def fit(
        self,
        training_data: TrainingData,
        rng: np.random.Generator,
        progress: ProgressCallback | None = None,
        deadline: float | None = None,
    ) -> History:
        """Train to reconstruct hidden cells of the training windows, then freeze.

        Training stops early by the error on `training_data.check`. Raises `OutOfTimeError` if training would end after
        the `deadline` (on the clock of `time.monotonic`).
        """
        check = training_data.check
        batches = HidingBatches(training_data.windows, training_data.train, self.config.encoder.batch, rng)

        def loss() -> Tensor:
            batch = batches.draw()
            return masked_mse(self._window(batch.windows), *target_tensors(batch, self.device))

        def error() -> float:
            return check.error(self._window(check.windows).cpu().numpy())

        objective = Objective(loss, error if check.any() else None)
        schedule = TrainingSchedule.of(self.config, self.config.encoder.steps, deadline)
        return train(self.net, objective, schedule, Stage("encoder", progress))

    def encode(self, windows: Windows) -> Encoded:
        """Embeddings (B, C, D) of the observed cells, and the windows (B, L, C) decoded from them, scaled units."""
        values, observed, clock = as_tensors(windows, self.device)
        z, level = self.net(values, observed, clock[:, 0])
        return Encoded(z=z, window=self.net.decode(z, level))

    def _window(self, windows: Windows) -> Tensor:
        """The decoded windows (B, L, C)."""
        window = self.encode(windows).window
        assert window is not None
        return window
