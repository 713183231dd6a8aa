"""Whether splits, or two sets of embeddings, share a space."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from latentfill.core.series import FloatArray, IntArray
from latentfill.embeddings.checks.probes import Split, make_probes
from latentfill.embeddings.checks.spaces import JUMP, compare_sets, jump_between, one_space
from latentfill.embeddings.checks.window_spacing import WindowSpacing
from latentfill.embeddings.protocols.record import VectorArray

LENGTH = 24
SPACING = WindowSpacing(LENGTH, 0, 1)


def table(drift: float = 0.0, seed: int = 0) -> FloatArray:
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(1200, 2))
    for row in range(1, len(noise)):
        noise[row] += 0.8 * noise[row - 1]
    return noise + drift * np.linspace(0, 1, len(noise))[:, None]


def encoder(seed: int) -> Callable[[FloatArray, IntArray], VectorArray]:
    weights = np.random.default_rng(seed).normal(size=(LENGTH, 16))

    def encode(values: FloatArray, starts: IntArray) -> VectorArray:
        windows = np.stack([values[start : start + LENGTH] for start in starts])
        return np.tanh(windows.transpose(0, 2, 1) @ weights / 10).astype(np.float32)

    return encode


TRAIN, VAL = np.arange(700), np.arange(750, 950)


def verdict(train: VectorArray, val: VectorArray, values: FloatArray) -> str:
    fitted, tested = make_probes([Split(train, TRAIN), Split(val, VAL)], values, range(2), 1)
    return one_space(fitted, tested, SPACING).verdict


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("drift", [0.0, 10.0])
def test_embeddings_of_one_encoder_share_a_space_at_any_level_of_the_series(seed: int, drift: float) -> None:
    values, encode = table(drift, seed), encoder(seed)
    assert verdict(encode(values, TRAIN), encode(values, VAL), values) != "two spaces"
    if not drift:
        assert verdict(encode(values, TRAIN), encode(values, VAL), values) == "one space"


@pytest.mark.parametrize("seed", range(3))
def test_embeddings_of_two_encoders_do_not_share_a_space(seed: int) -> None:
    values = table(seed=seed)
    assert verdict(encoder(seed)(values, TRAIN), encoder(seed + 100)(values, VAL), values) == "two spaces"


def test_whether_noise_shares_a_space_is_unclear() -> None:
    rng = np.random.default_rng(3)
    noise = [rng.normal(size=(n, 2, 16)).astype(np.float32) for n in (700, 200)]
    assert verdict(*noise, table()) == "unclear"


def test_whether_a_split_of_few_windows_shares_a_space_is_unclear() -> None:
    values, encode = table(), encoder(0)
    few = np.arange(750, 770)
    fitted, tested = make_probes(
        [Split(encode(values, TRAIN), TRAIN), Split(encode(values, few), few)], values, range(2), 1
    )
    assert one_space(fitted, tested, SPACING).verdict == "unclear"


def test_embeddings_that_jump_between_splits_do_not_share_a_space():
    values, encode = table(), encoder(0)
    train, val = encode(values, TRAIN), encode(values, np.arange(720, 740))
    later = np.arange(720, 740)
    same = jump_between(Split(train, TRAIN), Split(val, later), values, SPACING)
    other = jump_between(Split(val + 3.0, later), Split(train, TRAIN), values, SPACING)
    assert same is not None
    assert other is not None
    assert same < 1.1 < JUMP < other
    fitted, tested = make_probes([Split(train, TRAIN), Split(val, later)], values, range(2), 1)
    assert one_space(fitted, tested, SPACING, same).verdict == "unclear"
    assert one_space(fitted, tested, SPACING, other).verdict == "two spaces"


def test_a_jump_of_the_table_itself_is_not_counted():
    values, encode = table(), encoder(0)
    values[710:] += 8.0
    later = np.arange(725, 745)
    found = jump_between(Split(encode(values, TRAIN), TRAIN), Split(encode(values, later), later), values, SPACING)
    assert found is not None
    assert found < JUMP


def test_splits_that_are_distant_short_or_overlapping_have_no_jump():
    values, encode = table(), encoder(0)
    for train, val in ((TRAIN[:40], np.arange(60, 90)), (TRAIN[:300], np.arange(900, 1000)), (TRAIN, TRAIN)):
        assert (
            jump_between(Split(encode(values, train), train), Split(encode(values, val), val), values, SPACING) is None
        )


def test_verdicts_on_two_sets_of_the_same_windows() -> None:
    values = table()
    vectors = encoder(0)(values, TRAIN)
    noise = np.random.default_rng(4).normal(size=vectors.shape).astype(np.float32) * vectors.std()
    wider = np.concatenate([vectors, vectors], axis=2)
    assert compare_sets(vectors, vectors.copy()).difference == 0.0
    assert compare_sets(vectors, vectors + 1e-5 * noise).verdict == "the same"
    assert compare_sets(vectors, vectors + 0.2 * noise).verdict == "the same but for noise"
    assert compare_sets(vectors, encoder(1)(values, TRAIN)).verdict == "another space"
    assert compare_sets(vectors, wider).verdict == "another space"
    assert compare_sets(vectors, noise).verdict == "different"
    assert compare_sets(vectors, vectors[::-1].copy()).verdict == "different"
