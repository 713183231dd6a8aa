"""All settings in one record: each with its unit or reason, all problems told at once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, cast, get_args

from latentfill.errors import InputError, did_you_mean

Head = Literal["conv", "mlp"]
Context = Literal["observed", "none"]
NoiseKind = Literal["gaussian", "dropout"]
Scaling = Literal["standard", "minmax"]
Fallback = Literal["linear", "none"]
SplitKind = Literal["none", "ett-hour", "ett-minute", "custom"]
Features = Literal["M", "MS", "S"]


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of an `Imputer`. Steps are rows of the series; scaled units are per-column standard deviations."""

    # windows
    length: int = 96  # steps per window, TimeKD's published seq_len; shrinks to fit a shorter series
    stride: int = 24  # steps between the windows that are blended when filling
    scaling: Scaling = "standard"  # per column, fitted on observed cells

    # the built-in encoder
    dim: int = 128  # size of the embedding, per column
    layers: int = 2  # transformer layers
    attention_heads: int = 4
    encoder_steps: int = 1500  # most training steps; stops earlier when held-out cells get no better
    encoder_batch: int = 64  # windows per step

    # the denoising decoder
    head: Head = "conv"
    context: Context = "observed"  # "none": the plain latent decoder, from the embedding alone
    noise: float = 0.1  # std of Gaussian noise on z in units of its own std, or the share of z dropped
    noise_kind: NoiseKind = "gaussian"
    width: int = 64  # channels of the convolutional head, units of the mlp head / 4
    blocks: int = 5  # residual blocks of the convolutional head
    kernel: int = 9  # steps per convolution, before dilation
    dropout: float = 0.2
    decoder_steps: int = 1500  # most training steps
    decoder_batch: int = 32  # windows per step

    # training, both parts
    learning_rate: float = 1e-3  # peak, after warm-up; cosine decay
    patience: int = 6  # checks of the held-out error without improvement before training stops
    check_every: int = 100  # steps between checks
    holdout: float = 0.1  # share of the observed cells held out: half to stop early on, half to score with

    # stored embeddings, and TimeKD's split plan that pairs them with windows
    embeddings: str | None = None  # a TimeKD folder, a folder above one, or an .h5 bank
    dataset: str = "embeddings"  # name of the dataset inside the .h5 files
    split: SplitKind = "none"
    seq_len: int = 96
    pred_len: int = 96
    features: Features = "M"
    target: str = "OT"

    # the result
    fallback: Fallback = "linear"  # for cells that no strategy reaches
    margin: float | None = 0.1  # estimates stay within the observed range widened by this share of it; None lifts it

    seed: int = 0
    device: str = "auto"  # "auto": a GPU where there is one

    def __post_init__(self) -> None:
        problems = [*self._wrong_types(), *self._wrong_words()]
        if not problems:
            problems = self._out_of_range()
        if problems:
            raise InputError("settings: " + "; ".join(problems))

    def _wrong_types(self) -> list[str]:
        problems = []
        for f in fields(self):
            value, wants = getattr(self, f.name), str(f.type)
            if wants == "int" and (isinstance(value, bool) or not isinstance(value, int)):
                problems.append(f"{f.name} must be a whole number, got {value!r}")
            elif wants.startswith("float") and not (_is_finite(value) or (value is None and "None" in wants)):
                problems.append(f"{f.name} must be a number, got {value!r}")
            elif wants.startswith("str") and not isinstance(value, str) and not (value is None and "None" in wants):
                problems.append(f"{f.name} must be text, got {value!r}")
        return problems

    def _wrong_words(self) -> list[str]:
        words = {
            "head": Head,
            "context": Context,
            "noise_kind": NoiseKind,
            "scaling": Scaling,
            "fallback": Fallback,
            "split": SplitKind,
            "features": Features,
        }
        return [
            f"{name} must be one of {', '.join(get_args(kind))}, got {getattr(self, name)!r}"
            for name, kind in words.items()
            if getattr(self, name) not in get_args(kind)
        ]

    def _out_of_range(self) -> list[str]:
        problems = [
            f"{name} must be at least {least}, got {getattr(self, name)}"
            for name, least in (
                ("length", 2),
                ("stride", 1),
                ("dim", 1),
                ("layers", 1),
                ("attention_heads", 1),
                ("encoder_steps", 1),
                ("encoder_batch", 1),
                ("width", 1),
                ("blocks", 1),
                ("kernel", 1),
                ("decoder_steps", 1),
                ("decoder_batch", 1),
                ("patience", 1),
                ("check_every", 1),
                ("seq_len", 2),
                ("pred_len", 0),
                ("noise", 0),
                ("seed", 0),
            )
            if getattr(self, name) < least
        ]
        if self.kernel % 2 == 0:
            problems.append(f"kernel must be odd, got {self.kernel}")
        if self.stride > self.length:
            problems.append(f"stride must be at most length ({self.length}), got {self.stride}")
        if self.dim % max(self.attention_heads, 1):
            problems.append(f"dim must be a multiple of attention_heads ({self.attention_heads}), got {self.dim}")
        if not 0 <= self.dropout < 1:
            problems.append(f"dropout must be at least 0 and below 1, got {self.dropout}")
        if self.noise_kind == "dropout" and self.noise >= 1:
            problems.append(f"noise must be below 1 when noise_kind is dropout, got {self.noise}")
        if not 0 < self.learning_rate <= 1:
            problems.append(f"learning_rate must be above 0 and at most 1, got {self.learning_rate}")
        if not 0 < self.holdout <= 0.5:
            problems.append(f"holdout must be above 0 and at most 0.5, got {self.holdout}")
        if self.margin is not None and self.margin < 0:
            problems.append(f"margin must be 0 or more, or none, got {self.margin}")
        if self.seed >= 2**63:
            problems.append(f"seed must be below 2**63, got {self.seed}")
        return problems

    def to_dict(self) -> dict[str, object]:
        """Plain JSON values, the inverse of `from_dict`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, settings: Mapping[str, object]) -> Config:
        """A config from names and values; unknown names are an error that suggests the known one."""
        known = [f.name for f in fields(cls)]
        unknown = [name for name in settings if name not in known]
        if unknown:
            raise InputError("settings: " + "; ".join(did_you_mean("setting", name, known) for name in unknown))
        return cls(**cast(dict[str, Any], dict(settings)))


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
