"""All settings in one record: each with its unit or reason, all problems told at once."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from types import SimpleNamespace
from typing import Any, Literal, cast, get_args

from latentfill.core.errors import InputError, did_you_mean

Head = Literal["conv", "mlp", "lstm", "transformer"]
Context = Literal["observed", "none"]
NoiseKind = Literal["gaussian", "dropout"]
Scaling = Literal["standard", "minmax"]
Metric = Literal["cosine", "euclidean"]
SearchKind = Literal["exact", "faiss"]
Weights = Literal["similarity", "uniform", "fit"]
Match = Literal["level", "scale", "none"]
LatentStart = Literal["encoder", "zero", "random"]
Optimiser = Literal["adam", "lbfgs"]
Fallback = Literal["linear", "none"]
SplitKind = Literal["none", "ett-hour", "ett-minute", "custom"]
Features = Literal["M", "MS", "S"]


BASELINE_NAMES = ("linear", "spline", "locf", "nocb", "mean", "median", "seasonal", "knn", "iterative")
LEARNT_NAMES = ("kriging", "neighbours", "denoise", "latent")  # strategies that work on windows
STRATEGY_NAMES = (*BASELINE_NAMES, *LEARNT_NAMES)
AUTO = "auto"


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of an `Imputer`. Steps are rows of the series; scaled units are per-column standard deviations."""

    # what fills the gaps
    strategy: str = AUTO  # one of `STRATEGY_NAMES`, or "auto": several, weighed by what they do on held-out cells
    candidates: str = "linear,kriging,denoise"  # that auto weighs; linear is always one of them
    time_budget: float | None = None  # seconds that fitting may take; auto leaves out the dearest candidates first

    # windows
    length: int = 96  # steps per window, TimeKD's published seq_len; shrinks to fit a shorter series
    stride: int = 24  # steps between the windows that are blended when filling
    scaling: Scaling = "standard"  # per column, fitted on observed cells

    # the built-in encoder
    dim: int = 128  # size of the embedding, per column
    layers: int = 2  # transformer layers
    attention_heads: int = 4
    encoder_steps: int = 1200  # most training steps; stops earlier when held-out cells get no better
    encoder_batch: int = 64  # windows per step, fewer in wide tables

    # the denoising decoder
    head: Head = "conv"
    context: Context = "observed"  # "none": the plain latent decoder, from the embedding alone
    noise: float = 0.1  # std of Gaussian noise on z in units of its own std, or the share of z dropped
    noise_kind: NoiseKind = "gaussian"
    width: int = 64  # channels of the head, units of the mlp head / 4
    blocks: int = 5  # residual blocks of the conv head, layers of the lstm and transformer heads x 2
    kernel: int = 9  # steps per convolution, before dilation
    dropout: float = 0.3
    neighbours: int = 16  # nearest windows of the series that the decoder looks at; 0: none
    decoder_steps: int = 1600  # most training steps
    decoder_batch: int = 48  # windows per step, fewer in wide tables

    # neighbours in embedding space, as a strategy of their own
    neighbour_count: int = 10  # nearest windows that are averaged
    neighbour_metric: Metric = "cosine"
    neighbour_search: SearchKind = "exact"  # "faiss": an index, for banks of very many windows
    neighbour_weights: Weights = "similarity"  # of the embeddings; or all the same, or by fit to the observed cells
    neighbour_temperature: float = 0.1  # of weights by similarity: small ones leave the nearest alone
    neighbour_match: Match = "level"  # what neighbours are brought to, on the cells both have
    neighbour_overlap: bool = False  # whether windows that overlap the one filled take part
    bank: str | None = None  # another table with the same columns, whose windows are neighbours too

    # optimisation of the latent against the observed cells
    latent_head: Head = "mlp"  # of the decoder that is inverted; the others take many times as long
    latent_start: LatentStart = "encoder"
    latent_restarts: int = 1  # tries from different points, the best on the observed cells is kept
    latent_optimiser: Optimiser = "adam"
    latent_steps: int = 200  # at most
    latent_rate: float = 0.05  # step size, in standard deviations of the embedding
    latent_pull: float = 0.01  # weight of the squared distance from the start, in the same units
    latent_tolerance: float = 1e-3  # relative gain over ten steps below which a window has converged

    # training, both parts
    learning_rate: float = 3e-3  # peak, after warm-up; cosine decay
    patience: int = 10  # checks of the held-out error without improvement before training stops; they are noisy
    check_every: int = 100  # steps between checks
    holdout: float = 0.05  # share of the observed cells held out: half to weigh estimates by, half to score with

    # stored embeddings, and TimeKD's split plan that pairs them with windows
    embeddings: str | None = None  # a TimeKD folder, a folder above one, or an .h5 bank
    dataset: str = "embeddings"  # name of the dataset inside the .h5 files
    split: SplitKind = "none"
    seq_len: int = 96
    pred_len: int = 96
    embedding_stride: int = 1  # steps between stored windows; TimeKD stores every one
    features: Features = "M"
    target: str = "OT"

    # the result
    fallback: Fallback = "linear"  # for cells that no strategy reaches
    intervals: float | None = None  # coverage of the bounds that go with every filled cell, such as 0.9
    samples: int = 0  # completed tables to draw, which differ as far as the estimates may be off
    max_gap: int | None = None  # steps; longer gaps are left empty
    minimum: str | None = None  # of estimates: a number, or COLUMN=NUMBER,...
    maximum: str | None = None
    non_negative: str | None = None  # columns whose estimates are at least 0, "*" for all
    margin: float | None = 0.1  # estimates stay within the observed range widened by this share of it; None lifts it

    seed: int = 0
    device: str = "auto"  # "auto": a GPU where there is one

    def __post_init__(self) -> None:
        wrong = self._wrong_types() | self._wrong_words()
        sound = {f.name: f.default if f.name in wrong else getattr(self, f.name) for f in fields(self)}
        problems = [*wrong.values(), *_out_of_range(SimpleNamespace(**sound))]
        if problems:
            raise InputError("settings: " + "; ".join(problems))

    def _wrong_types(self) -> dict[str, str]:
        problems = {}
        for f in fields(self):
            value, wants = getattr(self, f.name), str(f.type)
            if wants == "bool" and not isinstance(value, bool):
                problems[f.name] = f"{f.name} must be true or false, got {value!r}"
            elif (
                wants == "int | None" and value is not None and (isinstance(value, bool) or not isinstance(value, int))
            ):
                problems[f.name] = f"{f.name} must be a whole number, or none, got {value!r}"
            elif wants == "int" and (isinstance(value, bool) or not isinstance(value, int)):
                problems[f.name] = f"{f.name} must be a whole number, got {value!r}"
            elif wants.startswith("float") and not (_is_finite(value) or (value is None and "None" in wants)):
                problems[f.name] = f"{f.name} must be a number, got {value!r}"
            elif wants.startswith("str") and not isinstance(value, str) and not (value is None and "None" in wants):
                problems[f.name] = f"{f.name} must be text, got {value!r}"
        return problems

    def _wrong_words(self) -> dict[str, str]:
        words = {
            "head": Head,
            "context": Context,
            "noise_kind": NoiseKind,
            "scaling": Scaling,
            "fallback": Fallback,
            "split": SplitKind,
            "features": Features,
            "neighbour_metric": Metric,
            "neighbour_search": SearchKind,
            "neighbour_weights": Weights,
            "neighbour_match": Match,
            "latent_head": Head,
            "latent_start": LatentStart,
            "latent_optimiser": Optimiser,
        }
        problems = {
            name: f"{name} must be one of {', '.join(get_args(kind))}, got {getattr(self, name)!r}"
            for name, kind in words.items()
            if getattr(self, name) not in get_args(kind)
        }
        if isinstance(self.strategy, str) and self.strategy not in (AUTO, *STRATEGY_NAMES):
            problems["strategy"] = did_you_mean("strategy", self.strategy, (AUTO, *STRATEGY_NAMES))
        if isinstance(self.candidates, str):
            unknown = [name for name in split_names(self.candidates) if name not in STRATEGY_NAMES]
            if unknown:
                told = "; ".join(did_you_mean("strategy", name, STRATEGY_NAMES) for name in unknown)
                problems["candidates"] = f"candidates: {told}"
        if isinstance(self.device, str) and not re.fullmatch(r"auto|cpu|cuda(:\d+)?", self.device):
            problems["device"] = f"device must be auto, cpu, cuda or cuda:N, got {self.device!r}"
        return problems

    @property
    def strategies(self) -> tuple[str, ...]:
        """The strategies that are fitted, linear interpolation, which everything is measured against, first."""
        return self.candidate_names if self.strategy == AUTO else tuple(dict.fromkeys(("linear", self.strategy)))

    @property
    def candidate_names(self) -> tuple[str, ...]:
        """The strategies that auto weighs."""
        return tuple(dict.fromkeys(("linear", *split_names(self.candidates))))

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


