"""Every kind of encoder, opened by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from latentfill.core.config import Config
from latentfill.core.errors import InputError, did_you_mean
from latentfill.embeddings.protocols.embedder import Embedder
from latentfill.embeddings.spec import FLAGS, EncoderName, SettingValues
from latentfill.nn.runtime import pick_device

# --- how each kind is opened ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderRequest:
    """An encoder that is to be opened, and what for."""

    kind: str
    where: str  # folder, file, model or Python name; empty if none was given
    length: int  # steps of the windows that it will embed
    pred_len: int  # steps that a language model is asked to forecast
    device: torch.device
    seed: int
    settings: SettingValues

    def need(self, example: str) -> str:
        """`where`, or an `InputError` that shows an example if it is empty."""
        if not self.where:
            raise InputError(f"the encoder {self.kind} needs a place: write {self.kind}:{example}.")
        return self.where


def _open_timekd(request: EncoderRequest) -> Embedder:
    from latentfill.embeddings.timekd.language_model_loading import ModelSettings
    from latentfill.embeddings.timekd.prompt_values import PromptStyle
    from latentfill.embeddings.timekd.teacher import DEFAULT_MODEL, Teacher, TeacherSettings

    settings = dict(request.settings)
    style = PromptStyle(**{name: settings.pop(name) for name in PROMPT_SETTINGS if name in settings})
    privileged, plain = settings.pop("privileged", False), settings.pop("plain_attention", False)
    teacher = TeacherSettings(style=style, pred_len=request.pred_len, privileged=privileged, seed=request.seed)
    reading = ModelSettings(calibrated=not plain, **settings)
    return Teacher.load(request.where or DEFAULT_MODEL, teacher, reading, request.device)


def _open_student(request: EncoderRequest) -> Embedder:
    from latentfill.embeddings.timekd.student import DistilledStudent

    return DistilledStudent.load(request.need("FOLDER (`latentfill distil` makes one)"), request.device)


def _open_chronos(request: EncoderRequest) -> Embedder:
    from latentfill.embeddings.external.chronos import EXAMPLE, ChronosEmbedder

    embedder = ChronosEmbedder.load(request.need(f"FOLDER, or chronos:{EXAMPLE}"), request.device)
    embedder.check_length(request.length)
    return embedder


def _open_module(request: EncoderRequest) -> Embedder:
    from latentfill.embeddings.external.imported_encoder import import_encoder
    from latentfill.embeddings.external.torch_module import ModuleEmbedder

    opened = import_encoder(request.need("package.attr"), request.device)
    return ModuleEmbedder(opened, request.kind, request.device, request.settings.get("inputs"))


def _open_torchscript(request: EncoderRequest) -> Embedder:
    from latentfill.embeddings.external.saved_encoder import load_torchscript
    from latentfill.embeddings.external.torch_module import ModuleEmbedder

    opened = load_torchscript(request.need("FILE, as torch.jit.save writes it"), request.device)
    return ModuleEmbedder(opened, request.kind, request.device, request.settings.get("inputs"))


def _open_export(request: EncoderRequest) -> Embedder:
    from latentfill.embeddings.external.saved_encoder import load_export
    from latentfill.embeddings.external.torch_module import ModuleEmbedder

    opened = load_export(request.need("FILE, as torch.export.save writes it"), request.device)
    return ModuleEmbedder(opened, request.kind, request.device, request.settings.get("inputs"))


# --- all kinds -----------------------------------------------------------------------------------

KINDS: Mapping[str, Callable[[EncoderRequest], Embedder]] = {
    "timekd": _open_timekd,
    "student": _open_student,
    "module": _open_module,
    "torchscript": _open_torchscript,
    "export": _open_export,
    "chronos": _open_chronos,
}
PROMPT_SETTINGS = ("decimals", "truncate", "rough_fill", "missing_word")  # how a language model is shown values
MODULE_SETTINGS = ("inputs",)
SETTINGS_OF_KIND: Mapping[str, tuple[str, ...]] = {  # kinds that are not named here have no settings
    "timekd": ("layers", "dtype", "plain_attention", "privileged", *PROMPT_SETTINGS),
    "module": MODULE_SETTINGS,
    "torchscript": MODULE_SETTINGS,
    "export": MODULE_SETTINGS,
}


def make_embedder(
    spec: str, *, config: Config, length: int | None = None, pred_len: int = 0, settings: SettingValues | None = None
) -> Embedder:
    """The encoder that `spec` names, opened on the device of `config`.

    Parameters
    ----------
    spec
        Such as `timekd:MODEL+layers=6`, `student:FOLDER` or `module:package.attr`: one of `KINDS`, where it is found
        after the first colon, and a setting after each +; see `EncoderName`.
    config
        Gives the seed, the device, and `seq_len` where no `length` is given.
    length
        Steps of the windows that it will embed.
    pred_len
        Steps that a language model is asked to forecast, and that it reads if it is `privileged`.
    settings
        More settings, by the names in `SETTINGS_OF_KIND`; those in `spec` win.

    Raises
    ------
    InputError
        If the kind is unknown or has no such setting, or if the encoder cannot be opened.
    """
    name = EncoderName.parse(spec)
    if name.kind not in KINDS:
        raise InputError(f"{did_you_mean('encoder', name.kind, KINDS)}. Write KIND or KIND:WHERE, as in timekd:gpt2.")
    settings = {**(settings or {}), **name.settings}
    for setting in settings:
        _check_has_setting(name.kind, setting)
    request = EncoderRequest(
        kind=name.kind,
        where=name.where,
        length=length or config.stored.seq_len,
        pred_len=pred_len,
        device=pick_device(config.device),
        seed=config.seed,
        settings=settings,
    )
    return KINDS[name.kind](request)


def _check_has_setting(kind: str, setting: str) -> None:
    if setting not in SETTINGS_OF_KIND.get(kind, ()):
        kinds = [other for other, names in SETTINGS_OF_KIND.items() if setting in names]
        raise InputError(
            f"the setting {FLAGS[setting]} is one of {', '.join(kinds)}; the encoder {kind} does not have it. Leave "
            "it out."
        )
