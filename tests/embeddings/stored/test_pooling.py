"""Embeddings of single steps: pooled over windows, or read step by step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from latentfill import Imputer
from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.series import Series
from latentfill.embeddings.packing import TableWithPlan, pack
from latentfill.embeddings.stored.arrays import arrays_of
from latentfill.embeddings.stored.h5_names import WHOLE
from latentfill.embeddings.stored.pooling import pooled

T, D, L = 400, 6, 24


@pytest.mark.parametrize("axes", ["T D", "1 T D", "C T D"])
@pytest.mark.parametrize("pooling", ["mean", "max", "last", "none"])
def test_embeddings_of_steps_become_those_of_windows(axes: str, pooling: str):
    by_column = np.random.default_rng(0).normal(size=(3 if axes[0] == "C" else 1, T, D)).astype(np.float32)
    given = by_column[0] if axes == "T D" else by_column
    settings = Config(seq_len=L, embedding_stride=5, pooling=pooling).stored
    stored = pooled(arrays_of(given), settings, T)
    window = by_column[:, 10 : 10 + L]
    expected = {"mean": window.mean(1), "max": window.max(1), "last": window[:, -1], "none": window.mean(1)}[pooling]
    np.testing.assert_allclose(stored.read_raw(WHOLE)[2], expected, rtol=1e-4, atol=1e-6)
    assert stored.starts[WHOLE][2] == 10
    if pooling == "none":
        np.testing.assert_array_equal(stored.steps, np.concatenate(list(by_column), axis=1))
    else:
        assert stored.steps is None


@pytest.fixture(scope="module")
def jumps() -> tuple[pd.DataFrame, np.ndarray]:
    """Cells that neither the cells around them nor the mean of a window explain, and embeddings that do."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=(T, D)).astype(np.float32)
    return pd.DataFrame(z @ rng.normal(size=(D, 2)), columns=["a", "b"]), z


@pytest.mark.parametrize("head", ["conv", "mlp"])
def test_a_decoder_without_context_reads_the_embedding_of_each_step(head: str, jumps: tuple[pd.DataFrame, np.ndarray]):
    table, z = jumps
    gappy = table.copy()
    gappy.loc[100:119, "a"] = np.nan
    settings = {"strategy": "denoise", "context": "none", "head": head, "seq_len": L, "length": L, "decoder_steps": 150}
    sizes = {"width": 16, "blocks": 2, "learning_rate": 0.03, "dropout": 0.0, "encoder_steps": 1, "decoder_batch": 8}
    errors = {}
    for pooling in ("mean", "none"):
        imputer = Imputer(embeddings=z, pooling=pooling, skip_alignment_check=True, **settings, **sizes)
        errors[pooling] = np.square((imputer.fit_transform(gappy) - table)["a"][100:120]).mean()
    assert errors["mean"] > 0.5 * table["a"].var()
    assert errors["none"] < 0.4 * table["a"].var()


def test_a_fitted_model_with_embeddings_of_steps_fills_the_same_again(
    jumps: tuple[pd.DataFrame, np.ndarray], tmp_path: Path
):
    table, z = jumps
    gappy = table.copy()
    gappy.loc[50:60, "b"] = np.nan
    quick = {"decoder_steps": 5, "encoder_steps": 1, "width": 8, "blocks": 1, "seq_len": L, "length": L}
    imputer = Imputer(
        embeddings=z, pooling="none", strategy="denoise", context="none", skip_alignment_check=True, **quick
    ).fit(gappy)
    imputer.save(tmp_path / "model")
    loaded = Imputer.load(tmp_path / "model", embeddings=z)
    pd.testing.assert_frame_equal(loaded.transform(gappy), imputer.transform(gappy))


def test_a_packed_file_keeps_no_embeddings_of_steps(jumps: tuple[pd.DataFrame, np.ndarray], tmp_path: Path):
    table, z = jumps
    series = Series(values=table.to_numpy(), columns=("a", "b"), time=None, rows=np.arange(T), step=None)
    settings = Config(seq_len=L, pooling="none").stored
    with pytest.raises(InputError, match=r"keeps embeddings of windows.*--pooling mean, max or last"):
        pack(arrays_of(z), tmp_path / "bank", TableWithPlan(series, settings))