def split_names(text: str) -> tuple[str, ...]:
    """The names in a comma list."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


# The smallest and the largest value that make sense; beyond the largest, memory or patience would end first.
_RANGES: Mapping[str, tuple[int, int]] = {
    "length": (2, 100_000),
    "stride": (1, 100_000),
    "dim": (1, 8192),
    "layers": (1, 64),
    "attention_heads": (1, 8192),
    "encoder_steps": (1, 10**7),
    "encoder_batch": (1, 65_536),
    "noise": (0, 1000),
    "width": (1, 8192),
    "blocks": (1, 64),
    "neighbours": (0, 1024),
    "kernel": (1, 9999),
    "neighbour_count": (1, 10_000),
    "latent_restarts": (1, 1000),
    "samples": (0, 1000),
    "latent_steps": (1, 10**6),
    "latent_pull": (0, 10**6),
    "decoder_steps": (1, 10**7),
    "decoder_batch": (1, 65_536),
    "patience": (1, 10**7),
    "check_every": (1, 10**7),
    "seq_len": (2, 100_000),
    "pred_len": (0, 100_000),
    "embedding_stride": (1, 100_000),
    "seed": (0, 2**63 - 1),
}


def _out_of_range(s: SimpleNamespace) -> list[str]:
    """Problems with the values of settings `s` that are of the right type."""
    values = {name: getattr(s, name) for name in _RANGES}
    problems = [f"{n} must be at least {low}, got {values[n]}" for n, (low, _) in _RANGES.items() if values[n] < low]
    problems += [f"{n} must be at most {high}, got {values[n]}" for n, (_, high) in _RANGES.items() if values[n] > high]
    if s.kernel % 2 == 0:
        problems.append(f"kernel must be odd, got {s.kernel}")
    if s.stride > s.length:
        problems.append(f"stride must be at most length ({s.length}), got {s.stride}")
    if s.dim % max(s.attention_heads, 1):
        problems.append(f"dim must be a multiple of attention_heads ({s.attention_heads}), got {s.dim}")
    if not 0 <= s.dropout < 1:
        problems.append(f"dropout must be at least 0 and below 1, got {s.dropout}")
    if s.noise_kind == "dropout" and s.noise >= 1:
        problems.append(f"noise must be below 1 when noise_kind is dropout, got {s.noise}")
    if not 0 < s.learning_rate <= 1:
        problems.append(f"learning_rate must be above 0 and at most 1, got {s.learning_rate}")
    if not 0 < s.holdout <= 0.5:
        problems.append(f"holdout must be above 0 and at most 0.5, got {s.holdout}")
    if s.intervals is not None and not 0 < s.intervals < 1:
        problems.append(f"intervals must be a coverage between 0 and 1, such as 0.9, got {s.intervals}")
    if s.max_gap is not None and s.max_gap < 0:
        problems.append(f"max_gap must be 0 or more steps, or none, got {s.max_gap}")
    if s.time_budget is not None and s.time_budget <= 0:
        problems.append(f"time_budget must be above 0 seconds, or none, got {s.time_budget}")
    for name in ("neighbour_temperature", "latent_rate", "latent_tolerance"):
        if not getattr(s, name) > 0:
            problems.append(f"{name} must be above 0, got {getattr(s, name)}")
    if s.margin is not None and not 0 <= s.margin <= 1000:
        problems.append(f"margin must be from 0 to 1000, or none, got {s.margin}")
    return problems


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < math.inf
