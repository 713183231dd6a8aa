"""The built-in encoder: trained on the file's own observed cells, then frozen; needs no download."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from latentfill.core.config import Config
from latentfill.embeddings.builtin.net import MaskAwareStudent
from latentfill.embeddings.protocols.encoder import Encoded, EncoderShape, as_tensors
from latentfill.nn.batches import HidingBatches, target_tensors
from latentfill.nn.losses import masked_mse
from latentfill.nn.training import History, ProgressCallback, TrainingSchedule, train
from latentfill.windows.training_data import TrainingData
from latentfill.windows.windows import Windows

DROPOUT = 0.1


class BuiltinEncoder:
    """Embeds whatever is observed in a window: leak-free by construction, as hidden cells never reach it."""

    def __init__(self, config: Config, *, columns: int, phases: int, device: torch.device) -> None:
        self.config = config
        self.device = device
        self.shape = EncoderShape(columns=columns, dim=config.dim, decodes=True)
        self.net = MaskAwareStudent(
            length=config.length,
            columns=columns,
            phases=phases,
            dim=config.dim,
            layers=config.layers,
            heads=config.attention_heads,
            dropout=DROPOUT,
        ).to(device)

    def fit(
        self,
        training_data: TrainingData,
        rng: np.random.Generator,
        progress: ProgressCallback | None = None,
        deadline: float | None = None,
    ) -> History:
        """Learn to reconstruct hidden cells (scaled), stopping early on the windows to check by; then freeze."""
        check = training_data.check
        batches = HidingBatches(training_data.windows, training_data.train, self.config.encoder_batch, rng)

        def loss() -> Tensor:
            batch = batches.draw()
            return masked_mse(self._window(batch.windows), *target_tensors(batch, self.device))

        def error() -> float:
            return check.error(self._window(check.windows).cpu().numpy())

        plan = TrainingSchedule.of(self.config, self.config.encoder_steps, deadline)
        return train(self.net, loss, error if check.any() else None, plan, stage="encoder", progress=progress)

    def encode(self, windows: Windows) -> Encoded:
        """Embedding (B, C, D) of the observed cells, and the window decoded from it."""
        values, observed, clock = as_tensors(windows, self.device)
        z, level = self.net(values, observed, clock[:, 0])
        return Encoded(z=z, window=self.net.decode(z, level))

    def _window(self, windows: Windows) -> Tensor:
        window = self.encode(windows).window
        assert window is not None
        return window
