"""Filling windows from one embedding per window, by each strategy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from latentfill import WindowImputer, fill_windows
from latentfill.core.errors import InputError, NotFittedError

Gappy = tuple[np.ndarray, np.ndarray, np.ndarray]
N, L, C, D = 300, 16, 3, 24
QUICK: dict[str, Any] = {"decoder_steps": 150, "learning_rate": 0.01, "latent_steps": 60, "width": 16, "blocks": 2}
TO_THE_LETTER = {"context": "none", "head": "mlp", "loss": "mse"}


@pytest.fixture(scope="module")
def truth() -> np.ndarray:
    """Windows of waves with random phases, so that a cell tells little about the next gap."""
    rng = np.random.default_rng(0)
    phases = rng.uniform(0, 2 * np.pi, (N, 1, C))
    noise = rng.normal(0, 0.05, (N, L, C))
    waves: np.ndarray = 10 + np.sin(np.arange(L)[:, None] / 2 + phases) + noise
    return waves


@pytest.fixture(scope="module")
def z(truth: np.ndarray) -> np.ndarray:
    return np.tanh((truth - 10).reshape(N, -1) @ np.random.default_rng(1).normal(size=(L * C, D)) / 6)


@pytest.fixture(scope="module")
def hidden(truth: np.ndarray) -> np.ndarray:
    mask = np.zeros(truth.shape, bool)
    mask[:, 5:12, 1] = True  # a gap of seven steps in each window, with nothing but z to tell its shape
    return mask


@pytest.fixture(scope="module")
def gappy(truth: np.ndarray, z: np.ndarray, hidden: np.ndarray) -> Gappy:
    """Windows with gaps, but for every third, which is complete, to learn shapes from; the truth; and embeddings."""
    windows = np.where(hidden, np.nan, truth)
    windows[::3] = truth[::3]
    return windows, truth, z


def error(filled: np.ndarray, truth: np.ndarray, hidden: np.ndarray) -> float:
    return float(np.square(filled - truth)[hidden].mean())


@pytest.mark.parametrize(
    "settings",
    [
        TO_THE_LETTER,
        {**TO_THE_LETTER, "head": "lstm"},
        {**TO_THE_LETTER, "head": "transformer", "noise_kind": "dropout"},
        {"strategy": "neighbours"},
        {"strategy": "latent"},
    ],
)
def test_gaps_are_filled_from_the_embeddings(gappy: Gappy, settings: dict[str, Any]):
    windows, truth, z = gappy
    scored = np.isnan(windows)
    imputer = WindowImputer(**QUICK, **settings).fit(windows, z)
    filled = imputer.fill(windows, z)
    np.testing.assert_array_equal(filled[~scored], windows[~scored])
    assert error(filled, truth, scored) < 0.6 * truth[:, :, 1].var()
    of_others = imputer.fill(windows, z[::-1])
    assert error(filled, truth, scored) < 0.6 * error(of_others, truth, scored)  # the embeddings made the difference


def test_the_default_also_uses_the_observed_cells(gappy: Gappy):
    windows, truth, z = gappy
    filled = fill_windows(windows, z, **QUICK | {"decoder_steps": 250})
    assert error(filled, truth, np.isnan(windows)) < 0.1 * truth[:, :, 1].var()


def test_other_windows_are_filled_by_a_fitted_imputer(truth: np.ndarray, z: np.ndarray, hidden: np.ndarray):
    imputer = WindowImputer(**QUICK, **TO_THE_LETTER).fit(truth[:250], z[:250])
    filled = imputer.fill(np.where(hidden, np.nan, truth)[250:], z[250:])
    assert error(filled, truth[250:], hidden[250:]) < 0.6 * truth[:, :, 1].var()
    tensors = torch.tensor(np.where(hidden, np.nan, truth)[250:]), torch.tensor(z[250:])
    np.testing.assert_allclose(imputer.fill(*tensors), filled)
    one_each = WindowImputer(strategy="neighbours").fit(truth, np.stack([z] * C, axis=1))
    assert one_each.fill(truth, np.stack([z] * C, axis=1)).shape == truth.shape


@pytest.mark.parametrize(
    ("windows", "vectors", "words"),
    [
        (np.zeros((5, 4)), np.zeros((5, 2)), "windows must be finite numbers"),
        (np.full((5, 4, 2), np.inf), np.zeros((5, 2)), "windows must be finite numbers"),
        (np.zeros((5, 4, 2)), np.zeros((4, 2)), "4 embeddings"),
        (np.zeros((1, 4, 2)), np.zeros((1, 2)), "at least two windows"),
        (np.full((5, 4, 2), np.nan), np.zeros((5, 2)), "an observed value to learn from"),
        (np.zeros((5, 4, 2)), np.full((5, 2), np.nan), "not finite"),
    ],
)
def test_unusable_arrays_are_refused(windows: np.ndarray, vectors: np.ndarray, words: str):
    with pytest.raises(InputError, match=words):
        fill_windows(windows, vectors, **QUICK)


def test_windows_of_another_size_are_refused(truth: np.ndarray, z: np.ndarray):
    imputer = WindowImputer(strategy="neighbours")
    with pytest.raises(NotFittedError):
        imputer.fill(truth, z)
    imputer.fit(truth, z)
    with pytest.raises(InputError, match="windows of 16 steps and 3 columns"):
        imputer.fill(truth[:, :8], z)
    with pytest.raises(InputError, match=r"embeddings of\s+shape \(1, 24\)"):
        imputer.fill(truth, z[:, :5])
    with pytest.raises(InputError, match="'kriging' does not use embeddings"):
        WindowImputer(strategy="kriging")
