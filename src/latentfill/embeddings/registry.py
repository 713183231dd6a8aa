"""Every kind of encoder, opened by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from latentfill.core.config import Config
from latentfill.core.errors import InputError, did_you_mean
from latentfill.embeddings.protocols.embedder import Embedder
from latentfill.embeddings.spec import FLAGS, EncoderName
from latentfill.nn.runtime import pick_device


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderRequest:
    """What is asked for."""

    kind: str
    where: str  # empty if not said
    length: int  # steps of the windows that will be embedded
    device: torch.device
    seed: int
    pred_len: int
    settings: Mapping[str, Any]

    def need(self, example: str) -> str:
        """WHERE, which cannot be left out."""
        if not self.where:
            raise InputError(f"the encoder {self.kind} needs a place: write {self.kind}:{example}.")
        return self.where


def _timekd(wish: EncoderRequest) -> Embedder:
    from latentfill.embeddings.timekd.language_model_loading import ModelSettings
    from latentfill.embeddings.timekd.prompt_values import PromptStyle
    from latentfill.embeddings.timekd.teacher import DEFAULT_MODEL, Teacher, TeacherSettings

    settings = dict(wish.settings)
    style = PromptStyle(**{name: settings.pop(name) for name in WRITING if name in settings})
    privileged, plain = settings.pop("privileged", False), settings.pop("plain_attention", False)
    teacher = TeacherSettings(style=style, pred_len=wish.pred_len, privileged=privileged, seed=wish.seed)
    reading = ModelSettings(calibrated=not plain, **settings)
    return Teacher.load(wish.where or DEFAULT_MODEL, teacher, reading, wish.device)


def _student(wish: EncoderRequest) -> Embedder:
    from latentfill.embeddings.timekd.student import DistilledStudent

    return DistilledStudent.load(wish.need("FOLDER (`latentfill distil` makes one)"), wish.device)


def _chronos(wish: EncoderRequest) -> Embedder:
    from latentfill.embeddings.external.chronos import EXAMPLE, ChronosEmbedder

    embedder = ChronosEmbedder.load(wish.need(f"FOLDER, or chronos:{EXAMPLE}"), wish.device)
    embedder.check_length(wish.length)
    return embedder


def _module(wish: EncoderRequest) -> Embedder:
    from latentfill.embeddings.external.imported_encoder import import_encoder
    from latentfill.embeddings.external.torch_module import ModuleEmbedder

    opened = import_encoder(wish.need("package.attr"), wish.device)
    return ModuleEmbedder(opened, wish.kind, wish.device, wish.settings.get("inputs"))


def _torchscript(wish: EncoderRequest) -> Embedder:
    from latentfill.embeddings.external.saved_encoder import load_torchscript
    from latentfill.embeddings.external.torch_module import ModuleEmbedder

    opened = load_torchscript(wish.need("FILE, as torch.jit.save writes it"), wish.device)
    return ModuleEmbedder(opened, wish.kind, wish.device, wish.settings.get("inputs"))


def _export(wish: EncoderRequest) -> Embedder:
    from latentfill.embeddings.external.saved_encoder import load_export
    from latentfill.embeddings.external.torch_module import ModuleEmbedder

    opened = load_export(wish.need("FILE, as torch.export.save writes it"), wish.device)
    return ModuleEmbedder(opened, wish.kind, wish.device, wish.settings.get("inputs"))


KINDS: Mapping[str, Callable[[EncoderRequest], Embedder]] = {
    "timekd": _timekd,
    "student": _student,
    "module": _module,
    "torchscript": _torchscript,
    "export": _export,
    "chronos": _chronos,
}
WRITING = ("decimals", "truncate", "rough_fill", "missing_word")  # how a language model is shown values
OF_MODULES = ("inputs",)
TAKES: Mapping[str, tuple[str, ...]] = {  # which settings a kind has; others have none
    "timekd": ("layers", "dtype", "plain_attention", "privileged", *WRITING),
    "module": OF_MODULES,
    "torchscript": OF_MODULES,
    "export": OF_MODULES,
}


def make_embedder(
    spec: str,
    *,
    config: Config,
    length: int | None = None,
    device: torch.device | None = None,
    pred_len: int = 0,
    settings: Mapping[str, Any] | None = None,
) -> Embedder:
    """The encoder that `spec` names, opened: `timekd:MODEL+layers=6`, `student:FOLDER`, `module:package.attr` ...

    Parameters
    ----------
    spec
        One of `KINDS`, after the first colon where it is found, and after each + a setting; see `EncoderName`.
    config
        Gives the seed, and the device and `seq_len` where `device` and `length` are not given.
    length
        Steps of the windows that it will embed.
    pred_len
        Steps that a language model is asked to forecast, and reads where it is `privileged`.
    settings
        More of its settings, by the names in `TAKES`: see `Teacher.load` and `PromptStyle`, of modules `Inputs.parse`.
        What `spec` says wins.
    """
    name = EncoderName.parse(spec)
    if name.kind not in KINDS:
        raise InputError(f"{did_you_mean('encoder', name.kind, KINDS)}. Write KIND or KIND:WHERE, as in timekd:gpt2.")
    settings = {**(settings or {}), **name.settings}
    for setting in settings:
        if setting not in TAKES.get(name.kind, ()):
            able = [kind for kind, takes in TAKES.items() if setting in takes]
            raise InputError(
                f"the setting {FLAGS[setting]} is one of {', '.join(able)}; the encoder {name.kind} has no such. Leave "
                "it out."
            )
    wish = EncoderRequest(
        kind=name.kind,
        where=name.where,
        length=length or config.seq_len,
        device=device or pick_device(config.device),
        seed=config.seed,
        pred_len=pred_len,
        settings=settings,
    )
    return KINDS[name.kind](wish)
