"""The groups of settings that make up a `Config`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from latentfill.core.setting import Part, setting
from latentfill.core.settings import Settings
from latentfill.core.settings_text import documented

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


@documented
@dataclass(frozen=True, kw_only=True)
class WindowSettings(Settings):
    """The windows that a series is cut into, and its scale."""

    length: int = setting(
        96,
        "Steps per window.",
        why="TimeKD's published seq_len; shrinks to fit a shorter series",
        flag="--length",
        least=2,
        most=100_000,
    )
    stride: int = setting(24, "Steps between the windows that are blended when filling.", least=1, most=100_000)
    scaling: Scaling = setting("standard", "Scaling of each column, fitted on its observed cells.")

    def contradictions(self) -> Iterator[str]:
        if self.stride > self.length:
            yield f"stride must be at most length ({self.length}), got {self.stride}"


@documented
@dataclass(frozen=True, kw_only=True)
class EncoderSettings(Settings):
    """The built-in encoder, which is trained on the table itself."""

    dim: int = setting(128, "Size of the embedding of a column.", least=1, most=8192)
    layers: int = setting(2, "Transformer layers.", least=1, most=64)
    attention_heads: int = setting(4, "Attention heads of a layer.", least=1, most=8192)
    steps: int = setting(
        1200,
        "Training steps at most.",
        why="training stops earlier when held-out cells get no better",
        names=("encoder_steps",),
        least=1,
        most=10**7,
    )
    batch: int = setting(
        64, "Windows per training step; fewer in wide tables.", names=("encoder_batch",), least=1, most=65_536
    )

    def contradictions(self) -> Iterator[str]:
        if self.dim % max(self.attention_heads, 1):
            yield f"dim must be a multiple of attention_heads ({self.attention_heads}), got {self.dim}"


@documented
@dataclass(frozen=True, kw_only=True)
class DecoderSettings(Settings):
    """The denoising decoder, from an embedding to the missing cells of its window."""

    head: Head = setting("conv", "Head of the decoder.", flag="--head")
    context: Context = setting(
        "observed",
        "What the decoder sees beside the embedding: the observed cells, or none (the plain latent decoder).",
        flag="--context",
    )
    noise: float = setting(
        0.1,
        "Noise on the embedding in training: its standard deviation in units of the embedding's, or the share dropped.",
        flag="--noise",
        least=0,
        most=1000,
    )
    noise_kind: NoiseKind = setting("gaussian", "Kind of the noise.", flag="--noise-kind")
    width: int = setting(64, "Channels of the head; the mlp head has four times as many units.", least=1, most=8192)
    blocks: int = setting(
        5,
        "Residual blocks of the conv head; the lstm and transformer heads have half as many layers.",
        least=1,
        most=64,
    )
    kernel: int = setting(9, "Steps per convolution before dilation; an odd number.", least=1, most=9999)
    dropout: float = setting(0.3, "Share of the units dropped in training.", least=0, below=1)
    neighbours: int = setting(
        16,
        "Nearest windows of the series that the decoder sees; 0: none.",
        names=("decoder_neighbours", "neighbours"),
        least=0,
        most=1024,
    )
    steps: int = setting(1600, "Training steps at most.", names=("decoder_steps",), least=1, most=10**7)
    batch: int = setting(
        48, "Windows per training step; fewer in wide tables.", names=("decoder_batch",), least=1, most=65_536
    )

    def contradictions(self) -> Iterator[str]:
        if self.kernel % 2 == 0:
            yield f"kernel must be odd, got {self.kernel}"
        if self.noise_kind == "dropout" and self.noise >= 1:
            yield f"noise must be below 1 when noise_kind is dropout, got {self.noise}"


@documented
@dataclass(frozen=True, kw_only=True)
class NeighbourSettings(Settings):
    """The strategy neighbours: windows that are nearest in embedding space."""

    count: int = setting(10, "Nearest windows that are averaged.", names=("neighbour_count",), least=1, most=10_000)
    metric: Metric = setting("cosine", "Distance between embeddings.", names=("neighbour_metric",))
    search: SearchKind = setting(
        "exact",
        "How the nearest are found: exactly, or with an index of FAISS for very many windows.",
        names=("neighbour_search",),
    )
    weights: Weights = setting(
        "similarity",
        "Weights of the average: similarity of the embeddings, the same for all, or fit to the observed cells.",
        names=("neighbour_weights",),
    )
    temperature: float = setting(
        0.1,
        "Temperature of weights by similarity; a small one leaves the nearest window alone.",
        names=("neighbour_temperature",),
        above=0,
    )
    match: Match = setting(
        "level",
        "How a neighbour is adjusted to the window, on the cells observed in both: its level, level and scale, or not.",
        names=("neighbour_match",),
    )
    overlap: bool = setting(
        False, "Whether windows that overlap the filled one take part.", names=("neighbour_overlap",)
    )
    donor_table: str | None = setting(
        None,
        "Another table with the same columns, whose windows are searched for neighbours too.",
        names=("donor_table", "bank"),
        flag="--donor-table",
        more_flags=("--bank",),
    )


@documented
@dataclass(frozen=True, kw_only=True)
class LatentSettings(Settings):
    """The strategy latent: optimisation of the embedding against the observed cells."""

    head: Head = setting(
        "mlp",
        "Head of the decoder that is inverted.",
        why="the other heads take many times as long",
        names=("latent_head",),
    )
    start: LatentStart = setting("encoder", "Where the optimisation starts.", names=("latent_start",))
    restarts: int = setting(
        1,
        "Starting points; the one that fits the observed cells best is kept.",
        names=("latent_restarts",),
        least=1,
        most=1000,
    )
    optimiser: Optimiser = setting("adam", "The optimiser.", names=("latent_optimiser",))
    steps: int = setting(200, "Steps at most.", names=("latent_steps",), least=1, most=10**6)
    rate: float = setting(0.05, "Step size in standard deviations of the embedding.", names=("latent_rate",), above=0)
    pull: float = setting(
        0.01,
        "Weight of the squared distance from the start, in the same units.",
        names=("latent_pull",),
        least=0,
        most=10**6,
    )
    tolerance: float = setting(
        1e-3,
        "Relative gain over ten steps below which a window has converged.",
        names=("latent_tolerance",),
        above=0,
    )


@documented
@dataclass(frozen=True, kw_only=True)
class TrainingSettings(Settings):
    """The training of encoder and decoder."""

    learning_rate: float = setting(
        3e-3, "Learning rate at its peak, after a warm-up and before a cosine decay.", above=0, most=1
    )
    patience: int = setting(
        10,
        "Checks of the held-out error without improvement before training stops.",
        why="single checks are noisy",
        least=1,
        most=10**7,
    )
    check_every: int = setting(100, "Training steps between checks.", least=1, most=10**7)
    holdout: float = setting(
        0.05,
        "Share of the observed cells that are held out: half to weigh estimates by, half to measure the error.",
        above=0,
        most=0.5,
    )


@documented
@dataclass(frozen=True, kw_only=True)
class StoredSettings(Settings):
    """Stored embeddings, and the TimeKD split plan that pairs them with windows."""

    panel: ClassVar[str] = "Stored embeddings"

    embeddings: str | None = setting(
        None,
        "Stored embeddings: a TimeKD folder of .h5 files, a folder above it, an .h5 file or a packed file.",
        flag="--embeddings",
        refit=False,
    )
    dataset: str = setting("embeddings", "Name of the dataset inside the .h5 files.", flag="--dataset")
    split: SplitKind = setting("none", "TimeKD's split plan.", flag="--split")
    seq_len: int = setting(96, "Steps per window of the embeddings.", flag="--seq-len", least=2, most=100_000)
    pred_len: int = setting(
        96, "Forecast horizon of the embeddings, in steps.", flag="--pred-len", least=0, most=100_000
    )
    stride: int = setting(
        1,
        "Steps between the windows of the embeddings.",
        why="TimeKD stores every window",
        names=("embedding_stride",),
        flag="--embedding-stride",
        least=1,
        most=100_000,
    )
    features: Features = setting("M", "TimeKD's feature mode.", flag="--features")
    target: str = setting("OT", "TimeKD's target column.", flag="--target")


@documented
@dataclass(frozen=True, kw_only=True)
class OutputSettings(Settings):
    """What is made of the estimates; all can be changed on a fitted model, except `fallback` and `margin`."""

    part: ClassVar[Part] = "writing"
    panel: ClassVar[str] = "Writing"

    fallback: Fallback = setting("linear", "What fills cells that no strategy reaches.")
    intervals: float | None = setting(
        None,
        "Coverage of the prediction intervals of the filled cells, such as 0.9.",
        flag="--intervals",
        above=0,
        below=1,
        refit=False,
    )
    samples: int = setting(
        0,
        "Completed tables to draw, which differ as far as the estimates are uncertain: OUT.sample1.csv ...",
        flag="--samples",
        least=0,
        most=1000,
        refit=False,
    )
    max_gap: int | None = setting(
        None, "Longest gap that is filled, in steps; longer ones stay empty.", flag="--max-gap", least=0, refit=False
    )
    minimum: str | None = setting(
        None, "Least estimate: a number, or COLUMN=NUMBER,...", flag="--min", refit=False, json_text=True
    )
    maximum: str | None = setting(
        None, "Largest estimate: a number, or COLUMN=NUMBER,...", flag="--max", refit=False, json_text=True
    )
    non_negative: str | None = setting(
        None, "Columns whose estimates are at least 0, a comma list; * for all.", flag="--non-negative", refit=False
    )
    margin: float | None = setting(
        0.1,
        "Estimates stay within the observed range of their column, widened by this share of it; none lifts the limit.",
        least=0,
        most=1000,
    )
