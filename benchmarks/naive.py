"""What one would write from the method's description, in plain PyTorch; `training_cost.py` compares latentfill with it.

    python benchmarks/naive.py TABLE FOLDER OUT [--preload]

FOLDER holds one file `{i}.h5` with the embedding (columns, size) of each window of TABLE. A decoder with two hidden
layers learns windows from embeddings with noise, by the squared error of the observed cells; the missing cells of the
table are then filled with the mean of overlapping windows. With --preload, all embeddings are read into memory first.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

LENGTH, BATCH, EPOCHS, RATE = 96, 32, 10, 1e-3
NOISE, HIDDEN, DROPOUT = 0.1, 0.2, 0.3
EVERY = 24  # steps between the windows that fill the table


class Windows(Dataset[tuple[Tensor, Tensor]]):
    """Embeddings (C, D) and windows (L, C), NaN where missing."""

    def __init__(self, values: Tensor, folder: Path, *, preload: bool) -> None:
        self.values, self.folder = values, folder
        self.count = len(list(folder.glob("*.h5")))
        self.vectors = torch.stack([self.read(i) for i in range(self.count)]) if preload else None

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, i: int) -> tuple[Tensor, Tensor]:
        z = self.read(i) if self.vectors is None else self.vectors[i]
        return z, self.values[i : i + LENGTH]

    def read(self, i: int) -> Tensor:
        with h5py.File(self.folder / f"{i}.h5") as file:
            return torch.from_numpy(file["embeddings"][:])


class Decoder(nn.Module):
    """Embeddings (B, C, D) and levels (B, C) -> windows (B, L, C); the same layers as latentfill's head `mlp`."""

    def __init__(self, columns: int, size: int) -> None:
        super().__init__()
        self.summary = nn.Sequential(nn.Linear(size, 32), nn.GELU())
        self.layers = nn.Sequential(
            nn.Linear(columns * 33, 256),
            nn.GELU(),
            nn.Dropout(DROPOUT),
            nn.Linear(256, 512),
            nn.GELU(),
            nn.Dropout(DROPOUT),
            nn.Linear(512, LENGTH * columns),
        )

    def forward(self, z: Tensor, level: Tensor) -> Tensor:
        x = torch.cat([self.summary(z).flatten(1), level], dim=1)
        return level[:, None] + self.layers(x).unflatten(1, (LENGTH, level.shape[1]))


def level_of(windows: Tensor, seen: Tensor) -> Tensor:
    """Means (B, C) of the cells that are seen."""
    return torch.where(seen, windows, 0.0).sum(1) / seen.sum(1).clamp(min=1)


def train(decoder: Decoder, loader: DataLoader[tuple[Tensor, Tensor]], epochs: int) -> None:
    optimiser = torch.optim.Adam(decoder.parameters(), lr=RATE)
    decoder.train()
    for _ in range(epochs):
        for z, windows in loader:
            observed = ~windows.isnan()
            seen = observed & (torch.rand(windows.shape) >= HIDDEN)
            estimate = decoder(z + NOISE * torch.randn_like(z), level_of(windows, seen))
            loss = torch.where(observed, estimate - windows, 0.0).square().sum() / observed.sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()


@torch.no_grad()
def fill(decoder: Decoder, data: Windows) -> np.ndarray:
    """The table (T, C) in scaled units, with the mean of overlapping windows in its missing cells."""
    decoder.eval()
    total, count = torch.zeros_like(data.values), torch.zeros(len(data.values), 1)
    for i in {*range(0, len(data), EVERY), len(data) - 1}:
        z, window = data[i]
        total[i : i + LENGTH] += decoder(z[None], level_of(window[None], ~window[None].isnan()))[0]
        count[i : i + LENGTH] += 1
    return torch.where(data.values.isnan() & (count > 0), total / count, data.values).numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("table", "folder", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--preload", action="store_true")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    table = pd.read_csv(arguments.table, index_col=0)
    mean, scale = table.mean(), table.std()
    values = torch.from_numpy(((table - mean) / scale).to_numpy(np.float32))
    data = Windows(values, arguments.folder, preload=arguments.preload)
    decoder = Decoder(values.shape[1], data[0][0].shape[1])
    train(decoder, DataLoader(data, BATCH, shuffle=True), arguments.epochs)
    filled = pd.DataFrame(fill(decoder, data), table.index, table.columns) * scale + mean
    filled.to_csv(arguments.out)


if __name__ == "__main__":
    main()
