"""An embedder as an encoder: it embeds windows on demand, from the cells that are observed at that time."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import torch

from latentfill.core.errors import EmbeddingMismatchError, InputError
from latentfill.core.messages import quoted
from latentfill.core.series import FloatArray, IntArray, Series
from latentfill.embeddings.protocols.embedder import Embedder, FilledWindows, RawWindows, cut_raw_windows
from latentfill.embeddings.protocols.encoder import Encoded, Encoder, EncoderShape, WindowSmoother
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.nn.tensors import tensor
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import Windows

MEMO_BYTES = 1 << 28  # size of the cache of vectors
AT_ONCE = 128  # windows embedded at a time
ROUNDING = 1e-9  # share of a value, or of its column's unit, that scaling and scaling back may change


class NoEncoder:
    """Returns zeros, so that a decoder sees only the observed cells."""

    shape = EncoderShape(columns=1, dim=1, decodes=False)

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def encode(self, windows: Windows) -> Encoded:
        """Zeros (B, 1, 1)."""
        return Encoded(z=torch.zeros(len(windows), 1, 1, device=self.device))


class LiveEncoder:
    """Embeds the windows of one series with an embedder, in original units and with their time stamps.

    The embedder never sees hidden cells, so they cannot leak into embeddings. The newest vectors are cached, as
    training needs the vectors of costly embedders many times.
    """

    def __init__(
        self,
        embedder: Embedder,
        scaler: ColumnScaler,
        series: Series,
        *,
        length: int,
        device: torch.device,
        smoother: WindowSmoother | None = None,
    ) -> None:
        """`series`, in original units, provides time stamps, and exact values where scaling and back has rounded.

        `smoother` is for an embedder that reads smoothed windows.
        """
        self.embedder = embedder
        self.scaler = scaler
        self.series = series
        self.device = device
        self.smoother = smoother
        self.windows = 0  # number of windows embedded so far
        self.seconds = 0.0  # time spent on embedding them
        self._kept = OrderedDict[bytes, VectorArray]()
        first = cut_raw_windows(series, scaler, np.zeros(1, dtype=np.int64), length)
        zeros = np.zeros(first.values.shape)
        columns, dim = self._embed(replace(first, smoothed=FilledWindows(zeros, zeros)), None)[0].shape
        self.shape = EncoderShape(columns=columns, dim=dim, decodes=False, costly=embedder.costly)

    def encode(self, windows: Windows) -> Encoded:
        """Vectors (B, K, D) of the observed cells of windows in scaled units."""
        keys = [_key(start, values) for start, values in zip(windows.starts, windows.values, strict=True)]
        new = {key: i for i, key in enumerate(keys) if key not in self._kept}
        self._add(list(new), windows.take(np.array(list(new.values()), dtype=np.int64)))
        vectors = np.array([self._kept[key] for key in keys], dtype=np.float32)
        self._forget(keys)
        return Encoded(z=tensor(vectors.reshape(-1, self.shape.columns, self.shape.dim), self.device))

    def raw(self, windows: Windows) -> RawWindows:
        """Scaled windows as an embedder needs them; steps outside the series get the nearest time stamp."""
        steps = (windows.starts[:, None] + np.arange(windows.length)).clip(0, self.series.n_steps - 1)
        values = self._in_units(windows.values, steps)
        return RawWindows(
            values=values,
            scaled=windows.values,
            time=None if self.series.time is None else self.series.time[steps],
            columns=self.series.columns,
            unit=self.scaler.scale,
            step=self.series.step,
            smoothed=None if self.smoother is None else self._smoothed(self.smoother, windows, values),
        )

    def _smoothed(self, smoother: WindowSmoother, windows: Windows, values: FloatArray) -> FilledWindows:
        """The windows, and their `values` in original units, with estimates in their gaps."""
        estimate = smoother.estimate(windows)
        return FilledWindows(
            values=np.where(windows.observed, values, self.scaler.invert(estimate)),
            scaled=np.where(windows.observed, windows.values, estimate),
        )

    def _in_units(self, scaled: FloatArray, steps: IntArray) -> FloatArray:
        """Values in original units; values equal to the series up to rounding are taken from the series."""
        values, read = self.scaler.invert(scaled), self.series.values[steps]
        # False where either is missing
        same = np.isclose(values, read, rtol=ROUNDING, atol=ROUNDING * self.scaler.scale)
        return np.where(same, read, values)

    def _add(self, keys: list[bytes], windows: Windows) -> None:
        """Embed windows, and keep their vectors under `keys`."""
        began = time.perf_counter()
        for first in range(0, len(windows), AT_ONCE):
            part = slice(first, first + AT_ONCE)
            vectors = self._embed(self.raw(windows.take(part)), (self.shape.columns, self.shape.dim))
            self._kept.update(zip(keys[part], vectors, strict=True))
        self.windows += len(windows)
        self.seconds += time.perf_counter() - began

    def _embed(self, raw: RawWindows, size: tuple[int, int] | None) -> VectorArray:
        """Vectors (B, K, D); raises an error if they are not finite or (K, D) is not `size`."""
        vectors, name = self.embedder.embed(raw), self.embedder.name
        if vectors.ndim != 3 or len(vectors) != len(raw) or size not in (None, vectors.shape[1:]):
            expected = "(windows, variables, size)" if size is None else str((len(raw), *size))
            raise EmbeddingMismatchError(
                f"encoder {quoted(name)} gave an array of shape {vectors.shape}, not {expected}."
            )
        if not np.isfinite(vectors).all():
            raise InputError(
                f"encoder {quoted(name)} gave vectors with values that are not finite. Windows have gaps, and may be "
                "empty: "
                "the encoder must fill them, or take the mask into account."
            )
        return vectors

    def _forget(self, keys: Iterable[bytes]) -> None:
        """Drop the least recently used vectors beyond `MEMO_BYTES`; `keys` were used last."""
        for key in keys:
            self._kept.move_to_end(key)
        most = max(1, MEMO_BYTES // bytes_per_window(self.shape))
        while len(self._kept) > most:
            self._kept.popitem(last=False)


def bytes_per_window(shape: EncoderShape) -> int:
    """Bytes that the float32 vectors (K, D) of a window take on disk."""
    return shape.columns * shape.dim * np.dtype(np.float32).itemsize


def seconds_per_window(encoder: Encoder, windows: Windows) -> float:
    """Seconds that an encoder needs per window: the average of a `LiveEncoder`, otherwise measured on `windows`."""
    if isinstance(encoder, LiveEncoder):
        return encoder.seconds / max(1, encoder.windows)
    began = time.perf_counter()
    with torch.no_grad():
        encoder.encode(windows).z.cpu()
    return (time.perf_counter() - began) / max(1, len(windows))


def _key(start: np.int64, values: FloatArray) -> bytes:
    """A hash of a window's start and observed cells."""
    return hashlib.blake2b(start.tobytes() + values.tobytes(), digest_size=16).digest()
