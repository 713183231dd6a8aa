"""Loading a language model from a folder, from the local cache or from the Hugging Face hub."""

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
    """The language model in a folder, in the local cache, or of that name on the hub; on the CPU by default.

    Raises
    ------
    InputError
        If it cannot be loaded, lacks weights, is an encoder-decoder, or has fewer layers than asked for.
    """
    device = device or torch.device("cpu")
    config = cast(ModelConfig, load_pretrained(LANGUAGE_MODEL, "AutoConfig", where))
    if config.is_encoder_decoder:
        raise InputError(f"{where} is an encoder-decoder; a causal or masked language model is needed, such as gpt2.")
    net = _load_net(where, _dtype(settings.dtype, device), _layers_to_keep(settings.layers, config, where))
    tokenizer = cast(Tokenizer, load_pretrained(LANGUAGE_MODEL, "AutoTokenizer", where))
    return LanguageModel(net.to(device), tokenizer, model_name(where), calibrated=not settings.plain_attention)


def _load_net(where: Place, dtype: torch.dtype, layers: Mapping[str, int]) -> nn.Module:
    """The network with all weights that its states depend on."""
    loaded = load_pretrained(LANGUAGE_MODEL, "AutoModel", where, dtype=dtype, output_loading_info=True, **layers)
    net, info = cast(tuple[nn.Module, Mapping[str, Iterable[str]]], loaded)
    _remove_random_parts(net, info["missing_keys"], where)
    cast(ModelConfig, net.config).use_cache = False  # only needed to generate text
    return net


def _layers_to_keep(layers: int | None, config: ModelConfig, where: Place) -> dict[str, int]:
    """The setting of transformers that keeps only the first layers."""
    if layers is None:
        return {}
    there = getattr(config, "num_hidden_layers", None)
    if there is None or not 1 <= layers <= there:
        raise InputError(f"layers must be from 1 to the {there} that {where} has, got {layers}.")
    return {"num_hidden_layers": layers}


def _dtype(name: str, device: torch.device) -> torch.dtype:
    if name == "auto":
        name = "bfloat16" if _computes_bfloat16(device) else "float32"
    return DTYPES[name]


def _computes_bfloat16(device: torch.device) -> bool:
    """Whether a device multiplies in bfloat16 natively, which is about three times as fast."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu.get_capabilities().get("amx_bf16"))


def _remove_random_parts(net: nn.Module, missing: Iterable[str], where: Place) -> None:
    """Remove the pooler if its weights are missing from the files: they are random then, and no state needs them."""
    missing = sorted(missing)
    needed = [name for name in missing if not name.startswith("pooler.")]
    if needed:
        raise InputError(
            f"the language model at {where} lacks {counted(len(needed), 'weight')}, such as {needed[0]}, and would "
            "read with random ones. Give a folder that holds the whole model."
        )
    if missing:
        net.register_module("pooler", None)
