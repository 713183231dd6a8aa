"""Encoders to compare with the built-in one: simple ones, a pre-trained one, and one that is trained on the table.

Each embeds the scaled windows column by column, (B, C, D), with gaps interpolated linearly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from latentfill.core.config import Config
from latentfill.core.series import FloatArray, Series
from latentfill.embeddings.external.chronos import ChronosEmbedder
from latentfill.embeddings.protocols.embedder import Embedder, RawWindows, cut_raw_windows
from latentfill.embeddings.protocols.record import Embeddings, Provenance, VectorArray
from latentfill.embeddings.registry import make_embedder
from latentfill.embeddings.stored.h5_names import WHOLE
from latentfill.embeddings.timekd.distil import distil
from latentfill.embeddings.timekd.distil_settings import DistilSettings
from latentfill.windows.gaps import interpolate
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import cut

DIM = 32
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
SPACING = 4  # rows between the windows of a table that an encoder is trained on
FORECAST, TEACHER_SPACING = 24, 24  # rows that the student forecasts; rows between the windows that teach it
STEPS, PAIRS, RATE = 200, 32, 1e-3  # training of the contrastive encoder: steps, windows per step, learning rate

Columns = Callable[[FloatArray], FloatArray]  # windows (B, C, L) without gaps to vectors (B, C, D)
Training = Callable[[FloatArray], Columns]  # from the windows of a table (N, C, L)


@dataclass(frozen=True, kw_only=True)
class TableEncoder:
    """An embedder for windows of any length, which `fitted_to` may train on the table."""

    name: str
    settings: Mapping[str, object] = field(default_factory=dict)
    weights_digest: str | None = None
    length: int | None = None
    horizon: int = 0
    costly: bool = False

    def weights(self, columns: int) -> Mapping[str, VectorArray]:
        return {}


@dataclass(frozen=True, kw_only=True)
class ColumnEncoder(TableEncoder):
    """An embedder that is a function of a column's window; with `train`, the function is learnt from the table."""

    encode: Columns | None = None
    train: Training | None = None

    def fitted_to(self, series: Series, scaler: ColumnScaler, length: int) -> Embedder:
        """The encoder after training on the windows of a series."""
        if self.train is None:
            return self
        starts = np.arange(0, series.n_steps - length + 1, SPACING)
        windows = complete(cut(scaler.apply(series.values), starts, length))
        return replace(self, encode=self.train(windows))

    def embed(self, raw: RawWindows) -> VectorArray:
        assert self.encode is not None, f"{self.name} must be trained first"
        return self.encode(complete(raw.scaled)).astype(np.float32)


def complete(windows: FloatArray) -> FloatArray:
    """Windows (B, L, C) with gaps interpolated, columns first: (B, C, L)."""
    return np.nan_to_num(interpolate(windows)).transpose(0, 2, 1)


def projection(windows: FloatArray) -> FloatArray:
    """Projections on directions drawn at random, the same for all columns."""
    length = windows.shape[2]
    directions = np.random.default_rng(0).normal(size=(length, DIM)) / np.sqrt(length)
    projected: FloatArray = windows @ directions
    return projected


def principal_components(windows: FloatArray) -> Columns:
    """The leading principal components of all columns' windows."""
    rows = windows.reshape(-1, windows.shape[2])
    mean = rows.mean(axis=0)
    _, _, directions = np.linalg.svd(rows - mean, full_matrices=False)
    return lambda windows: (windows - mean) @ directions[:DIM].T


class ContrastiveNet(nn.Module):
    """Dilated convolutions over one column, as in TS2Vec (Yue et al., AAAI 2022); a vector for each step."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv1d(1, DIM, 3, padding=1)]
        for dilation in (1, 2, 4, 8, 16):
            layers += [nn.GELU(), nn.Conv1d(DIM, DIM, 3, padding=dilation, dilation=dilation)]
        self.layers = nn.Sequential(*layers)

    def forward(self, columns: Tensor) -> Tensor:
        """(N, L) to (N, L, D)."""
        steps: Tensor = self.layers(columns[:, None]).transpose(1, 2)
        return steps


def contrastive(windows: FloatArray) -> Columns:
    """TS2Vec's contrast of instances: two masked views of a window are alike, and unlike other windows."""
    torch.manual_seed(0)
    rows = torch.tensor(windows.reshape(-1, windows.shape[2]), dtype=torch.float32)
    rows, net = rows.to(DEVICE), ContrastiveNet().to(DEVICE)
    optimiser = torch.optim.AdamW(net.parameters(), RATE)
    for _ in range(STEPS):
        batch = rows[torch.randint(len(rows), (PAIRS,))]
        first, second = (_pooled(net(batch * (torch.rand_like(batch) > 0.3))) for _ in range(2))
        similar = nn.functional.normalize(first, dim=1) @ nn.functional.normalize(second, dim=1).T / 0.1
        loss = nn.functional.cross_entropy(similar, torch.arange(len(batch), device=DEVICE))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    net.eval()

    def encode(windows: FloatArray) -> FloatArray:
        columns = torch.tensor(windows.reshape(-1, windows.shape[2]), dtype=torch.float32, device=DEVICE)
        with torch.inference_mode():
            vectors: FloatArray = _pooled(net(columns)).cpu().numpy().reshape(*windows.shape[:2], DIM)
        return vectors

    return encode


