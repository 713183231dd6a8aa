"""TimeKD's teacher: a language model reads each window's values, cross attention puts its columns together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Self

import numpy as np
import torch

from latentfill.core.errors import InputError
from latentfill.embeddings.protocols.embedder import RawWindows
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.embeddings.timekd.cross_attention import SubtractiveCrossAttention
from latentfill.embeddings.timekd.language_model import LanguageModel
from latentfill.embeddings.timekd.prompts import PromptStyle, history_prompts, privileged_prompts

DEFAULT_MODEL = "gpt2"


class Teacher:
    """Embeds a window as TimeKD does (Liu et al., ICDE 2025, arXiv 2505.02138), but repeatably: (B, C, D).

    `privileged`: also read the `pred_len` values that follow a window. Such embeddings know the future; they are for
    training a student, and of no use to imputation.
    """

    name = "timekd"
    length = None
    costly = True

    def __init__(
        self,
        model: LanguageModel,
        style: PromptStyle | None = None,
        *,
        pred_len: int = 0,
        privileged: bool = False,
        seed: int = 0,
    ) -> None:
        if privileged and not pred_len:
            raise InputError(
                "privileged prompts read the values after a window: say how many (--pred-len), at least 1."
            )
        self.model = model
        self.style = style or PromptStyle()
        self.pred_len = pred_len
        self.privileged = privileged
        self.seed = seed

    @classmethod
    def load(
        cls,
        where: str | os.PathLike[str] = DEFAULT_MODEL,
        style: PromptStyle | None = None,
        *,
        layers: int | None = None,
        dtype: str = "auto",
        calibrated: bool = True,
        device: torch.device | None = None,
        pred_len: int = 0,
        privileged: bool = False,
        seed: int = 0,
    ) -> Self:
        """A teacher on a language model in a folder, or of a name on the Hugging Face hub."""
        model = LanguageModel.load(where, layers=layers, dtype=dtype, calibrated=calibrated, device=device)
        return cls(model, style, pred_len=pred_len, privileged=privileged, seed=seed)

    @property
    def horizon(self) -> int:
        return self.pred_len if self.privileged else 0

    @property
    def settings(self) -> Mapping[str, object]:
        model = self.model
        return {
            "language_model": model.name,
            "layers": model.layers,
            "dtype": model.dtype,
            "calibrated": model.calibrated,
            **self.style.to_dict(),
            "pred_len": self.pred_len,
            "privileged": self.privileged,
            "seed": self.seed,
        }

    @property
    def weights_digest(self) -> str:
        return self.model.digest()

    def weights(self, columns: int) -> dict[str, VectorArray]:
        """The seeded weights of the cross attention over so many columns."""
        return {name: weight.numpy() for name, weight in self._attention(columns).state_dict().items()}

    def embed(self, raw: RawWindows) -> VectorArray:
        """Embeddings (B, C, D) float32 of B windows; the same windows in the same batch give the same bytes."""
        shape = (len(raw), len(raw.columns), self.model.size)
        history = torch.from_numpy(self.model.states(history_prompts(raw, self.style, self.pred_len)))
        asked = history
        if self.privileged:
            asked = torch.from_numpy(self.model.states(privileged_prompts(raw, self.style)))
        with torch.inference_mode():
            found = self._attention(len(raw.columns))(asked.reshape(shape), history.reshape(shape))
        return np.ascontiguousarray(found.numpy())

    def _attention(self, columns: int) -> SubtractiveCrossAttention:
        return SubtractiveCrossAttention(columns, self.seed)
