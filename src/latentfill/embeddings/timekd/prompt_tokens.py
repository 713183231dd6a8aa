"""Turns prompts into the tokens that a language model must read.

Calibrated attention (Liu et al., ICDE 2025, arXiv 2505.02138) adds -100 to the attention scores between numbers and
words. As exp(-100) is below the rounding error of single precision, numbers attend to numbers only. The state of the
last number, which is the embedding, then depends only on the numbers. Reading the numbers without the words, at their
positions in the whole prompt, gives the same state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from latentfill.core.errors import InputError
from latentfill.core.messages import quoted
from latentfill.embeddings.timekd.prompts import Prompt, prompt_text

SHOWN = 40  # characters of a text in a message
PROMPT_SHOWN = 80  # characters of a prompt in a message
MOST_KNOWN = 1 << 16  # texts whose tokens are cached


class Tokenizer(Protocol):
    """The interface of a transformers tokenizer that is used here."""

    @property
    def unk_token_id(self) -> int | None: ...

    def __call__(self, text: str, *, add_special_tokens: bool) -> Mapping[str, Sequence[int]]: ...


@dataclass(frozen=True, slots=True)
class PromptTokens:
    """The tokens of a prompt that the model reads."""

    ids: tuple[int, ...]
    positions: tuple[int, ...]  # position of each token in the whole prompt
    last: int  # index of the last token of the last number


class PromptTokenizer:
    """Turns prompts into tokens, and caches the tokens of texts."""

    def __init__(self, tokenizer: Tokenizer, model: str, longest: int | None, *, calibrated: bool) -> None:
        """`model`: name in messages; `longest`: most tokens the model can read; `calibrated`: read only numbers."""
        self.tokenizer, self.model, self.longest, self.calibrated = tokenizer, model, longest, calibrated
        self.opening, self.closing = _special_tokens(tokenizer)  # before and after a text
        self._known: dict[str, tuple[int, ...]] = {}

    def read(self, prompt: Prompt) -> PromptTokens:
        """The tokens of a prompt that the model reads; raises `InputError` if the prompt is too long for the model."""
        whole = [(token, False) for token in self.opening]  # (token, whether it belongs to a number)
        for part in prompt:
            whole += [(token, part.is_number) for token in self.tokens(part.text)]
        whole += [(token, False) for token in self.closing]
        last_position = max(i for i, (_, is_number) in enumerate(whole) if is_number)
        positions = [i for i, (_, is_number) in enumerate(whole) if is_number or not self.calibrated]
        if self.longest is not None and positions[-1] >= self.longest:
            raise InputError(
                f"a prompt has {positions[-1] + 1} tokens, but {self.model} reads at most {self.longest}. Use fewer "
                "decimals (--decimals 0), shorter windows (--seq-len), or a model for longer texts. The prompt: "
                f"{quoted(prompt_text(prompt)[:PROMPT_SHOWN])}"
            )
        ids = tuple(whole[i][0] for i in positions)
        return PromptTokens(ids, tuple(positions), positions.index(last_position))

    def tokens(self, text: str) -> tuple[int, ...]:
        """The tokens of a text; raises `InputError` if the tokenizer has no token for it."""
        if text not in self._known:
            tokens = tuple(self.tokenizer(text, add_special_tokens=False)["input_ids"])
            if not tokens or self.tokenizer.unk_token_id in tokens:
                raise InputError(
                    f"the tokenizer of {self.model} has no token for {quoted(text.strip()[:SHOWN])}. Choose another "
                    "word "
                    "for missing values (--missing-word), fewer decimals (--decimals) or another language model."
                )
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[text] = tokens
        return self._known[text]


def _special_tokens(tokenizer: Tokenizer) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The tokens that a tokenizer adds before and after a text."""
    body, whole = (tuple(tokenizer("1", add_special_tokens=special)["input_ids"]) for special in (False, True))
    starts = [i for i in range(len(whole) - len(body) + 1) if whole[i : i + len(body)] == body]
    if not body or not starts:
        raise InputError("the tokenizer has no token for the number 1. Choose another language model.")
    return whole[: starts[0]], whole[starts[0] + len(body) :]
