"""Chronos models as encoders, on small random checkpoints of each generation."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from latentfill.core.errors import InputError
from latentfill.core.series import Series
from latentfill.embeddings.external.chronos import ChronosEmbedder
from latentfill.embeddings.protocols.embedder import RawWindows, cut_raw_windows
from latentfill.windows.scaling import ColumnScaler

CPU = torch.device("cpu")
KINDS = ("ChronosPipeline", "ChronosBoltPipeline", "Chronos2Pipeline")
SIZE = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2}
PATCHES = {
    "context_length": 32,
    "prediction_length": 8,
    "input_patch_size": 4,
    "input_patch_stride": 4,
    "quantiles": [0.1, 0.5, 0.9],
    "use_reg_token": True,
}
TOKENS = {
    "tokenizer_class": "MeanScaleUniformBins",
    "tokenizer_kwargs": {"low_limit": -15.0, "high_limit": 15.0},
    "context_length": 32,
    "prediction_length": 8,
    "n_tokens": 256,
    "n_special_tokens": 2,
    "pad_token_id": 0,
    "eos_token_id": 1,
    "use_eos_token": True,
    "model_type": "seq2seq",
    "num_samples": 1,
    "temperature": 1.0,
    "top_k": 1,
    "top_p": 1.0,
}


def save_chronos(folder: Path, kind: str) -> Path:
    """A small random checkpoint, as the package saves it."""
    from chronos.chronos2 import Chronos2Model
    from chronos.chronos2.config import Chronos2CoreConfig
    from chronos.chronos_bolt import ChronosBoltModelForForecasting
    from transformers import T5Config, T5ForConditionalGeneration

    torch.manual_seed(1)
    t5 = {**SIZE, "num_decoder_layers": 1, "pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0}
    own = {"chronos_pipeline_class": kind, "architectures": ["Chronos2Model"]}
    if kind == "ChronosPipeline":
        T5ForConditionalGeneration(T5Config(**t5, vocab_size=256, chronos_config=TOKENS)).save_pretrained(folder)
    elif kind == "ChronosBoltPipeline":
        config = T5Config(**t5, vocab_size=2, chronos_pipeline_class=kind, chronos_config=PATCHES)
        ChronosBoltModelForForecasting(config).save_pretrained(folder)
    else:
        more = {"output_patch_size": 4, "max_output_patches": 2, "time_encoding_scale": 32}
        settings = {name: value for name, value in PATCHES.items() if name != "prediction_length"} | more
        Chronos2Model(Chronos2CoreConfig(**SIZE, **own, chronos_config=settings)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {kind: save_chronos(tmp_path_factory.mktemp(kind), kind) for kind in KINDS}


@pytest.fixture(scope="module", params=KINDS)
def chronos(request: pytest.FixtureRequest, checkpoints: dict[str, Path]) -> ChronosEmbedder:
    return ChronosEmbedder.load(checkpoints[request.param], CPU)


@pytest.fixture
def with_gaps(hourly: Callable[..., Series]) -> RawWindows:
    """Five windows of 18 steps (four patches and a half) and three columns."""
    series = hourly(60, 3, gaps=0.2)
    return cut_raw_windows(series, ColumnScaler.fit(series.values), np.arange(0, 40, 8), 18)


def with_scaled(raw: RawWindows, scaled: np.ndarray) -> RawWindows:
    return RawWindows(scaled, scaled, None, raw.columns, raw.unit, None)


def test_each_column_has_a_vector(chronos: ChronosEmbedder, with_gaps: RawWindows):
    found = chronos.embed(with_gaps)
    assert (found.shape, found.dtype) == ((5, 3, 16), np.float32)
    assert np.isfinite(found).all()
    assert found.std(axis=(0, 1)).min() > 0
    np.testing.assert_array_equal(chronos.embed(with_gaps), found)  # no dropout
    assert (chronos.name, chronos.length, chronos.horizon) == ("chronos", None, 0)


def test_missing_cells_are_masked(chronos: ChronosEmbedder, with_gaps: RawWindows):
    """An empty column has the same vector in all windows, and another vector than a column of zeros."""
    nothing, zeros = with_gaps.scaled.copy(), with_gaps.scaled.copy()
    nothing[:, :, 1], zeros[:, :, 1] = np.nan, 0.0
    found = chronos.embed(with_scaled(with_gaps, nothing))
    assert np.isfinite(found).all()
    assert np.abs(found - chronos.embed(with_scaled(with_gaps, zeros)))[:, 1].min(axis=1).max() > 0
    if chronos.kind != "Chronos2Pipeline":  # Chronos-2 reads the columns together
        np.testing.assert_allclose(found[:, 1], np.broadcast_to(found[:1, 1], (5, 16)), rtol=1e-5, atol=1e-6)


def test_only_chronos_2_reads_columns_together(chronos: ChronosEmbedder, with_gaps: RawWindows):
    other = with_gaps.scaled.copy()
    other[:, :, 2] = np.arange(18)
    same = np.isclose(chronos.embed(with_scaled(with_gaps, other)), chronos.embed(with_gaps), rtol=1e-4, atol=1e-5)
    assert not same[:, 2].all()
    assert same[:, :2].all() == (chronos.kind != "Chronos2Pipeline")


def test_the_mean_is_over_patches_with_observed_cells_and_the_tokens_after_them(chronos: ChronosEmbedder):
    scaled = np.sin(np.arange(18.0))[None, :, None].repeat(2, axis=2)
    scaled[0, :6, 0] = np.nan  # six values: the first patch (two values and padding) and the second
    series = torch.from_numpy(scaled).float().transpose(1, 2).contiguous()
    with torch.inference_mode():
        states = chronos.pipeline.embed(series if chronos.kind == "Chronos2Pipeline" else series[0])[0]
    states = (states[0] if chronos.kind == "Chronos2Pipeline" else states).numpy()
    positions = {"ChronosPipeline": (6, 18 + 1), "ChronosBoltPipeline": (2, 5 + 1), "Chronos2Pipeline": (2, 5 + 2)}
    empty, count = positions[chronos.kind]
    assert states.shape == (2, count, 16)
    found = chronos.embed(RawWindows(scaled, scaled, None, ("a", "b"), np.ones(2), None))[0]
    np.testing.assert_allclose(found[0], states[0, empty:].mean(axis=0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found[1], states[1].mean(axis=0), rtol=1e-5, atol=1e-6)


def test_embedding_in_parts_gives_the_same_vectors(
    chronos: ChronosEmbedder, with_gaps: RawWindows, monkeypatch: pytest.MonkeyPatch
):
    whole = chronos.embed(with_gaps)
    monkeypatch.setattr("latentfill.embeddings.external.chronos.CELLS", 2 * 18 * 3)
    np.testing.assert_allclose(chronos.embed(with_gaps), whole, rtol=1e-4, atol=1e-5)


def test_windows_longer_than_the_model_reads_are_refused(chronos: ChronosEmbedder, with_gaps: RawWindows):
    with pytest.raises(InputError, match=r"the windows have 36 steps, .* reads at most 32. Use shorter windows"):
        chronos.embed(with_scaled(with_gaps, np.concatenate([with_gaps.scaled, with_gaps.scaled], axis=1)))


def test_settings_and_digest_identify_a_model(checkpoints: dict[str, Path], tmp_path: Path):
    embedders = {kind: ChronosEmbedder.load(folder, CPU) for kind, folder in checkpoints.items()}
    assert [embedder.settings["pipeline"] for embedder in embedders.values()] == list(KINDS)
    assert len({embedder.weights_digest for embedder in embedders.values()}) == 3
    elsewhere = shutil.copytree(checkpoints["ChronosBoltPipeline"], tmp_path / "copy")
    again = ChronosEmbedder.load(elsewhere, CPU)
    assert again.weights_digest == embedders["ChronosBoltPipeline"].weights_digest
    assert again.settings["model"] == "copy"


def changed(folder: Path, **settings: object) -> Path:
    config = folder / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text(encoding="utf-8")) | settings), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "model.safetensors").unlink(),
        lambda folder: (folder / "model.safetensors").write_bytes(b"hello"),
        lambda folder: (folder / "config.json").write_text("{", encoding="utf-8"),
        lambda folder: (folder / "config.json").unlink(),
        lambda folder: changed(folder, chronos_pipeline_class="Chronos9Pipeline"),
        lambda folder: changed(folder, chronos_config={"context_length": 32}),
    ],
    ids=["no weights", "no tensors", "no JSON", "no config", "unknown kind", "settings missing"],
)
def test_folders_without_a_chronos_model_are_refused(
    damage: Callable[[Path], object], checkpoints: dict[str, Path], tmp_path: Path
):
    folder = shutil.copytree(checkpoints["ChronosBoltPipeline"], tmp_path / "bolt")
    damage(folder)
    with pytest.raises(InputError, match=r"no Chronos model can be loaded from '.*bolt' \(.+\)\. Give a folder"):
        ChronosEmbedder.load(folder, CPU)


def test_a_language_model_is_refused_as_a_chronos_model(language_model: Path):
    with pytest.raises(InputError, match=r"\(Not a Chronos config file\)"):
        ChronosEmbedder.load(language_model, CPU)


def test_a_missing_chronos_model_is_reported_with_the_download_command(monkeypatch: pytest.MonkeyPatch):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match=r"`hf download amazon/chronos-bolt-tiny --local-dir chronos-bolt-tiny`"):
        ChronosEmbedder.load("amazon/chronos-bolt-tiny", CPU)


def test_without_the_chronos_package_the_extra_is_named(checkpoints: dict[str, Path], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "chronos", None)  # importing it fails
    with pytest.raises(InputError, match=r"pip install 'latentfill\[chronos\]'"):
        ChronosEmbedder.load(checkpoints["ChronosBoltPipeline"], CPU)
