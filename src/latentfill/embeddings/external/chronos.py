"""Chronos, Chronos-Bolt and Chronos-2 (Ansari et al., arXiv 2403.07815 and 2510.15821) as encoders.

Loaded by their own package, chronos-forecasting. Chronos and Chronos-Bolt read each column by itself, Chronos-2 the
columns of a window together.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from latentfill.core.errors import InputError
from latentfill.core.series import FloatArray
from latentfill.embeddings.protocols.embedder import RawWindows
from latentfill.embeddings.protocols.encoder import tensor
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.embeddings.timekd.language_model import quiet_transformers
from latentfill.nn.digest import digest_of

CELLS = 1 << 15  # read at a time, which bounds the memory
INSTALL = "it needs the package chronos-forecasting: pip install 'latentfill[chronos]'"
EXAMPLE = "amazon/chronos-bolt-small"


class ChronosEmbedder:
    """The mean of the encoder's states over the patches of a window in which something was observed: (B, C, D)."""

    name = "chronos"
    length = None
    horizon = 0
    costly = True

    def __init__(self, pipeline: Any, model: str) -> None:
        """`pipeline`: one of the package's own."""
        self.pipeline, self.model = pipeline, model
        self.kind = type(pipeline).__name__
        config: Mapping[str, Any] = pipeline.inner_model.config.chronos_config
        self.longest = int(config["context_length"])
        self.patch = int(config.get("input_patch_size", 1))  # Chronos reads value by value
        self.apart = int(config.get("input_patch_stride", self.patch))

    @classmethod
    def load(cls, where: str | os.PathLike[str], device: torch.device) -> Self:
        """A model in a folder, in the local cache, or of that name on the Hugging Face hub; float32."""
        name = Path(where).name if os.path.exists(where) else str(where)
        return cls(_found(where, device), name)

    @property
    def settings(self) -> Mapping[str, object]:
        return {"model": self.model, "pipeline": self.kind, "pooling": "mean over observed patches"}

    @property
    def weights_digest(self) -> str:
        return digest_of(self.pipeline.inner_model.state_dict())

    def weights(self, columns: int) -> Mapping[str, VectorArray]:
        """None: its own are in its folder."""
        return {}

    def check_length(self, length: int) -> None:
        """Refuse windows of which the model would read the end alone."""
        if length > self.longest:
            raise InputError(
                f"the windows have {length} steps, {self.model} reads at most {self.longest}. Cut shorter windows "
                "(--seq-len, --length)."
            )

    def embed(self, raw: RawWindows) -> VectorArray:
        """Vectors (B, C, D) of the scaled windows.

        Chronos-Bolt and Chronos-2 take level and spread off each window, Chronos its mean size: other units would say
        the same to the first two, and less to the last, which counts in steps of a 136th of that size.
        """
        count, length, columns = raw.scaled.shape
        self.check_length(length)
        at_once = max(1, CELLS // (length * columns))
        return np.concatenate([self._embed(raw.scaled[i : i + at_once]) for i in range(0, count, at_once)])

    @torch.inference_mode()
    def _embed(self, scaled: FloatArray) -> VectorArray:
        series = tensor(scaled.transpose(0, 2, 1), torch.device("cpu"))  # (B, C, L); the pipeline moves it
        windows, columns, length = series.shape
        if self.kind == "Chronos2Pipeline":
            states = torch.stack(self.pipeline.embed(series)[0])
        else:
            states = self.pipeline.embed(series.reshape(-1, length))[0]
        states = states.reshape(windows, columns, -1, states.shape[-1])
        counts = self._counts(~series.isnan(), states.shape[2])[..., None]
        total = counts.sum(dim=2).clamp(min=1)  # none, where a column is empty and no such token follows: zeros
        pooled: VectorArray = ((states * counts).sum(dim=2) / total).numpy()
        return pooled

    def _counts(self, observed: Tensor, positions: int) -> Tensor:
        """1 for patches (B, C, positions) in which something was observed, and for the tokens after them.

        These (the end of the series, its summary, the patch to be forecast) have read all that was observed.
        """
        padding = -observed.shape[-1] % self.patch  # as the models do it, in front
        patches = nn.functional.pad(observed.float(), (padding, 0)).unfold(-1, self.patch, self.apart).amax(dim=-1)
        return nn.functional.pad(patches, (0, positions - patches.shape[-1]), value=1.0)


def _found(where: str | os.PathLike[str], device: torch.device) -> Any:
    """A pipeline: what is on this machine first, then what the hub has."""
    if os.path.exists(where):
        return _loaded(where, device, local_files_only=True)
    try:
        return _loaded(where, device, local_files_only=True)
    except InputError:
        return _loaded(where, device, local_files_only=False)


def _loaded(where: str | os.PathLike[str], device: torch.device, *, local_files_only: bool) -> Any:
    try:
        from chronos import BaseChronosPipeline
    except ImportError as error:
        raise InputError(f"the Chronos model {where} cannot be loaded: {INSTALL}.") from error
    try:
        with quiet_transformers():
            return BaseChronosPipeline.from_pretrained(
                where, device_map=str(device), dtype=torch.float32, local_files_only=local_files_only
            )
    except Exception as error:  # the package has no type of its own for a folder that holds something else
        known = EXAMPLE if os.path.isabs(where) or os.path.exists(where) else str(where)
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"no Chronos model can be loaded from {str(where)!r} ({said}). Give a folder that "
            f"holds config.json and model.safetensors: `hf download {known} --local-dir {Path(known).name}` makes one "
            "where there is internet."
        ) from error
