"""Alignment: finding the windows that embeddings were made from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from latentfill.core.series import FloatArray, IntArray
from latentfill.embeddings.checks.alignment import align
from latentfill.embeddings.checks.edges import Alignment
from latentfill.embeddings.checks.probes import Split, make_probes
from latentfill.embeddings.checks.window_spacing import WindowSpacing
from latentfill.embeddings.protocols.record import VectorArray

LENGTH, HORIZON = 24, 6
SPACING = WindowSpacing(LENGTH, HORIZON, 1)
Encode = Callable[[FloatArray], FloatArray]


def table(steps: int = 1000, columns: int = 2, seed: int = 0) -> FloatArray:
    """A daily cycle plus autocorrelated noise, (T, C)."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(steps, columns))
    for row in range(1, steps):
        noise[row] += 0.8 * noise[row - 1]
    return 20 + noise + 2 * np.sin(np.arange(steps)[:, None] * 2 * np.pi / 24 + np.arange(columns))


def dense(windows: FloatArray) -> FloatArray:
    """Encodes every row: (N, L, C) -> (N, C, 16)."""
    weights = np.random.default_rng(1).normal(size=(windows.shape[1], 16))
    return np.tanh((windows - 20).transpose(0, 2, 1) @ weights / 10)


def level(windows: FloatArray) -> FloatArray:
    """Encodes only the mean of a window."""
    return windows.mean(axis=1)[:, :, None].repeat(4, axis=2)


def recent(windows: FloatArray) -> FloatArray:
    """Weights fade into the past, so that the first rows of a window are not encoded."""
    weights = 0.7 ** np.arange(windows.shape[1])[::-1]
    return np.tanh(np.einsum("nlc,l->nc", windows - 20, weights))[:, :, None].repeat(4, axis=2)


def normalised(windows: FloatArray) -> FloatArray:
    """Encodes every row of a window without its level and spread, like TimeKD's student."""
    return dense(20 + (windows - windows.mean(axis=1, keepdims=True)) / windows.std(axis=1, keepdims=True))


def pooled(windows: FloatArray) -> FloatArray:
    """One embedding for all columns, (N, 1, 16)."""
    return dense(windows).sum(axis=1, keepdims=True)


def embedded(values: FloatArray, starts: IntArray, encode: Encode, length: int = LENGTH) -> VectorArray:
    return encode(np.stack([values[start : start + length] for start in starts])).astype(np.float32)


def found_in(vectors: VectorArray, starts: IntArray, values: FloatArray, spacing: WindowSpacing = SPACING) -> Alignment:
    return align(make_probes([Split(vectors, starts)], values, range(values.shape[1]), spacing.every)[0], spacing)


@pytest.mark.parametrize("encode", [dense, level, recent, normalised, pooled])
@pytest.mark.parametrize("shift", [0, 1, -1, 3, 40])
def test_the_shift_between_embeddings_and_windows_is_found(encode: Encode, shift: int) -> None:
    values, starts = table(800), np.arange(50, 450)
    found = found_in(embedded(values, starts + shift, encode), starts, values)
    assert (found.verdict, found.shift) == ("off" if shift else "aligned", (shift, shift))
    assert found.future == 0


@pytest.mark.parametrize("shift", [0, 1])
def test_encoded_rows_after_the_window_are_distinguished_from_a_shift(shift: int) -> None:
    values, starts = table(), np.arange(600)
    found = found_in(embedded(values, starts + shift, dense, LENGTH + HORIZON), starts, values)
    assert (found.verdict, found.shift, found.future) == ("off" if shift else "aligned", (shift, shift), HORIZON)


def test_a_very_large_shift_is_found() -> None:
    values, starts = table(2000), np.arange(400)
    found = found_in(embedded(values, starts + 1500, recent), starts, values)
    assert (found.verdict, found.shift) == ("off", (1500, 1500))


def test_shifts_of_windows_with_a_stride_are_found() -> None:
    values, starts = table(2500), np.arange(8, 2300, 4)
    for shift in (0, 4):
        found = found_in(embedded(values, starts + shift, dense), starts, values, WindowSpacing(LENGTH, HORIZON, 4))
        assert found.shift == (shift, shift)


@pytest.mark.parametrize("length", [4, 12, 30])
@pytest.mark.parametrize("shift", [0, 1, -2])
def test_shifts_of_windows_of_other_lengths_are_found(length: int, shift: int) -> None:
    values, starts = table(800), np.arange(50, 450)
    found = found_in(embedded(values, starts + shift, dense, length), starts, values, WindowSpacing(length, 2, 1))
    assert found.shift == (shift, shift)


def test_embeddings_of_longer_windows_are_off() -> None:
    values, starts = table(columns=3), np.arange(10, 610)
    found = found_in(embedded(values, starts - 5, dense, LENGTH + 10), starts, values)
    assert found.verdict == "off"
    assert found.why == "the embeddings encode 34 consecutive rows, but a window has 24"


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("walk", [False, True])
def test_the_alignment_of_noise_is_unclear(seed: int, walk: bool) -> None:
    values, starts = table(), np.arange(600)
    noise = np.random.default_rng(seed).normal(size=(600, 2, 16))
    found = found_in((noise.cumsum(axis=0) if walk else noise).astype(np.float32), starts, values)
    assert (found.verdict, found.shift) == ("unclear", None)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n", [80, 150])
def test_aligned_embeddings_of_few_windows_are_not_off(seed: int, n: int) -> None:
    values, starts = table(seed=seed), np.arange(30, 30 + n)
    assert found_in(embedded(values, starts, dense), starts, values).verdict != "off"


def test_the_alignment_of_too_few_windows_is_unclear() -> None:
    values, starts = table(), np.arange(30)
    found = found_in(embedded(values, starts, dense), starts, values)
    assert (found.verdict, found.why) == ("unclear", "there are fewer than 40 pairs of consecutive windows")


def test_embeddings_of_a_table_with_gaps_and_a_constant_column_are_aligned() -> None:
    values, starts = table(), np.arange(600)
    vectors = embedded(values, starts, dense)
    values[np.random.default_rng(2).random(values.shape) < 0.1] = np.nan
    values[300:330] = np.nan
    values[:, 1] = 7.0
    assert found_in(vectors, starts, values).verdict == "aligned"


@pytest.mark.parametrize("encode", [dense, normalised, pooled])
def test_embeddings_of_another_table_are_off(encode: Encode) -> None:
    starts = np.arange(600)
    found = found_in(embedded(table(seed=1), starts, encode), starts, table(seed=2))
    assert found.verdict == "off"
    assert found.why.startswith("no row of the table explains how they change")


def test_embeddings_of_the_size_of_movements_are_not_taken_for_those_of_another_table() -> None:
    values, starts = table(), np.arange(600)
    squares = embedded(values, starts, lambda windows: dense(20 + np.diff(windows, axis=1) ** 2))
    assert found_in(squares, starts, values).verdict != "off"
