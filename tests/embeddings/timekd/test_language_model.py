"""Language models: what of a prompt they read, and what must hold of the states they give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from latentfill.core.errors import InputError
from latentfill.embeddings.timekd import language_model
from latentfill.embeddings.timekd.language_model import LanguageModel
from latentfill.embeddings.timekd.prompts import Piece, Prompt


def prompt(*numbers: object, opening: str = "the values were") -> Prompt:
    listed = [piece for number in numbers for piece in (Piece(f" {number}", True), Piece(",", False))]
    return (Piece(opening, False), *listed[:-1], Piece(" every hour after", False), Piece(f" {numbers[-1]}", True))


PROMPTS = [prompt(1, 2.5, 3), prompt(7, 8), prompt(40, -3.25, 6, 17, 0.5)]


@pytest.fixture(scope="module")
def model(language_model: Path) -> LanguageModel:
    return LanguageModel.load(language_model, dtype="float32")


def masked_states(model: LanguageModel, read: Prompt) -> np.ndarray:
    """What the whole prompt gives under an additive mask of -100 between numbers and words."""
    kinds = [False] * len(model.opening)
    ids = list(model.opening)
    for piece in read:
        tokens = model.tokens(piece.text)
        ids += tokens
        kinds += [piece.is_number] * len(tokens)
    is_number = torch.tensor(kinds)
    mask = torch.where(is_number[:, None] == is_number, 0.0, -100.0)
    if "gpt2" in type(model.net).__name__.lower():
        mask = mask.masked_fill(torch.ones_like(mask).triu(1).bool(), torch.finfo(torch.float32).min)
    with torch.inference_mode():
        said = model.net(input_ids=torch.tensor([ids]), attention_mask=mask[None, None])
    return np.asarray(said.last_hidden_state[0, -1])


def test_numbers_alone_give_what_the_whole_prompt_gives_under_the_calibrated_mask(model: LanguageModel):
    found = model.states(PROMPTS)
    for state, read in zip(found, PROMPTS, strict=True):
        np.testing.assert_allclose(state, masked_states(model, read), atol=2e-5)


def test_only_the_numbers_are_read_at_the_places_they_have_in_the_prompt(model: LanguageModel):
    read = model.read(prompt(1, 2))
    one, two, comma = (model.tokens(text) for text in (" 1", " 2", ","))
    first = len(model.opening) + len(model.tokens("the values were"))
    assert read.ids == one + two + two
    assert read.positions[0] == first
    assert read.positions[len(one)] == first + len(one) + len(comma)
    assert read.last == len(read.ids) - 1


def test_without_calibration_words_count(language_model: Path):
    plain = LanguageModel.load(language_model, dtype="float32", calibrated=False)
    one, other = plain.states([prompt(1, 2, opening="the values"), prompt(1, 2, opening="the next")])
    assert np.abs(one - other).max() > 1e-4


def test_a_state_depends_on_every_number(model: LanguageModel):
    base, *others = model.states([prompt(1, 2, 3), prompt(9, 2, 3), prompt(1, 9, 3), prompt(1, 2, 9)])
    assert all(np.abs(other - base).max() > 1e-5 for other in others)


def test_batches_of_any_size_give_the_same_states(model: LanguageModel, monkeypatch: pytest.MonkeyPatch):
    together = model.states(PROMPTS)
    monkeypatch.setitem(language_model.TOKENS_AT_ONCE, "cpu", 1)
    np.testing.assert_allclose(model.states(PROMPTS), together, atol=2e-5)


def test_prompts_that_read_the_same_are_computed_once(model: LanguageModel, monkeypatch: pytest.MonkeyPatch):
    seen = []
    compute = model._states
    monkeypatch.setattr(model, "_states", lambda batch: seen.append(len(batch)) or compute(batch))
    found = model.states([PROMPTS[0], PROMPTS[1], PROMPTS[0]])
    assert sum(seen) == 2
    np.testing.assert_array_equal(found[0], found[2])


def test_fewer_layers_can_be_kept(language_model: Path):
    whole, first = LanguageModel.load(language_model), LanguageModel.load(language_model, layers=1)
    assert (first.layers, whole.layers > 1) == (1, True)
    assert first.digest() != whole.digest()
    with pytest.raises(InputError, match=f"layers must be from 1 to the {whole.layers} that .* has, got 99"):
        LanguageModel.load(language_model, layers=99)


def test_the_digest_tells_weights_apart(language_model: Path, model: LanguageModel):
    again = LanguageModel.load(language_model, dtype="float32")
    assert again.digest() == model.digest()
    weight = next(again.net.parameters())
    weight.data[0] += 1
    assert again.digest() != model.digest()


def test_bfloat16_stays_near_float32(language_model: Path, model: LanguageModel):
    exact, rough = model.states(PROMPTS), LanguageModel.load(language_model, dtype="bfloat16").states(PROMPTS)
    assert np.abs(exact - rough).max() < 0.1 * np.abs(exact).max()


def test_a_prompt_longer_than_the_models_positions_is_refused_with_both_lengths(model: LanguageModel):
    with pytest.raises(
        InputError, match=rf"a prompt has \d+ tokens, .* reads at most {model.longest}\. Write fewer dec"
    ):
        model.read(prompt(*range(3000)))


def test_a_word_the_tokenizer_does_not_know_is_refused(model: LanguageModel, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(model, "tokenizer", _Unknowing(5))
    with pytest.raises(InputError, match=r"no token for '☃'. Choose another word for missing values"):
        model.read((Piece(" ☃", True),))


class _Unknowing:
    def __init__(self, unknown: int) -> None:
        self.unk_token_id = unknown

    def __call__(self, text: str, add_special_tokens: bool) -> dict[str, list[int]]:
        return {"input_ids": [self.unk_token_id]}


def test_a_missing_model_is_told_with_what_to_download_and_where_to_put_it(tmp_path: Path):
    with pytest.raises(
        InputError, match=r"no language model can be loaded from .*config.json, model.safetensors.*hf dow"
    ):
        LanguageModel.load(tmp_path)


def test_an_encoder_decoder_is_refused(tmp_path: Path):
    from transformers import T5Config

    T5Config().save_pretrained(tmp_path)
    with pytest.raises(InputError, match="is an encoder-decoder; a causal or masked language model is needed"):
        LanguageModel.load(tmp_path)


def test_an_unknown_dtype_is_refused(language_model: Path):
    with pytest.raises(InputError, match=r"dtype must be auto, float32 or bfloat16, got 'int8'"):
        LanguageModel.load(language_model, dtype="int8")


def save_masked(folder: Path, tokenizer_of: Path) -> Path:
    """A masked model as people store them: without the pooler that the bare model has."""
    from transformers import AutoTokenizer, BertConfig, BertForMaskedLM

    AutoTokenizer.from_pretrained(tokenizer_of).save_pretrained(folder)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    torch.manual_seed(2)
    BertForMaskedLM(BertConfig(vocab_size=320, **shape)).save_pretrained(folder)
    return folder


def test_weights_that_a_checkpoint_lacks_are_not_drawn_anew(tmp_path: Path, small_language_model: Path, capfd):
    folder = save_masked(tmp_path / "masked", small_language_model)
    capfd.readouterr()
    one, other = (LanguageModel.load(folder, dtype="float32") for _ in range(2))
    assert one.digest() == other.digest()
    np.testing.assert_array_equal(one.states(PROMPTS), other.states(PROMPTS))
    assert not capfd.readouterr().err


def test_a_checkpoint_without_a_layer_is_refused(tmp_path: Path, small_language_model: Path):
    from safetensors.torch import load_file, save_file

    folder = save_masked(tmp_path / "masked", small_language_model)
    weights = load_file(folder / "model.safetensors")
    kept = {name: weight for name, weight in weights.items() if "layer.1.output.dense.weight" not in name}
    save_file(kept, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(InputError, match=r"lacks 1 weight, such as encoder\.layer\.1\.output\.dense\.weight.*random"):
        LanguageModel.load(folder)
