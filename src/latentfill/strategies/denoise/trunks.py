"""Trunks of the decoder heads: networks (B, L, W) -> (B, L, W) in which each step sees the steps around it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from latentfill.nn.distributed import own_draws
from latentfill.nn.dropout import dropout

ATTENTION_HEADS = 4
LONGEST_WAVE = 10_000.0  # sets the longest wavelength of the position encoding


class ConvTrunk(nn.Module):
    """Residual dilated depth-wise convolutions over time with pointwise channel mixing.

    Block after ModernTCN (Luo and Wang, ICLR 2024).
    """

    def __init__(self, width: int, blocks: int, kernel: int, dropout: float) -> None:
        super().__init__()
        dilations = (1, 2, 4, 3)
        self.blocks = nn.Sequential(*(ConvBlock(width, kernel, dilations[i % 4], dropout) for i in range(blocks)))

    def forward(self, x: Tensor) -> Tensor:
        return self.blocks(x)  # type: ignore[no-any-return]


class LstmTrunk(nn.Module):
    """A bidirectional LSTM (Hochreiter and Schmidhuber 1997) with a residual connection.

    It has one layer for every two `blocks`, as a layer takes several times as long as a block of the conv trunk.
    """

    def __init__(self, width: int, blocks: int, kernel: int, dropout: float) -> None:
        super().__init__()
        layers = max(1, blocks // 2)
        self.lstm = nn.LSTM(
            width,
            -(-width // 2),
            num_layers=layers,
            dropout=dropout if layers > 1 else 0.0,
            batch_first=True,
            bidirectional=True,
        )
        self.back = nn.Linear(2 * -(-width // 2), width)

    def forward(self, x: Tensor) -> Tensor:
        with own_draws():
            return x + self.back(self.lstm(x)[0])  # type: ignore[no-any-return]


class TransformerTrunk(nn.Module):
    """Self-attention over the steps (Vaswani et al. 2017), with one layer for every two `blocks`."""

    def __init__(self, width: int, blocks: int, kernel: int, dropout: float) -> None:
        super().__init__()
        heads = next(count for count in (ATTENTION_HEADS, 2, 1) if width % count == 0)
        layer = nn.TransformerEncoderLayer(
            width, heads, 2 * width, dropout, activation="gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, max(1, blocks // 2), enable_nested_tensor=False)

    def forward(self, x: Tensor) -> Tensor:
        with own_draws():
            return self.layers(x + positions(x.shape[1], x.shape[2]).to(x))  # type: ignore[no-any-return]


def positions(length: int, width: int) -> Tensor:
    """Sinusoidal position encoding (L, W) (Vaswani et al. 2017)."""
    channel = torch.arange(width)
    angle = torch.arange(length)[:, None] / LONGEST_WAVE ** (2 * (channel // 2) / width)
    return torch.where(channel % 2 == 0, angle.sin(), angle.cos())


TRUNKS: dict[str, Callable[[int, int, int, float], nn.Module]] = {
    "conv": ConvTrunk,
    "lstm": LstmTrunk,
    "transformer": TransformerTrunk,
}


class ConvBlock(nn.Module):
    """x + pointwise(norm(depth-wise convolution(x))), shape (B, L, W)."""

    def __init__(self, width: int, kernel: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.time = TimeConv(width, kernel, dilation)
        self.norm = nn.LayerNorm(width)
        # One mask per window and channel regularises as well as one per step, and saves a third of the block's time.
        self.mix = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), WindowDropout(dropout), nn.Linear(2 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.mix(self.norm(self.time(x)))  # type: ignore[no-any-return]


class TimeConv(nn.Module):
    """Dilated depth-wise convolution over the steps of (B, L, W), padded with zeros.

    With a dilation of d, every d-th step forms a window of its own, which is convolved without dilation: on a CPU that
    is several times as fast. So are images with one row and channels last in memory, compared with `nn.Conv1d`.
    """

    def __init__(self, width: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.conv = nn.Conv2d(width, width, (1, kernel), groups=width, padding=(0, kernel // 2))

    def forward(self, x: Tensor) -> Tensor:
        d, (windows, length, width) = self.dilation, x.shape
        padded = nn.functional.pad(x, (0, 0, 0, -length % d)).reshape(windows, -1, d, width)
        apart = padded.transpose(1, 2).reshape(windows * d, -1, width)  # (B d, L / d, W)
        row: Tensor = self.conv(apart.transpose(1, 2)[:, :, None])  # (B d, W, 1, L / d)
        together = row.reshape(windows, d, width, -1).permute(0, 3, 1, 2)
        return together.reshape(windows, -1, width)[:, :length]


class WindowDropout(nn.Module):
    """Dropout of whole channels of (B, L, W), the same ones at every step of a window."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.share:
            return x
        return x * dropout(torch.ones_like(x[:, :1]), self.share)
