"""Loads a language model from a folder, the local cache or the Hugging Face hub."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

import torch
from torch import nn

from latentfill.core.errors import InputError
from latentfill.core.messages import counted
from latentfill.embeddings.external.hub import Place, PretrainedKind, load_pretrained, model_name
from latentfill.embeddings.protocols.encoder_settings import ModelSettings
from latentfill.embeddings.timekd.language_model import LanguageModel, ModelConfig
from latentfill.embeddings.timekd.prompt_tokens import Tokenizer

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
LANGUAGE_MODEL = PretrainedKind(
    noun="language model",
    package="transformers",
    install="pip install 'latentfill[timekd]'",
    files="config.json, model.safetensors and the tokenizer's files",
    example="gpt2",
)


DEFAULT = ModelSettings()


def load_language_model(
    where: Place, settings: ModelSettings = DEFAULT, device: torch.device | None = None
) -> LanguageModel:
    """The language model at `where`, a folder or a name in the local cache or on the hub; by default on the CPU.

    Raises
    ------
    InputError
        If the model cannot be loaded, lacks weights, is an encoder-decoder, or has fewer layers than the settings.
    """
    device = device or torch.device("cpu")
    config = cast(ModelConfig, load_pretrained(LANGUAGE_MODEL, "AutoConfig", where))
    if config.is_encoder_decoder:
        raise InputError(f"{where} is an encoder-decoder; use a causal or masked language model, such as gpt2.")
    net = _load_net(where, _dtype(settings.dtype, device), _layers_to_keep(settings.layers, config, where))
    tokenizer = cast(Tokenizer, load_pretrained(LANGUAGE_MODEL, "AutoTokenizer", where))
    return LanguageModel(net.to(device), tokenizer, model_name(where), calibrated=not settings.plain_attention)


def _load_net(where: Place, dtype: torch.dtype, layers: Mapping[str, int]) -> nn.Module:
    """The network; raises `InputError` if weights that affect its states are missing."""
    loaded = load_pretrained(LANGUAGE_MODEL, "AutoModel", where, dtype=dtype, output_loading_info=True, **layers)
    net, info = cast(tuple[nn.Module, Mapping[str, Iterable[str]]], loaded)
    _remove_random_parts(net, info["missing_keys"], where)
    cast(ModelConfig, net.config).use_cache = False  # only needed to generate text
    return net


def _layers_to_keep(layers: int | None, config: ModelConfig, where: Place) -> dict[str, int]:
    """The argument for transformers that keeps only the first layers."""
    if layers is None:
        return {}
    available = getattr(config, "num_hidden_layers", None)
    if available is None or not 1 <= layers <= available:
        raise InputError(f"layers must be from 1 to {available}, the number of layers of {where}, got {layers}.")
    return {"num_hidden_layers": layers}


def _dtype(name: str, device: torch.device) -> torch.dtype:
    if name == "auto":
        name = "bfloat16" if _computes_bfloat16(device) else "float32"
    return DTYPES[name]


def _computes_bfloat16(device: torch.device) -> bool:
    """Whether a device has native bfloat16 products, which are about three times as fast."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu.get_capabilities().get("amx_bf16"))


def _remove_random_parts(net: nn.Module, missing: Iterable[str], where: Place) -> None:
    """Remove the pooler if the files lack its weights, as they would be random, and states do not need them."""
    missing = sorted(missing)
    needed = [name for name in missing if not name.startswith("pooler.")]
    if needed:
        raise InputError(
            f"the files of the language model {where} lack {counted(len(needed), 'weight')}, such as {needed[0]}, "
            "which would be random. Give a folder with the complete model."
        )
    if missing:
        net.register_module("pooler", None)
