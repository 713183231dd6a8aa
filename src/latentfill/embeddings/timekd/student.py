"""TimeKD's student as an embedder of any table, which needs no language model and is saved as a folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
import torch

from latentfill.core.errors import EmbeddingMismatchError, ModelFormatError
from latentfill.core.series import FloatArray
from latentfill.embeddings.protocols.embedder import RawWindows
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.embeddings.timekd.forecasts import windows_at_once
from latentfill.embeddings.timekd.normalise import normalise
from latentfill.embeddings.timekd.student_folder import (
    CONFIG,
    MAKE_AGAIN,
    WEIGHTS,
    read_folder,
    reported_as_damage,
    write_folder,
)
from latentfill.embeddings.timekd.student_net import StudentShape, VariableForecaster
from latentfill.nn.digest import digest_of
from latentfill.nn.tensors import tensor
from latentfill.nn.weights import weight_misfits


@dataclass(frozen=True, slots=True, eq=False)
class DistilledStudent:
    """Embeds each column of a window as the student's encoding, with the column's mean and standard deviation.

    It uses only observed cells, of any number of columns.
    """

    net: VariableForecaster
    shape: StudentShape
    device: torch.device
    about: Mapping[str, object] = field(default_factory=dict)  # teacher, settings and errors, JSON values

    @property
    def name(self) -> str:
        return "student"

    @property
    def settings(self) -> Mapping[str, object]:
        """The sizes of its layers."""
        return asdict(self.shape)

    @property
    def weights_digest(self) -> str:
        """SHA-256 of the named weights."""
        return digest_of(self.net.state_dict())

    @property
    def length(self) -> int:
        return self.shape.length

    @property
    def horizon(self) -> int:
        return 0

    @property
    def costly(self) -> bool:
        return False

    def weights(self, columns: int) -> Mapping[str, VectorArray]:
        """No weights are drawn at random."""
        return {}

    def embed(self, raw: RawWindows) -> VectorArray:
        """Embeddings (B, C, W + 2): encodings, then the mean and standard deviation of each column, scaled units.

        The encoding does not contain the last two, because its input is normalised.
        """
        count, length, columns = raw.scaled.shape
        if length != self.length:
            raise EmbeddingMismatchError(
                f"the windows have {length} steps, but this student reads {self.length}. Use windows of {self.length} "
                f"steps (--length), or distil a student with windows of {length} (--seq-len)."
            )
        size = windows_at_once(length * columns)
        vectors = np.empty((count, columns, self.shape.dim + 2), dtype=np.float32)
        for first in range(0, count, size):
            vectors[first : first + size] = self._embed(raw.scaled[first : first + size])
        return vectors

    @torch.no_grad()
    def _embed(self, scaled: FloatArray) -> FloatArray:
        window = normalise(scaled)
        encoding = self.net(tensor(window.tokens, self.device)).encoding.cpu().numpy()
        return np.concatenate([encoding, window.level[:, :, None], window.spread[:, :, None]], axis=2)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the student to a folder atomically; can replace only an older student."""
        record = {"shape": asdict(self.shape), "weights_digest": self.weights_digest, "about": self.about}
        write_folder(Path(path), record, self.net.state_dict())

    @classmethod
    def load(cls, path: str | os.PathLike[str], device: str | torch.device = "cpu") -> Self:
        """The frozen student in a folder; a `ModelFormatError` lists everything in the folder that does not fit."""
        folder, torch_device = Path(path), torch.device(device)
        record, weights = read_folder(folder)
        with reported_as_damage(folder):
            shape = StudentShape(**record["shape"])
            about = dict(record["about"])
        with torch.device("meta"):  # only shapes, which are compared before memory is allocated
            net = VariableForecaster(shape.length, shape)
        problems = weight_misfits(net.state_dict(), weights)
        if not problems and digest_of(weights) != record.get("weights_digest"):
            problems.append(f"the digest of the weights is not the one in {CONFIG}")
        if problems:
            raise ModelFormatError(f"{folder}/{WEIGHTS} does not fit its {CONFIG}: {'; '.join(problems)}. {MAKE_AGAIN}")
        net.load_state_dict(weights, assign=True)
        return cls(net.to(torch_device).eval().requires_grad_(False), shape, torch_device, about)
