"""Which windows embeddings belong to, found from what they know."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from latentfill.core.series import FloatArray, IntArray
from latentfill.embeddings.checks.alignment import align
from latentfill.embeddings.checks.edges import Alignment
from latentfill.embeddings.checks.frame import Frame
from latentfill.embeddings.checks.probes import Split, make_probes
from latentfill.embeddings.protocols.record import VectorArray

LENGTH, HORIZON = 24, 6
FRAME = Frame(LENGTH, HORIZON, 1)
Encode = Callable[[FloatArray], FloatArray]


def table(steps: int = 1000, columns: int = 3, seed: int = 0) -> FloatArray:
    """A daily cycle, and noise that remembers, (T, C)."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(steps, columns))
    for row in range(1, steps):
        noise[row] += 0.8 * noise[row - 1]
    return 20 + noise + 2 * np.sin(np.arange(steps)[:, None] * 2 * np.pi / 24 + np.arange(columns))


def dense(windows: FloatArray) -> FloatArray:
    """Reads every row: (N, L, C) -> (N, C, 16)."""
    weights = np.random.default_rng(1).normal(size=(windows.shape[1], 16))
    return np.tanh((windows - 20).transpose(0, 2, 1) @ weights / 10)


def level(windows: FloatArray) -> FloatArray:
    """The mean of a window, and nothing else."""
    return windows.mean(axis=1)[:, :, None].repeat(4, axis=2)


def recent(windows: FloatArray) -> FloatArray:
    """Fades into the past, so that the first rows of a window are not known."""
    weights = 0.7 ** np.arange(windows.shape[1])[::-1]
    return np.tanh(np.einsum("nlc,l->nc", windows - 20, weights))[:, :, None].repeat(4, axis=2)


def normalised(windows: FloatArray) -> FloatArray:
    """Reads every row of a window without its level and spread, as TimeKD's student does."""
    return dense(20 + (windows - windows.mean(axis=1, keepdims=True)) / windows.std(axis=1, keepdims=True))


def pooled(windows: FloatArray) -> FloatArray:
    """One embedding for all columns, (N, 1, 16)."""
    return dense(windows).sum(axis=1, keepdims=True)


def embedded(values: FloatArray, starts: IntArray, encode: Encode, length: int = LENGTH) -> VectorArray:
    return encode(np.stack([values[start : start + length] for start in starts])).astype(np.float32)


def found_in(vectors: VectorArray, starts: IntArray, values: FloatArray, frame: Frame = FRAME) -> Alignment:
    return align(make_probes([Split(vectors, starts)], values, range(values.shape[1]), frame.every)[0], frame)


@pytest.mark.parametrize("encode", [dense, level, recent, normalised, pooled])
@pytest.mark.parametrize("shift", [0, 1, -1, 3, 40])
def test_the_windows_of_embeddings_are_found(encode: Encode, shift: int) -> None:
    values, starts = table(), np.arange(50, 650)
    found = found_in(embedded(values, starts + shift, encode), starts, values)
    assert (found.verdict, found.shift) == ("off" if shift else "aligned", (shift, shift))
    assert found.future == 0


@pytest.mark.parametrize("shift", [0, 1])
def test_rows_after_the_window_that_embeddings_know_are_told_apart_from_a_shift(shift: int) -> None:
    values, starts = table(), np.arange(600)
    found = found_in(embedded(values, starts + shift, dense, LENGTH + HORIZON), starts, values)
    assert (found.verdict, found.shift, found.future) == ("off" if shift else "aligned", (shift, shift), HORIZON)


def test_windows_far_away_are_found() -> None:
    values, starts = table(2000), np.arange(400)
    found = found_in(embedded(values, starts + 1500, recent), starts, values)
    assert (found.verdict, found.shift) == ("off", (1500, 1500))


def test_windows_some_rows_apart() -> None:
    values, starts = table(2500), np.arange(8, 2300, 4)
    for shift in (0, 4):
        found = found_in(embedded(values, starts + shift, dense), starts, values, Frame(LENGTH, HORIZON, 4))
        assert found.shift == (shift, shift)


@pytest.mark.parametrize("length", [4, 12, 30])
@pytest.mark.parametrize("shift", [0, 1, -2])
def test_windows_of_few_rows(length: int, shift: int) -> None:
    values, starts = table(), np.arange(50, 650)
    found = found_in(embedded(values, starts + shift, dense, length), starts, values, Frame(length, 2, 1))
    assert found.shift == (shift, shift)


def test_longer_windows_are_not_taken_for_these() -> None:
    values, starts = table(), np.arange(10, 610)
    found = found_in(embedded(values, starts - 5, dense, LENGTH + 10), starts, values)
    assert found.verdict == "off"
    assert found.why == "they know 34 rows that follow each other, and a window has 24"


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("walk", [False, True])
def test_noise_belongs_nowhere(seed: int, walk: bool) -> None:
    values, starts = table(), np.arange(600)
    noise = np.random.default_rng(seed).normal(size=(600, 3, 16))
    found = found_in((noise.cumsum(axis=0) if walk else noise).astype(np.float32), starts, values)
    assert (found.verdict, found.shift) == ("unclear", None)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("n", [80, 150])
def test_few_windows_raise_no_false_alarm(seed: int, n: int) -> None:
    values, starts = table(seed=seed), np.arange(30, 30 + n)
    assert found_in(embedded(values, starts, dense), starts, values).verdict != "off"


def test_too_few_windows_tell_nothing() -> None:
    values, starts = table(), np.arange(30)
    found = found_in(embedded(values, starts, dense), starts, values)
    assert (found.verdict, found.why) == ("unclear", "there are fewer than 40 windows that follow each other")


def test_gaps_and_a_column_that_never_changes() -> None:
    values, starts = table(), np.arange(600)
    vectors = embedded(values, starts, dense)
    values[np.random.default_rng(2).random(values.shape) < 0.1] = np.nan
    values[300:330] = np.nan
    values[:, 2] = 7.0
    assert found_in(vectors, starts, values).verdict == "aligned"
