"""A pre-trained language model that reads prompts: the state of the last token of each.

Calibrated attention (Liu et al., ICDE 2025, arXiv 2505.02138) lowers the attention between numbers and words by 100,
which leaves nothing of it: exp(-100) is below the rounding of single precision. A prompt ends with a number, and all
that this number can see are numbers. So the words need not be computed: the numbers alone, at the positions that they
have in the whole prompt, give the same state.
"""

from __future__ import annotations

import importlib
import inspect
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from latentfill.core.errors import InputError
from latentfill.core.messages import counted
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.embeddings.timekd.prompts import Prompt, prompt_text
from latentfill.nn.digest import digest_of

TOKENS_AT_ONCE = {"cpu": 1 << 11, "cuda": 1 << 16}  # of a batch, padding included: what bounds the memory
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
SHOWN = 40  # characters of a text in a message
MOST_KNOWN = 1 << 16  # texts whose tokens are kept
AUTO = "auto"  # bfloat16 where the processor computes in it, else float32
INSTALL = "it needs the package transformers: pip install 'latentfill[timekd]'"


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a language model reads of a prompt."""

    ids: tuple[int, ...]
    positions: tuple[int, ...]  # in the whole prompt
    last: int  # which of them is the last number


class LanguageModel:
    """Any causal or masked language model that transformers can load, frozen."""

    def __init__(self, net: nn.Module, tokenizer: Any, name: str, *, calibrated: bool = True) -> None:
        self.net = net.eval().requires_grad_(False)
        self.tokenizer = tokenizer
        self.name = name
        self.calibrated = calibrated
        weight = next(net.parameters())
        self.device, self.dtype = weight.device, str(weight.dtype).removeprefix("torch.")
        config: Any = net.config
        self.size, self.layers = int(config.hidden_size), int(config.num_hidden_layers)
        self.takes_positions = "position_ids" in inspect.signature(net.forward).parameters
        self.opening, self.closing = _special_tokens(tokenizer)  # before and after a text
        self._known: dict[str, tuple[int, ...]] = {}
        self._first = _first_position(net)
        most = getattr(config, "max_position_embeddings", None)
        self.longest = int(most) - self._first if most else None

    @classmethod
    def load(
        cls,
        where: str | os.PathLike[str],
        *,
        layers: int | None = None,
        dtype: str = AUTO,
        calibrated: bool = True,
        device: torch.device | None = None,
    ) -> Self:
        """The model and tokenizer in a folder, in the local cache, or of that name on the Hugging Face hub.

        `layers`: how many of the first layers to keep; None: all. `dtype`: float32, bfloat16 or auto. `calibrated`:
        whether numbers and words are kept from attending to each other.
        """
        device = device or torch.device("cpu")
        if dtype not in (AUTO, *DTYPES):
            raise InputError(f"the language model's dtype must be {AUTO}, {' or '.join(DTYPES)}, got {dtype!r}.")
        if dtype == AUTO:
            dtype = "bfloat16" if _computes_bfloat16(device) else "float32"
        config = _found(where, "AutoConfig")
        if config.is_encoder_decoder:
            raise InputError(
                f"{where} is an encoder-decoder; a causal or masked language model is needed, such as gpt2."
            )
        deep = getattr(config, "num_hidden_layers", None)
        if layers is not None and (deep is None or not 1 <= layers <= deep):
            raise InputError(f"layers must be from 1 to the {deep} that {where} has, got {layers}.")
        kept = {} if layers is None else {"num_hidden_layers": layers}
        net, told = _found(where, "AutoModel", dtype=DTYPES[dtype], output_loading_info=True, **kept)
        _leave_out_drawn(net, told["missing_keys"], where)
        net.config.use_cache = False  # nothing is generated
        name = Path(where).name if os.path.exists(where) else str(where)
        return cls(net.to(device), _found(where, "AutoTokenizer"), name, calibrated=calibrated)

    def digest(self) -> str:
        """SHA-256 of the weights by name."""
        return digest_of(self.net.state_dict())

    def states(self, prompts: Iterable[Prompt]) -> VectorArray:
        """The state of the last number of each prompt in the last layer, (n, size) float32.

        Prompts that read the same are computed once; they are batched by length.
        """
        read = [self.read(prompt) for prompt in prompts]
        places: dict[Tokens, int] = {}
        rows = np.array([places.setdefault(tokens, len(places)) for tokens in read], dtype=np.int64)
        distinct = list(places)
        found = np.empty((len(distinct), self.size), np.float32)
        with torch.inference_mode():
            for batch in _by_length(distinct, TOKENS_AT_ONCE.get(self.device.type, TOKENS_AT_ONCE["cpu"])):
                found[batch] = self._states([distinct[i] for i in batch]).float().cpu().numpy()
        return found[rows]

    def read(self, prompt: Prompt) -> Tokens:
        """The tokens of a prompt that its last number can see; each text is tokenised once."""
        ids, positions, last = list(self.opening), list(range(len(self.opening))), -1
        if self.calibrated:
            ids, positions = [], []
        at = len(self.opening)
        for piece in prompt:
            tokens = self.tokens(piece.text)
            if piece.is_number or not self.calibrated:
                ids += tokens
                positions += range(at, at + len(tokens))
            at += len(tokens)
            last = len(ids) - 1 if piece.is_number else last
        if not self.calibrated:
            ids += self.closing
            positions += range(at, at + len(self.closing))
        if self.longest is not None and positions[-1] >= self.longest:
            raise InputError(
                f"a prompt has {positions[-1] + 1} tokens, {self.name} reads at most {self.longest}. Write fewer "
                "decimals (--decimals 0), cut shorter windows (--seq-len), or take a model for longer texts: "
                f"{prompt_text(prompt)[:80]!r}"
            )
        return Tokens(tuple(ids), tuple(positions), last)

    def tokens(self, text: str) -> tuple[int, ...]:
        """The tokens of a text by itself."""
        if text not in self._known:
            tokens = tuple(self.tokenizer(text, add_special_tokens=False)["input_ids"])
            if not tokens or self.tokenizer.unk_token_id in tokens:
                raise InputError(
                    f"the tokenizer of {self.name} has no token for {text.strip()[:SHOWN]!r}. Choose another word for "
                    "missing values (--missing-word), fewer decimals (--decimals) or another language model."
                )
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[text] = tokens
        return self._known[text]

    def _states(self, batch: Sequence[Tokens]) -> Tensor:
        """(B, size) of prompts of about the same length."""
        longest = max(len(tokens.ids) for tokens in batch)
        ids, positions, mask = (torch.zeros(len(batch), longest, dtype=torch.int64) for _ in range(3))
        for row, tokens in enumerate(batch):
            n = len(tokens.ids)
            ids[row, :n], mask[row, :n] = torch.tensor(tokens.ids), 1
            positions[row, :n] = torch.tensor(tokens.positions) + self._first
        given = {"input_ids": ids, "attention_mask": mask}
        if self.takes_positions:
            given["position_ids"] = positions
        said = self.net(**{name: tensor.to(self.device) for name, tensor in given.items()})
        last = torch.tensor([tokens.last for tokens in batch], device=self.device)
        states: Tensor = said.last_hidden_state[torch.arange(len(batch), device=self.device), last]
        return states


def _by_length(tokens: Sequence[Tokens], at_once: int) -> Iterator[list[int]]:
    """Batches of indices, the shortest first, of at most `at_once` tokens each, but of one prompt at least."""
    order = sorted(range(len(tokens)), key=lambda i: len(tokens[i].ids))
    batch: list[int] = []
    for i in order:
        if batch and (len(batch) + 1) * len(tokens[i].ids) > at_once:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def _special_tokens(tokenizer: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What the tokenizer puts before and after a text."""
    body, whole = (tuple(tokenizer("1", add_special_tokens=special)["input_ids"]) for special in (False, True))
    starts = [i for i in range(len(whole) - len(body) + 1) if whole[i : i + len(body)] == body]
    if not body or not starts:
        raise InputError("the tokenizer does not know the number 1. Choose another language model.")
    return whole[: starts[0]], whole[starts[0] + len(body) :]


