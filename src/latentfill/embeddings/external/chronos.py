"""Chronos, Chronos-Bolt and Chronos-2 (Ansari et al., arXiv 2403.07815 and 2510.15821) as encoders.

The package chronos-forecasting loads them. Chronos and Chronos-Bolt read columns one by one, Chronos-2 reads the
columns of a window together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NotRequired, Protocol, Self, TypedDict, cast

import numpy as np
import torch
from torch import Tensor, nn

from latentfill.core.errors import InputError
from latentfill.core.series import FloatArray
from latentfill.embeddings.external.hub import Place, PretrainedKind, load_pretrained, model_name
from latentfill.embeddings.protocols.embedder import RawWindows
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.nn.digest import digest_of
from latentfill.nn.tensors import tensor

CELLS = 1 << 15  # cells embedded at a time, which bounds the memory
EXAMPLE = "amazon/chronos-bolt-small"
CHRONOS = PretrainedKind(
    noun="Chronos model",
    package="chronos",
    install="pip install 'latentfill[chronos]'",
    files="config.json and model.safetensors",
    example=EXAMPLE,
)


class ChronosConfig(TypedDict):
    """The part of a model's configuration that is used here."""

    context_length: int  # steps that the model reads at most
    input_patch_size: NotRequired[int]  # steps; missing for Chronos, which reads single values
    input_patch_stride: NotRequired[int]  # steps from one patch to the next


class _Config(Protocol):
    chronos_config: ChronosConfig


class _Model(Protocol):
    @property
    def config(self) -> _Config: ...

    def state_dict(self) -> Mapping[str, Tensor]: ...


class ChronosPipeline(Protocol):
    """The interface of a chronos-forecasting model that is used here."""

    @property
    def inner_model(self) -> _Model: ...

    def embed(self, context: Tensor) -> tuple[Tensor | list[Tensor], object]:
        """Encoder states (N, positions, D) of series (N, L); for Chronos-2 a list with one tensor per window."""
        ...


class ChronosEmbedder:
    """Embeds a column as the mean of the encoder's states over patches with an observed cell, (B, C, D)."""

    name = "chronos"
    length = None
    horizon = 0
    costly = True

    def __init__(self, pipeline: ChronosPipeline, model: str) -> None:
        """`model` is the name that settings and messages use."""
        self.pipeline, self.model = pipeline, model
        self.kind = type(pipeline).__name__
        config = pipeline.inner_model.config.chronos_config
        self.longest = int(config["context_length"])
        self.patch = int(config.get("input_patch_size", 1))
        self.patch_stride = int(config.get("input_patch_stride", self.patch))

    @classmethod
    def load(cls, where: Place, device: torch.device) -> Self:
        """Load a model in float32 from a folder, the local cache or the Hugging Face hub."""
        loaded = load_pretrained(CHRONOS, "BaseChronosPipeline", where, device_map=str(device), dtype=torch.float32)
        return cls(cast(ChronosPipeline, loaded), model_name(where))

    @property
    def settings(self) -> Mapping[str, object]:
        return {"model": self.model, "pipeline": self.kind, "pooling": "mean over observed patches"}

    @property
    def weights_digest(self) -> str:
        return digest_of(self.pipeline.inner_model.state_dict())

    def weights(self, columns: int) -> Mapping[str, VectorArray]:
        """No weights are drawn at random."""
        return {}

    def check_length(self, length: int) -> None:
        """Raise `InputError` for windows that are longer than the model's context."""
        if length > self.longest:
            raise InputError(
                f"the windows have {length} steps, but {self.model} reads at most {self.longest}. Use shorter windows "
                "(--seq-len, --length)."
            )

    def embed(self, raw: RawWindows) -> VectorArray:
        """Embeddings (B, C, D) of the scaled windows.

        The unit of the values hardly matters: Chronos-Bolt and Chronos-2 standardise each window, and Chronos divides
        it by its mean absolute value.
        """
        count, length, columns = raw.scaled.shape
        self.check_length(length)
        at_once = max(1, CELLS // (length * columns))
        return np.concatenate([self._embed(raw.scaled[i : i + at_once]) for i in range(0, count, at_once)])

    @torch.inference_mode()
    def _embed(self, scaled: FloatArray) -> VectorArray:
        series = tensor(scaled.transpose(0, 2, 1), torch.device("cpu"))  # (B, C, L); the pipeline moves it
        windows, columns, length = series.shape
        states = self.pipeline.embed(series if self.kind == "Chronos2Pipeline" else series.reshape(-1, length))[0]
        if isinstance(states, list):
            states = torch.stack(states)
        states = states.reshape(windows, columns, -1, states.shape[-1])  # (B, C, positions, D)
        weights = self._position_weights(~series.isnan(), states.shape[2])[..., None]
        total = weights.sum(dim=2).clamp(min=1)  # 0 for an empty column without further tokens
        pooled: VectorArray = ((states * weights).sum(dim=2) / total).numpy()
        return pooled

    def _position_weights(self, observed: Tensor, positions: int) -> Tensor:
        """Weights (B, C, positions) of the states in the mean, 1 or 0, from the observed mask (B, C, L).

        Patches with an observed cell have weight 1, and so have all tokens after the patches (end of series, summary,
        patch to forecast), because they attend to all observed cells.
        """
        padding = -observed.shape[-1] % self.patch  # in front, as the models pad
        padded = nn.functional.pad(observed.float(), (padding, 0))
        patches = padded.unfold(-1, self.patch, self.patch_stride).amax(dim=-1)
        return nn.functional.pad(patches, (0, positions - patches.shape[-1]), value=1.0)
