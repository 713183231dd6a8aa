"""Tokens of prompts: the tokens that a language model reads, and their positions."""

from __future__ import annotations

import pytest

from latentfill.core.errors import InputError
from latentfill.embeddings.timekd.prompt_tokens import PromptTokenizer
from latentfill.embeddings.timekd.prompts import Prompt, PromptPart

START, END, UNKNOWN = 1, 2, 3


class Letters:
    """A tokenizer with a token for each character but ☃, and special tokens around a text."""

    unk_token_id = UNKNOWN

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, text: str, *, add_special_tokens: bool) -> dict[str, list[int]]:
        self.calls += 1
        ids = [UNKNOWN if letter == "☃" else ord(letter) for letter in text]
        return {"input_ids": [START, *ids, END] if add_special_tokens else ids}


PROMPT: Prompt = (PromptPart("of", False), PromptPart("12", True), PromptPart(",", False), PromptPart("3", True))


def reader(*, calibrated: bool = True, longest: int | None = None) -> PromptTokenizer:
    return PromptTokenizer(Letters(), "letters", longest, calibrated=calibrated)


def test_only_numbers_are_read_at_their_positions_in_the_prompt():
    read = reader().read(PROMPT)  # START o f 1 2 , 3 END
    assert read.ids == (ord("1"), ord("2"), ord("3"))
    assert read.positions == (3, 4, 6)
    assert read.last == 2


def test_without_calibration_the_whole_prompt_is_read_with_special_tokens():
    read = reader(calibrated=False).read(PROMPT)
    assert read.ids == (START, *map(ord, "of12,3"), END)
    assert read.positions == tuple(range(8))
    assert read.last == 6


def test_a_prompt_longer_than_the_models_positions_is_refused_with_both_lengths():
    assert reader(longest=7).read(PROMPT).positions[-1] == 6
    with pytest.raises(
        InputError, match=r"a prompt has 7 tokens, but letters reads at most 6\. Use fewer dec.*'of12,3'"
    ):
        reader(longest=6).read(PROMPT)


def test_a_word_without_a_token_is_refused():
    with pytest.raises(InputError, match=r"letters has no token for '☃'. Choose another word for missing values"):
        reader().read((PromptPart(" ☃", True),))


def test_a_text_is_tokenised_once():
    letters = Letters()
    tokenizer = PromptTokenizer(letters, "letters", None, calibrated=True)
    tokenizer.read(PROMPT)
    calls = letters.calls
    tokenizer.read(PROMPT)
    assert letters.calls == calls


def test_a_tokenizer_without_numbers_is_refused():
    with pytest.raises(InputError, match="has no token for the number 1"):
        PromptTokenizer(lambda text, *, add_special_tokens: {"input_ids": []}, "none", None, calibrated=True)  # type: ignore[arg-type]
