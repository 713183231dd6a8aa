"""Opens encoders by name. A new kind of encoder is registered here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch

from latentfill.core.config import Config
from latentfill.core.errors import InputError, UntrustedCodeError, did_you_mean
from latentfill.core.settings_base import Settings, declared
from latentfill.embeddings.protocols.embedder import Embedder
from latentfill.embeddings.protocols.encoder_settings import ModelSettings, ModuleSettings, PromptContents, PromptStyle
from latentfill.embeddings.spec import EncoderName, SettingValues, flag_of
from latentfill.nn.runtime import pick_device

Record = TypeVar("Record", bound=Settings)

# --- how each kind is opened ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderRequest:
    """The encoder to open, and the windows that it will embed."""

    kind: str
    where: str  # folder, file, model or Python name; empty if none was given
    length: int  # steps of the windows that it will embed
    pred_len: int  # steps that a language model is asked to forecast
    device: torch.device
    seed: int
    settings: SettingValues
    trust_code: bool  # whether the user trusts the code that opening it runs

    def settings_of(self, record: type[Record]) -> Record:
        """`record` with the requested values of the settings that it declares."""
        return record(
            **{each.field: self.settings[each.name] for each in declared(record) if each.name in self.settings}
        )

    def check_trusted(self, what: str) -> None:
        """Raise an `UntrustedCodeError` unless the user trusts the code that opening the encoder runs."""
        if not self.trust_code:
            raise UntrustedCodeError(
                f"the encoder {self.kind}:{self.where} would run {what}, with all that you may do on this machine. "
                "Read it, or be sure of who wrote it; then allow it: --trust-code."
            )

    def need(self, example: str) -> str:
        """`where`; if it is empty, raises an `InputError` that shows an example."""
        if not self.where:
            raise InputError(f"the encoder {self.kind} needs a folder, file or name: write {self.kind}:{example}.")
        return self.where


def _open_timekd(request: EncoderRequest) -> Embedder:
    from latentfill.embeddings.timekd.teacher import DEFAULT_MODEL, Teacher, TeacherSettings

    style, contents = request.settings_of(PromptStyle), request.settings_of(PromptContents)
    teacher = TeacherSettings(style=style, pred_len=request.pred_len, privileged=contents.privileged, seed=request.seed)
    return Teacher.load(request.where or DEFAULT_MODEL, teacher, request.settings_of(ModelSettings), request.device)


def _open_student(request: EncoderRequest) -> Embedder:
    from latentfill.embeddings.timekd.student import DistilledStudent

    return DistilledStudent.load(request.need("FOLDER (`latentfill distil` makes one)"), request.device)


def _open_chronos(request: EncoderRequest) -> Embedder:
    from latentfill.embeddings.external.chronos import EXAMPLE, ChronosEmbedder

    embedder = ChronosEmbedder.load(request.need(f"FOLDER, or chronos:{EXAMPLE}"), request.device)
    embedder.check_length(request.length)
    return embedder


def _open_module(request: EncoderRequest) -> Embedder:
    from latentfill.embeddings.external.imported_encoder import code_of, import_encoder
    from latentfill.embeddings.external.torch_module import ModuleEmbedder

    name = request.need("package.attr")
    request.check_trusted(code_of(name))
    opened = import_encoder(name, request.device)
    return ModuleEmbedder(opened, request.kind, request.device, request.settings.get("inputs"))


def _open_torchscript(request: EncoderRequest) -> Embedder:
    from latentfill.embeddings.external.saved_encoder import load_torchscript
    from latentfill.embeddings.external.torch_module import ModuleEmbedder

    file = request.need("FILE, as torch.jit.save writes it")
    request.check_trusted(f"the program in {file}")
    opened = load_torchscript(file, request.device)
    return ModuleEmbedder(opened, request.kind, request.device, request.settings.get("inputs"))


def _open_export(request: EncoderRequest) -> Embedder:
    from latentfill.embeddings.external.saved_encoder import load_export
    from latentfill.embeddings.external.torch_module import ModuleEmbedder

    file = request.need("FILE, as torch.export.save writes it")
    request.check_trusted(f"the program in {file}")
    opened = load_export(file, request.device)
    return ModuleEmbedder(opened, request.kind, request.device, request.settings.get("inputs"))


# --- all kinds -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EncoderKind:
    """A kind of encoder: the function that opens it, and its settings."""

    open: Callable[[EncoderRequest], Embedder]
    settings: tuple[str, ...] = ()  # names


KINDS: dict[str, EncoderKind] = {}  # in the order in which messages list them


def register(name: str, open: Callable[[EncoderRequest], Embedder], *records: type[Settings]) -> None:
    """Register a kind of encoder with its settings; raises `InputError` if the name is taken."""
    if name in KINDS:
        raise InputError(f"there is an encoder {name!r} already; choose another name.")
    KINDS[name] = EncoderKind(open, tuple(each.name for record in records for each in declared(record)))


register("timekd", _open_timekd, PromptStyle, ModelSettings, PromptContents)
register("student", _open_student)
register("module", _open_module, ModuleSettings)
register("torchscript", _open_torchscript, ModuleSettings)
register("export", _open_export, ModuleSettings)
register("chronos", _open_chronos)


def make_embedder(
    spec: str,
    *,
    config: Config,
    length: int | None = None,
    pred_len: int = 0,
    settings: SettingValues | None = None,
    trust_code: bool = False,
) -> Embedder:
    """The encoder that `spec` names, opened on the device of `config`.

    Parameters
    ----------
    spec
        Such as `timekd:MODEL+layers=6`, `student:FOLDER` or `module:package.attr`: one of `KINDS`, after the first
        colon the encoder's place, and after each + a setting; see `EncoderName`.
    config
        Gives the seed, the device, and `seq_len` where no `length` is given.
    length
        Steps of the windows that it will embed.
    pred_len
        Steps that a language model is asked to forecast, and that it reads if it is `privileged`.
    settings
        More settings of this kind of encoder; settings in `spec` take precedence.
    trust_code
        Allow `module:`, `torchscript:` and `export:`, which run code of the module or the file.

    Raises
    ------
    InputError
        If the kind is unknown or has no such setting, or if the encoder cannot be opened.
    UntrustedCodeError
        If code would be run without `trust_code`.
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
        length=length or config.stored.plan.seq_len,
        pred_len=pred_len,
        device=pick_device(config.device),
        seed=config.seed,
        settings=settings,
        trust_code=trust_code,
    )
    return KINDS[name.kind].open(request)


def _check_has_setting(kind: str, setting: str) -> None:
    if setting not in KINDS[kind].settings:
        kinds = [other for other, row in KINDS.items() if setting in row.settings]
        raise InputError(
            f"the encoder {kind} has no setting {flag_of(setting)}; only {', '.join(kinds)} have it. Leave it out."
        )
