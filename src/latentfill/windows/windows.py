"""Cuts a series into windows of equal length; `blend` is the inverse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from latentfill.core.errors import InputError
from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.windows.splits import Split

NEAR_GAP = 24  # steps; what is learnt from the surroundings of a cell looks no farther

Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False)
class ScaledSeries:
    """T steps of C columns in scaled units, with P clock features per step.

    It may consist of equally long parts, one below the other, which are series of their own: no cell of a part is
    estimated from another part.
    """

    values: FloatArray  # (T, C), NaN where missing
    clock: FloatArray  # (T, P), see `clock_features`
    parts: int = 1
    tied: IntArray | None = None  # (C,) first column that is missing in the same cells; None: each column by itself
    position: FloatArray | None = None  # (T, 1) see `Series.position`

    @property
    def n_steps(self) -> int:
        """T."""
        return len(self.values)

    @property
    def observed(self) -> BoolArray:
        """True where a value is observed, shape (T, C)."""
        return ~np.isnan(self.values)

    def until(self, stop: int) -> ScaledSeries:
        """The steps before `stop`, of a series of one part."""
        assert self.parts == 1
        position = None if self.position is None else self.position[:stop]
        return replace(self, values=self.values[:stop], clock=self.clock[:stop], position=position)

    def without(self, hidden: BoolArray) -> ScaledSeries:
        """The same series with the `hidden` cells (T, C) missing."""
        return replace(self, values=np.where(hidden, np.nan, self.values))

    @property
    def padding(self) -> BoolArray:
        """True for the steps (T,) after the last observed one of a part; nothing is padding if there is one part."""
        if self.parts == 1:
            return np.zeros(self.n_steps, dtype=bool)
        observed = np.logical_or.reduce(by_part(self.observed, self.parts), axis=2)
        return np.asarray(~np.maximum.accumulate(observed[:, ::-1], axis=1)[:, ::-1].ravel())

    def starts(self, length: int, stride: int) -> IntArray:
        """First steps of the windows of each part, without its padding, see `window_starts`."""
        if self.parts == 1:
            return window_starts(self.n_steps, length, stride)
        known = (~by_part(self.padding[:, None], self.parts)[..., 0]).sum(axis=1).tolist()
        first = np.arange(self.parts) * (self.n_steps // self.parts)
        parts = zip(first, known, strict=True)
        return np.concatenate([at + window_starts(max(n_steps, length), length, stride) for at, n_steps in parts])

    def padded_to(self, n_steps: int) -> ScaledSeries:
        """A series of one part with missing steps appended until it has `n_steps`; unchanged if it is long enough."""
        pad = ((0, max(0, n_steps - self.n_steps)), (0, 0))
        values = np.pad(self.values, pad, constant_values=np.nan)
        clock = np.pad(self.clock, pad, mode="edge")
        return replace(self, values=values, clock=clock, position=_continued(self.position, pad[0][1]))

    def cut(self, starts: IntArray, length: int) -> Windows:
        """The windows of `length` steps at `starts`; their arrays are views where the starts are evenly spaced."""
        values, clock = cut(self.values, starts, length), cut(self.clock, starts, length)
        position = None if self.position is None else cut(self.position, starts, length)
        return Windows(values, clock, starts, self.n_steps, self.tied, position)


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Windows of equal length from one series: N windows, L steps, C columns, P clock features."""

    values: FloatArray  # (N, L, C), NaN where missing
    clock: FloatArray  # (N, L, P), see `clock_features`
    starts: IntArray  # (N,), first step of each window
    n_steps: int  # T, length of the whole series
    tied: IntArray | None = None  # (C,) see `ScaledSeries`
    position: FloatArray | None = None  # (N, L, 1) see `Series.position`

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def observed(self) -> BoolArray:
        """True where a value is observed, shape (N, L, C)."""
        return ~np.isnan(self.values)

    @property
    def length(self) -> int:
        """L."""
        return int(self.values.shape[1])

    def take(self, index: IntArray | slice) -> Windows:
        """The windows at `index`."""
        position = None if self.position is None else self.position[index]
        values, clock, starts = self.values[index], self.clock[index], self.starts[index]
        return replace(self, values=values, clock=clock, starts=starts, position=position)

    def with_observed_cells(self) -> Windows:
        """The windows in which at least one cell is observed."""
        return self.take(np.nonzero(self.observed.any(axis=(1, 2)))[0])

    def joined(self, other: Windows) -> Windows:
        """These windows followed by `other`, which must have the same length and columns."""
        return replace(
            self,
            values=np.concatenate([self.values, other.values]),
            clock=np.concatenate([self.clock, other.clock]),
            starts=np.concatenate([self.starts, other.starts]),
            position=joined_positions([(self.position, self.values), (other.position, other.values)]),
        )

    def without(self, hidden: BoolArray) -> Windows:
        """The same windows with the `hidden` cells (N, L, C) missing."""
        return replace(self, values=np.where(hidden, np.nan, self.values))