def _computes_bfloat16(device: torch.device) -> bool:
    """Whether a device multiplies in bfloat16 itself, which is about three times as fast."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu.get_capabilities().get("amx_bf16"))


def _first_position(net: nn.Module) -> int:
    """The number of the first position: RoBERTa and its kin begin after that of the padding."""
    table = getattr(getattr(net, "embeddings", None), "position_embeddings", None)
    padding = getattr(table, "padding_idx", None)
    return 0 if padding is None else int(padding) + 1


def _leave_out_drawn(net: nn.Module, missing: Iterable[str], where: str | os.PathLike[str]) -> None:
    """Take away what the files hold no weights for, which were drawn anew: the pooler, of which no state depends."""
    missing = sorted(missing)
    lacking = [name for name in missing if not name.startswith("pooler.")]
    if lacking:
        raise InputError(
            f"the language model at {where} lacks {counted(len(lacking), 'weight')}, such as {lacking[0]}: it would "
            "read with random ones. Give a folder that holds the whole model."
        )
    if missing:
        net.register_module("pooler", None)


def _found(where: str | os.PathLike[str], kind: str, **settings: Any) -> Any:
    """A part of a language model: what is on this machine first, then what the hub has."""
    try:
        import transformers
    except ImportError as error:
        raise InputError(f"the language model {where} cannot be loaded: {INSTALL}.") from error
    loader = getattr(transformers, kind)
    if os.path.exists(where):
        return _loaded(loader, where, {**settings, "local_files_only": True})
    try:
        with quiet_transformers():
            return loader.from_pretrained(where, **settings, local_files_only=True)
    except (OSError, ValueError):
        return _loaded(loader, where, settings)


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """transformers draws a bar for every file, and lists the weights it leaves out; what is shown is ours to say."""
    logging: Any = importlib.import_module("transformers.utils.logging")
    was_on, verbosity = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if was_on:
            logging.enable_progress_bar()


def _loaded(loader: Any, where: str | os.PathLike[str], settings: dict[str, Any]) -> Any:
    try:
        with quiet_transformers():
            return loader.from_pretrained(where, **settings)
    except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
        known = "gpt2" if os.path.isabs(where) or os.path.exists(where) else where
        raise InputError(
            f"no language model can be loaded from {str(where)!r} ({str(error).splitlines()[0]}). Give a folder that "
            f"holds config.json, model.safetensors and the tokenizer's files: `hf download {known} --local-dir "
            f"{Path(known).name}` makes one where there is internet."
        ) from error
