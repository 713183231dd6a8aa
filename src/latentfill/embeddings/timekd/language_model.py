"""A pre-trained language model that embeds prompts: the embedding is the state of a prompt's last number."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, cast

import numpy as np
import torch
from torch import Tensor, nn

from latentfill.embeddings.protocols.record import VectorArray
from latentfill.embeddings.timekd.prompt_tokens import PromptTokenizer, PromptTokens, Tokenizer
from latentfill.embeddings.timekd.prompts import Prompt
from latentfill.nn.digest import digest_of

TOKENS_AT_ONCE = {"cpu": 1 << 11, "cuda": 1 << 16}  # tokens in a batch with padding, which bounds the memory


class ModelConfig(Protocol):
    """The part of a transformers model's configuration that is used here."""

    hidden_size: int
    num_hidden_layers: int
    is_encoder_decoder: bool
    use_cache: bool


class LanguageModel:
    """Any causal or masked language model of transformers, frozen."""

    def __init__(self, net: nn.Module, tokenizer: Tokenizer, name: str, *, calibrated: bool = True) -> None:
        """`calibrated`: numbers and words of a prompt do not attend to each other."""
        self.net = net.eval().requires_grad_(False)
        self.name = name
        weight = next(net.parameters())
        self.device, self.dtype = weight.device, str(weight.dtype).removeprefix("torch.")
        config = cast(ModelConfig, net.config)
        self.size, self.layers = int(config.hidden_size), int(config.num_hidden_layers)
        self.takes_positions = "position_ids" in inspect.signature(net.forward).parameters
        self.first_position = _first_position(net)
        most = getattr(config, "max_position_embeddings", None)
        longest = int(most) - self.first_position if most else None
        self.tokenizer = PromptTokenizer(tokenizer, name, longest, calibrated=calibrated)

    def digest(self) -> str:
        """SHA-256 of the weights by name."""
        return digest_of(self.net.state_dict())

    def states(self, prompts: Iterable[Prompt]) -> VectorArray:
        """The last layer's state of each prompt's last number, (N, size) float32.

        Prompts are batched by length. Prompts with equal tokens are computed once.
        """
        row_of: dict[PromptTokens, int] = {}
        tokens = (self.tokenizer.read(prompt) for prompt in prompts)
        rows = np.array([row_of.setdefault(prompt_tokens, len(row_of)) for prompt_tokens in tokens], dtype=np.int64)
        distinct = list(row_of)
        states = np.empty((len(distinct), self.size), np.float32)
        with torch.inference_mode():
            for batch in _by_length(distinct, TOKENS_AT_ONCE.get(self.device.type, TOKENS_AT_ONCE["cpu"])):
                states[batch] = self._states([distinct[i] for i in batch]).float().cpu().numpy()
        return states[rows]

    def _states(self, batch: Sequence[PromptTokens]) -> Tensor:
        """The states (B, size) of prompts of similar length."""
        longest = max(len(tokens.ids) for tokens in batch)
        ids, positions, mask = (torch.zeros(len(batch), longest, dtype=torch.int64) for _ in range(3))
        for row, tokens in enumerate(batch):
            n = len(tokens.ids)
            ids[row, :n], mask[row, :n] = torch.tensor(tokens.ids), 1
            positions[row, :n] = torch.tensor(tokens.positions) + self.first_position
        inputs = {"input_ids": ids, "attention_mask": mask}
        if self.takes_positions:
            inputs["position_ids"] = positions
        output = self.net(**{name: tensor.to(self.device) for name, tensor in inputs.items()})
        last = torch.tensor([tokens.last for tokens in batch], device=self.device)
        states: Tensor = output.last_hidden_state[torch.arange(len(batch), device=self.device), last]
        return states


def _by_length(prompts: Sequence[PromptTokens], at_once: int) -> Iterator[list[int]]:
    """Yields indices of prompts in batches, shortest first, of at most `at_once` tokens or a single prompt."""
    batch: list[int] = []
    for i in sorted(range(len(prompts)), key=lambda i: len(prompts[i].ids)):
        if batch and (len(batch) + 1) * len(prompts[i].ids) > at_once:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def _first_position(net: nn.Module) -> int:
    """The index of the first position: 0, or in RoBERTa and similar models the index after the padding's."""
    table = getattr(getattr(net, "embeddings", None), "position_embeddings", None)
    padding = getattr(table, "padding_idx", None)
    return 0 if padding is None else int(padding) + 1
