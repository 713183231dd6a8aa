"""Language models: properties of the states."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from latentfill.embeddings.protocols.encoder_settings import ModelSettings
from latentfill.embeddings.timekd import language_model
from latentfill.embeddings.timekd.language_model import LanguageModel
from latentfill.embeddings.timekd.language_model_loading import load_language_model
from latentfill.embeddings.timekd.prompts import Prompt, PromptPart


def prompt(*numbers: object, opening: str = "the values were") -> Prompt:
    listed = [part for number in numbers for part in (PromptPart(f" {number}", True), PromptPart(",", False))]
    return (
        PromptPart(opening, False),
        *listed[:-1],
        PromptPart(" every hour after", False),
        PromptPart(f" {numbers[-1]}", True),
    )


PROMPTS = [prompt(1, 2.5, 3), prompt(7, 8), prompt(40, -3.25, 6, 17, 0.5)]


@pytest.fixture(scope="module")
def model(language_model: Path) -> LanguageModel:
    return load_language_model(language_model, ModelSettings(dtype="float32"))


def masked_states(model: LanguageModel, read: Prompt) -> np.ndarray:
    """The states of the whole prompt with an additive mask of -100 between numbers and words."""
    kinds = [False] * len(model.tokenizer.opening)
    ids = list(model.tokenizer.opening)
    for part in read:
        tokens = model.tokenizer.tokens(part.text)
        ids += tokens
        kinds += [part.is_number] * len(tokens)
    is_number = torch.tensor(kinds)
    mask = torch.where(is_number[:, None] == is_number, 0.0, -100.0)
    if "gpt2" in type(model.net).__name__.lower():
        mask = mask.masked_fill(torch.ones_like(mask).triu(1).bool(), torch.finfo(torch.float32).min)
    with torch.inference_mode():
        output = model.net(input_ids=torch.tensor([ids]), attention_mask=mask[None, None])
    return np.asarray(output.last_hidden_state[0, -1])


def test_reading_only_numbers_gives_the_state_of_the_whole_prompt_under_the_calibrated_mask(model: LanguageModel):
    found = model.states(PROMPTS)
    for state, read in zip(found, PROMPTS, strict=True):
        np.testing.assert_allclose(state, masked_states(model, read), atol=2e-5)


def test_without_calibration_words_change_the_state(language_model: Path):
    plain = load_language_model(language_model, ModelSettings(dtype="float32", plain_attention=True))
    one, other = plain.states([prompt(1, 2, opening="the values"), prompt(1, 2, opening="the next")])
    assert np.abs(one - other).max() > 1e-4


def test_a_state_depends_on_every_number(model: LanguageModel):
    base, *others = model.states([prompt(1, 2, 3), prompt(9, 2, 3), prompt(1, 9, 3), prompt(1, 2, 9)])
    assert all(np.abs(other - base).max() > 1e-5 for other in others)


def test_batches_of_any_size_give_the_same_states(model: LanguageModel, monkeypatch: pytest.MonkeyPatch):
    together = model.states(PROMPTS)
    monkeypatch.setitem(language_model.TOKENS_AT_ONCE, "cpu", 1)
    np.testing.assert_allclose(model.states(PROMPTS), together, atol=2e-5)


def test_equal_prompts_are_computed_once(model: LanguageModel, monkeypatch: pytest.MonkeyPatch):
    seen = []
    compute = model._states
    monkeypatch.setattr(model, "_states", lambda batch: seen.append(len(batch)) or compute(batch))
    found = model.states([PROMPTS[0], PROMPTS[1], PROMPTS[0]])
    assert sum(seen) == 2
    np.testing.assert_array_equal(found[0], found[2])


def test_the_digest_depends_on_the_weights(language_model: Path, model: LanguageModel):
    again = load_language_model(language_model, ModelSettings(dtype="float32"))
    assert again.digest() == model.digest()
    weight = next(again.net.parameters())
    weight.data[0] += 1
    assert again.digest() != model.digest()


def test_states_in_bfloat16_are_close_to_float32(language_model: Path, model: LanguageModel):
    exact, rough = (
        model.states(PROMPTS),
        load_language_model(language_model, ModelSettings(dtype="bfloat16")).states(PROMPTS),
    )
    assert np.abs(exact - rough).max() < 0.1 * np.abs(exact).max()
