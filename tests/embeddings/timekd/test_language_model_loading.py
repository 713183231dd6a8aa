"""Loading language models: keeping fewer layers, and refusing unsuitable folders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from latentfill.core.errors import InputError
from latentfill.embeddings.protocols.encoder_settings import ModelSettings
from latentfill.embeddings.timekd.language_model_loading import load_language_model
from latentfill.embeddings.timekd.prompts import PromptPart

PROMPTS = [(PromptPart("the values were", False), PromptPart(f" {number}", True)) for number in (1, 2.5, -40)]


def test_fewer_layers_can_be_kept(language_model: Path):
    whole, first = load_language_model(language_model), load_language_model(language_model, ModelSettings(layers=1))
    assert (first.layers, whole.layers > 1) == (1, True)
    assert first.digest() != whole.digest()
    with pytest.raises(
        InputError, match=rf"layers must be from 1 to {whole.layers}, the number of layers of .*, got 99"
    ):
        load_language_model(language_model, ModelSettings(layers=99))


def test_a_missing_model_is_reported_with_the_download_command(tmp_path: Path):
    with pytest.raises(
        InputError, match=r"no language model can be loaded from .*config.json, model.safetensors.*hf dow"
    ):
        load_language_model(tmp_path)


def test_an_encoder_decoder_is_refused(tmp_path: Path):
    from transformers import T5Config

    T5Config().save_pretrained(tmp_path)
    with pytest.raises(InputError, match="is an encoder-decoder; use a causal or masked language model"):
        load_language_model(tmp_path)


def test_an_unknown_dtype_is_refused(language_model: Path):
    with pytest.raises(InputError, match=r"dtype must be one of auto, float32, bfloat16, got 'int8'"):
        load_language_model(language_model, ModelSettings(dtype="int8"))


def save_masked(folder: Path, tokenizer_of: Path) -> Path:
    """A masked language model without a pooler, as such models are usually saved."""
    from transformers import AutoTokenizer, BertConfig, BertForMaskedLM

    AutoTokenizer.from_pretrained(tokenizer_of).save_pretrained(folder)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    torch.manual_seed(2)
    BertForMaskedLM(BertConfig(vocab_size=320, **shape)).save_pretrained(folder)
    return folder


def test_a_missing_pooler_is_removed_instead_of_drawn_at_random(tmp_path: Path, small_language_model: Path, capfd):
    folder = save_masked(tmp_path / "masked", small_language_model)
    capfd.readouterr()
    one, other = (load_language_model(folder, ModelSettings(dtype="float32")) for _ in range(2))
    assert one.digest() == other.digest()
    np.testing.assert_array_equal(one.states(PROMPTS), other.states(PROMPTS))
    assert not capfd.readouterr().err


def test_a_checkpoint_that_lacks_a_layer_is_refused(tmp_path: Path, small_language_model: Path):
    from safetensors.torch import load_file, save_file

    folder = save_masked(tmp_path / "masked", small_language_model)
    weights = load_file(folder / "model.safetensors")
    kept = {name: weight for name, weight in weights.items() if "layer.1.output.dense.weight" not in name}
    save_file(kept, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(InputError, match=r"lack 1 weight, such as encoder\.layer\.1\.output\.dense\.weight.*random"):
        load_language_model(folder)
