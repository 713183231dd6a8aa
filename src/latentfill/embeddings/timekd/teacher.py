"""TimeKD's teacher: a language model reads the values of each window, and cross attention combines its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import torch

from latentfill.core.errors import InputError
from latentfill.embeddings.external.hub import Place
from latentfill.embeddings.protocols.embedder import RawWindows
from latentfill.embeddings.protocols.encoder_settings import ModelSettings, PromptStyle
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.embeddings.timekd.cross_attention import SubtractiveCrossAttention
from latentfill.embeddings.timekd.language_model import LanguageModel
from latentfill.embeddings.timekd.language_model_loading import load_language_model
from latentfill.embeddings.timekd.prompts import history_prompts, privileged_prompts

DEFAULT_MODEL = "gpt2"


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherSettings:
    """The content of a teacher's prompts, and the seed of its cross attention."""

    style: PromptStyle = field(default_factory=PromptStyle)
    pred_len: int = 0  # steps after a window that prompts ask the model to forecast
    privileged: bool = False  # whether prompts also contain the values of these steps
    seed: int = 0

    def __post_init__(self) -> None:
        if self.privileged and not self.pred_len:
            raise InputError(
                "privileged prompts contain the values after a window: set their number (--pred-len) to 1 or more."
            )


DEFAULT_TEACHER, DEFAULT_READING = TeacherSettings(), ModelSettings()


class Teacher:
    """Embeds windows as (B, C, D) like TimeKD (Liu et al., ICDE 2025, arXiv 2505.02138), but deterministically.

    Embeddings of privileged prompts depend on the steps after a window: a student can learn from them, but they must
    not be used for imputation.
    """

    name = "timekd"
    length = None
    costly = True

    def __init__(self, model: LanguageModel, teacher: TeacherSettings = DEFAULT_TEACHER) -> None:
        self.model = model
        self.teacher = teacher

    @classmethod
    def load(
        cls,
        where: Place = DEFAULT_MODEL,
        teacher: TeacherSettings = DEFAULT_TEACHER,
        reading: ModelSettings = DEFAULT_READING,
        device: torch.device | None = None,
    ) -> Self:
        """A teacher with the language model at `where`: a folder, or a name in the local cache or on the hub."""
        return cls(load_language_model(where, reading, device), teacher)

    @property
    def horizon(self) -> int:
        return self.teacher.pred_len if self.teacher.privileged else 0

    @property
    def reads_smoothed(self) -> bool:
        """Whether its prompts hold the smoothed series in gaps."""
        return self.teacher.style.rough_fill == "smooth"

    @property
    def settings(self) -> Mapping[str, object]:
        model = self.model
        return {
            "language_model": model.name,
            "layers": model.layers,
            "dtype": model.dtype,
            "calibrated": model.tokenizer.calibrated,
            **self.teacher.style.to_dict(),
            "pred_len": self.teacher.pred_len,
            "privileged": self.teacher.privileged,
            "seed": self.teacher.seed,
        }

    @property
    def weights_digest(self) -> str:
        return self.model.digest()

    def weights(self, columns: int) -> dict[str, VectorArray]:
        """The cross attention's weights for `columns` columns, drawn from the seed."""
        return {name: weight.numpy() for name, weight in self._attention(columns).state_dict().items()}

    def embed(self, raw: RawWindows) -> VectorArray:
        """Embeddings (B, C, D); equal batches give equal bytes."""
        shape = (len(raw), len(raw.columns), self.model.size)
        style = self.teacher.style
        history = torch.from_numpy(self.model.states(history_prompts(raw, style, self.teacher.pred_len)))
        privileged = history
        if self.teacher.privileged:
            privileged = torch.from_numpy(self.model.states(privileged_prompts(raw, style)))
        with torch.inference_mode():
            vectors = self._attention(len(raw.columns))(privileged.reshape(shape), history.reshape(shape))
        return np.ascontiguousarray(vectors.numpy())

    def _attention(self, columns: int) -> SubtractiveCrossAttention:
        return SubtractiveCrossAttention(columns, self.teacher.seed)