def _pooled(steps: Tensor) -> Tensor:
    """The maximum over the steps, (N, D)."""
    return steps.amax(dim=1)


class Fracast:
    """fracast, a pre-trained forecaster of 85 thousand weights: the states of its core, their mean and the last."""

    def __init__(self) -> None:
        from fracast.inference import FracastModel  # pip install fracast

        self.model: Any = FracastModel.from_pretrained(weights="fp32", device=DEVICE)

    def __call__(self, windows: FloatArray) -> FloatArray:
        rows = windows.reshape(-1, windows.shape[2])
        low, high = rows.min(axis=1, keepdims=True), rows.max(axis=1, keepdims=True)
        context = np.zeros((len(rows), 1 << (rows.shape[1] - 1).bit_length()), np.float32)
        # its convolutions look back; the usual 2048 steps would be mostly padding
        core, width = self.model.core, context.shape[1]
        core.W, core.periodic.W, core.level_widths = width, width, [width]
        seen = np.zeros(context.shape, bool)
        context[:, -rows.shape[1] :] = (rows - low) / np.maximum(high - low, 1e-5)
        seen[:, -rows.shape[1] :] = True
        values, mask = torch.from_numpy(context[:, None]).to(DEVICE), torch.from_numpy(seen[:, None]).to(DEVICE)
        with torch.inference_mode():
            states = self.model.core(values, mask, mask.float())
        states = states[:, -rows.shape[1] :].cpu()
        vectors: FloatArray = torch.cat([states.mean(dim=1), states[:, -1]], dim=1).numpy()
        return vectors.reshape(*windows.shape[:2], -1)


def chronos() -> Embedder:
    """A Chronos-Bolt model of 190 thousand random weights: what its architecture alone is worth."""
    from chronos.chronos_bolt import ChronosBoltModelForForecasting, ChronosBoltPipeline
    from transformers import T5Config

    torch.manual_seed(0)
    reads = {"context_length": 512, "input_patch_size": 16, "input_patch_stride": 16}
    forecasts = {"prediction_length": 16, "quantiles": [0.5]}
    size = {"d_model": 64, "d_kv": 16, "d_ff": 128, "num_layers": 2, "num_heads": 4, "vocab_size": 2}
    ids = {"pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0}
    model = ChronosBoltModelForForecasting(T5Config(**size, **ids, chronos_config={**reads, **forecasts}))
    embedder = ChronosEmbedder(ChronosBoltPipeline(model.eval().to(DEVICE)), "random Chronos-Bolt")
    embedder.costly = False
    return embedder


@dataclass(frozen=True, kw_only=True)
class StudentOfTeacher(TableEncoder):
    """TimeKD's student, distilled on the table from a language model that reads the windows and what follows them."""

    model: str  # folder of the language model
    name: str = "student"

    def embed(self, raw: RawWindows) -> VectorArray:
        raise AssertionError("the student must be distilled first")

    def fitted_to(self, series: Series, scaler: ColumnScaler, length: int) -> Embedder:
        """A student that is distilled from embeddings of windows of a series."""
        config = Config(seq_len=length, pred_len=FORECAST)
        teacher = make_embedder(
            f"timekd:{self.model}+privileged+decimals=0", config=config, length=length, pred_len=FORECAST
        )
        starts = np.arange(0, series.n_steps - length - FORECAST + 1, TEACHER_SPACING)
        vectors = teacher.embed(cut_raw_windows(series, scaler, starts, length, FORECAST))
        taught = Embeddings(vectors, starts, Provenance(encoder=teacher.name, source="computed"))
        return distil(series, {WHOLE: taught}, config, DistilSettings(steps=STEPS, compare=False)).student


ENCODERS: Mapping[str, Callable[[], Embedder]] = {
    "window": lambda: ColumnEncoder(name="window", encode=lambda windows: windows),
    "projection": lambda: ColumnEncoder(name="projection", encode=projection),
    "components": lambda: ColumnEncoder(name="components", train=principal_components),
    "contrastive": lambda: ColumnEncoder(name="contrastive", train=contrastive),
    "chronos": chronos,
    "fracast": lambda: ColumnEncoder(name="fracast", encode=Fracast(), costly=True),
}