def column_of(position: FloatArray | None) -> FloatArray | None:
    """The positions (T,) of a series as a column (T, 1)."""
    return None if position is None else position[:, None]


def joined_positions(parts: Sequence[tuple[FloatArray | None, FloatArray]]) -> FloatArray | None:
    """The positions (..., L, 1) of several parts with values (..., L, C), one after the other; None if none has any."""
    if all(position is None for position, _ in parts):
        return None
    return np.concatenate([_positions(values) if position is None else position for position, values in parts])


def _positions(values: FloatArray) -> FloatArray:
    """The positions (..., L, 1) of steps that are equally far apart."""
    steps = np.arange(values.shape[-2], dtype=float)[:, None]
    return np.broadcast_to(steps, (*values.shape[:-1], 1))


def _continued(position: FloatArray | None, n_steps: int) -> FloatArray | None:
    """Positions (T, 1) and those of `n_steps` further steps."""
    if position is None:
        return None
    return np.concatenate([position, position[-1:] + np.arange(1.0, n_steps + 1)[:, None]])


def tied_among(tied: IntArray | None, columns: IntArray) -> IntArray | None:
    """`ScaledSeries.tied` for a series of some of the columns (K,)."""
    if tied is None:
        return None
    return np.array([np.flatnonzero(tied[columns] == first)[0] for first in tied[columns]])


def by_part(array: NDArray[Number], parts: int) -> NDArray[Number]:
    """An array (T, C) as it is if there is one part, else that of each part: (parts, T / parts, C)."""
    return array if parts == 1 else array.reshape(parts, len(array) // parts, array.shape[-1])


def window_starts(n_steps: int, length: int, stride: int) -> IntArray:
    """First step of each window, shape (N,): every `stride` steps, and a last window that ends on the last step."""
    if n_steps < length:
        raise InputError(
            f"the series has {n_steps} steps, fewer than one window (length={length}). Use a shorter window."
        )
    last = n_steps - length
    starts = np.arange(0, last + 1, stride, dtype=np.int64)
    return starts if starts[-1] == last else np.append(starts, last)


def with_a_gap(starts: IntArray, length: int, observed: BoolArray) -> IntArray:
    """Those of the `starts` whose windows have a missing cell, or lie within `NEAR_GAP` steps of one; at least one.

    `observed` (T, C) are the cells of the series.
    """
    gaps = np.flatnonzero(~observed.all(axis=1))
    near = np.searchsorted(gaps, starts + length + NEAR_GAP) > np.searchsorted(gaps, starts - NEAR_GAP)
    return starts[near] if near.any() else starts[:1]


def apart(starts: IntArray, length: int) -> IntArray:
    """Those of the sorted `starts` whose windows do not overlap, as many as from the first one on."""
    kept: list[int] = []
    for start in starts.tolist():
        if not kept or start >= kept[-1] + length:
            kept.append(start)
    return np.array(kept, dtype=np.int64)


def split_starts(split: Split, seq_len: int, pred_len: int) -> IntArray:
    """Rows of the table at which the windows of a TimeKD split start, shape (N,); consecutive rows."""
    return np.arange(split.n_windows(seq_len, pred_len), dtype=np.int64) + split.start


def covered(starts: IntArray, length: int, n_steps: int) -> BoolArray:
    """True for each step that lies in at least one window, shape (T,)."""
    change = np.bincount(starts, minlength=n_steps + 1) - np.bincount(starts + length, minlength=n_steps + 1)
    inside: BoolArray = np.cumsum(change)[:n_steps] > 0
    return inside


def cut(values: FloatArray, starts: IntArray, length: int) -> FloatArray:
    """Windows (N, L, C) of `values` (T, C), read-only; a view where the starts are evenly spaced."""
    _check_inside(values.shape[0], starts, length)
    if len(starts) == 0:
        return np.empty((0, length, values.shape[1]))
    every = sliding_window_view(values, length, axis=0).transpose(0, 2, 1)
    steps = np.diff(starts)
    if len(steps) == 0 or (steps[0] > 0 and (steps == steps[0]).all()):
        step = int(steps[0]) if len(steps) else 1
        return every[int(starts[0]) : int(starts[-1]) + 1 : step]
    windows = every[starts]
    windows.flags.writeable = False  # like the view, so that no caller depends on how the starts are spaced
    return windows


def _check_inside(n_steps: int, starts: IntArray, length: int) -> None:
    if length < 1:
        raise InputError(f"a window needs at least 1 step, got length={length}.")
    if len(starts) and (starts.min() < 0 or starts.max() + length > n_steps):
        raise InputError(
            f"windows of length {length} that start at steps {starts.min()} to {starts.max()} do not lie "
            f"inside a series of {n_steps} steps. Use window settings that fit this series."
        )
