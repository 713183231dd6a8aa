"""The built-in encoder, which is trained on the observed cells of the series and then frozen."""

from __future__ import annotations

from typing import Self

from torch import Tensor

from latentfill.core.config import Config
from latentfill.core.seeds import SeedStream
from latentfill.embeddings.builtin.net import MaskAwareTransformer, TransformerShape
from latentfill.embeddings.protocols.encoder import Encoded, EncoderShape
from latentfill.nn.batches import HidingBatches, target_tensors
from latentfill.nn.losses import Loss, masked_mse
from latentfill.nn.progress import History, ProgressCallback, Stage
from latentfill.nn.runtime import pick_device, seeded, training_precision
from latentfill.nn.tensors import as_tensors
from latentfill.nn.training import Objective, TrainingSchedule, train
from latentfill.windows.training_data import TrainingData
from latentfill.windows.windows import Windows

DROPOUT = 0.1


class BuiltinEncoder:
    """Embeds windows from their observed cells only, so that hidden cells cannot leak into embeddings."""

    def __init__(self, config: Config, *, columns: int, phases: int) -> None:
        self.config = config
        self.device = pick_device(config.device)
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
        self.net = MaskAwareTransformer(shape).to(self.device)

    @classmethod
    def trained(
        cls,
        config: Config,
        data: TrainingData,
        progress: ProgressCallback | None = None,
        deadline: float | None = None,
    ) -> tuple[Self, History]:
        """A frozen encoder that was trained to reconstruct hidden cells of the training windows, and its history.

        Training stops early by the error on `data.check`. Raises `OutOfTimeError` if training would end after the
        `deadline` (on the clock of `time.monotonic`).
        """
        with seeded(config.seed):
            encoder = cls(config, columns=data.series.values.shape[1], phases=data.series.clock.shape[1])
            schedule = TrainingSchedule.of(config, config.encoder.steps, deadline)
            return encoder, train(encoder.net, encoder._objective(data), schedule, Stage("encoder", progress))

    def _objective(self, data: TrainingData) -> Objective:
        """The error in hidden cells of random windows, and in `data.check`."""
        check, rng = data.check, SeedStream.ENCODER.generator(self.config.seed)
        batches = HidingBatches(data.windows, data.train, self.config.encoder.batch, rng)

        def loss() -> Loss:
            batch = batches.draw()
            with training_precision(self.config, self.device):
                return masked_mse(self._window(batch.windows), *target_tensors(batch, self.device))

        def error() -> float:
            return check.error(self._window(check.windows).cpu().numpy())

        return Objective(loss, error if check.any() else None)

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
