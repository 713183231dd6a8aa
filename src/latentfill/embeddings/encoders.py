"""Every kind of encoder by name, as one text says it: KIND or KIND:WHERE."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from latentfill.config import Config
from latentfill.embeddings.embedder import Embedder
from latentfill.errors import InputError, did_you_mean
from latentfill.nn.runtime import pick_device


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for."""

    kind: str
    where: str  # empty if not said
    length: int  # steps of the windows that will be embedded
    device: torch.device
    seed: int
    inputs: str | None  # of modules: what they take
    reading: Mapping[str, Any]  # of language models: keyword arguments of `Teacher.load`

    def need(self, example: str) -> str:
        """WHERE, which cannot be left out."""
        if not self.where:
            raise InputError(f"the encoder {self.kind} needs a place: write {self.kind}:{example}.")
        return self.where


def _timekd(wish: Wish) -> Embedder:
    from latentfill.embeddings.teacher import DEFAULT_MODEL, Teacher

    return Teacher.load(wish.where or DEFAULT_MODEL, device=wish.device, seed=wish.seed, **wish.reading)


def _student(wish: Wish) -> Embedder:
    from latentfill.embeddings.distilled import DistilledStudent

    return DistilledStudent.load(wish.need("FOLDER (`latentfill distil` makes one)"), wish.device)


def _chronos(wish: Wish) -> Embedder:
    from latentfill.embeddings.chronos import EXAMPLE, ChronosEmbedder

    embedder = ChronosEmbedder.load(wish.need(f"FOLDER, or chronos:{EXAMPLE}"), wish.device)
    embedder.check_length(wish.length)
    return embedder


def _module(wish: Wish) -> Embedder:
    from latentfill.embeddings.foreign import ForeignEmbedder
    from latentfill.embeddings.foreign_modules import open_attribute

    opened = open_attribute(wish.need("package.attr"), wish.device)
    return ForeignEmbedder(opened, wish.kind, wish.device, wish.inputs)


def _torchscript(wish: Wish) -> Embedder:
    from latentfill.embeddings.foreign import ForeignEmbedder
    from latentfill.embeddings.foreign_modules import open_torchscript

    opened = open_torchscript(wish.need("FILE, as torch.jit.save writes it"), wish.device)
    return ForeignEmbedder(opened, wish.kind, wish.device, wish.inputs)


def _export(wish: Wish) -> Embedder:
    from latentfill.embeddings.foreign import ForeignEmbedder
    from latentfill.embeddings.foreign_modules import open_export

    opened = open_export(wish.need("FILE, as torch.export.save writes it"), wish.device)
    return ForeignEmbedder(opened, wish.kind, wish.device, wish.inputs)


KINDS: Mapping[str, Callable[[Wish], Embedder]] = {
    "timekd": _timekd,
    "student": _student,
    "module": _module,
    "torchscript": _torchscript,
    "export": _export,
    "chronos": _chronos,
}
WITH_INPUTS = ("module", "torchscript", "export")


def make_embedder(
    spec: str,
    *,
    config: Config,
    length: int | None = None,
    device: torch.device | None = None,
    inputs: str | None = None,
    reading: Mapping[str, Any] | None = None,
) -> Embedder:
    """The encoder that `spec` names, opened: `timekd:MODEL`, `student:FOLDER`, `module:package.attr` and so on.

    Parameters
    ----------
    spec
        One of `KINDS`, and after the first colon where it is found.
    config
        Gives the seed, and the device and `seq_len` where `device` and `length` are not given.
    length
        Steps of the windows that it will embed.
    inputs
        What a module takes, such as "filled,observed:BCL"; see `Inputs`.
    reading
        Keyword arguments of `Teacher.load`, for `timekd`.
    """
    kind, _, where = spec.partition(":")  # the first colon alone: there may be more in a path
    kind = kind.strip()
    if kind not in KINDS:
        raise InputError(f"{did_you_mean('encoder', kind, KINDS)}. Write KIND or KIND:WHERE, as in timekd:gpt2.")
    if inputs is not None and kind not in WITH_INPUTS:
        raise InputError(
            f"--inputs says what a module takes ({', '.join(WITH_INPUTS)}); {kind} knows itself. Leave it out."
        )
    wish = Wish(
        kind=kind,
        where=where.strip(),
        length=length or config.seq_len,
        device=device or pick_device(config.device),
        seed=config.seed,
        inputs=inputs,
        reading=reading or {},
    )
    return KINDS[kind](wish)
