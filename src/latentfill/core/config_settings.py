"""The groups of settings in a `Config`, one record each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from latentfill.core.setting_type import Part, setting
from latentfill.core.settings_base import Settings
from latentfill.core.settings_text import documented
from latentfill.core.window_plan import PLAN_SETTINGS, Features, SplitKind, SplitSetting, WindowPlan

Head = Literal["conv", "mlp", "lstm", "transformer"]
Context = Literal["observed", "none"]
NoiseKind = Literal["gaussian", "dropout"]
Loss = Literal["huber", "mse"]
Scaling = Literal["standard", "minmax"]
Metric = Literal["cosine", "euclidean"]
SearchKind = Literal["auto", "exact", "faiss"]
IndexEngine = Literal["none", "local", "ray"]
Weights = Literal["similarity", "uniform", "fit"]
Match = Literal["level", "scale", "none"]
LatentStart = Literal["encoder", "zero", "random"]
Optimiser = Literal["adam", "lbfgs"]
Fallback = Literal["linear", "none"]
Elsewhere = Literal["model", "linear"]
Pooling = Literal["mean", "max", "last", "none"]

FOUND = "By default, what fits the number of stored embeddings;"


@documented
@dataclass(frozen=True, kw_only=True)
class WindowSettings(Settings):
    """Windows that a series is cut into, and the scaling of its columns."""

    length: int = setting(
        96,
        "Steps per window; a shorter series gets a shorter window.",
        why="TimeKD's published seq_len",
        flag="--length",
        least=2,
        most=100_000,
    )
    stride: int = setting(
        24,
        "Steps from the start of one window to the next when filling; overlapping windows are blended.",
        least=1,
        most=100_000,
    )
    alone: bool = setting(
        False,
        "The tables to fill are short, at most one window each: weights and intervals are learnt from windows that are "
        "filled by themselves, not from the whole table.",
    )
    scaling: Scaling = setting(
        "standard",
        "Scaling of each column, fitted on its observed cells: standard (to mean 0 and standard deviation 1) or minmax "
        "(to the range from 0 to 1).",
    )

    def contradictions(self) -> Iterator[str]:
        if self.stride > self.length:
            yield f"stride must be at most length ({self.length}), got {self.stride}; give a smaller one"


@documented
@dataclass(frozen=True, kw_only=True)
class EncoderSettings(Settings):
    """The built-in encoder, which is trained on the table itself."""

    dim: int = setting(128, "Embedding size per column.", least=1, most=8192)
    layers: int = setting(2, "Number of transformer layers.", least=1, most=64)
    attention_heads: int = setting(4, "Attention heads per layer.", least=1, most=8192)
    steps: int = setting(
        1200,
        "Maximum number of training steps; training stops earlier when the held-out error stops falling.",
        names=("encoder_steps",),
        least=1,
        most=10**7,
    )
    batch: int = setting(
        64,
        "Windows per training step; fewer for tables with many columns.",
        names=("encoder_batch",),
        least=1,
        most=65_536,
    )

    def contradictions(self) -> Iterator[str]:
        if self.dim % max(self.attention_heads, 1):
            yield f"dim must be a multiple of attention_heads ({self.attention_heads}), got {self.dim}"


@documented
@dataclass(frozen=True, kw_only=True)
class DecoderSettings(Settings):
    """The denoising decoder, which maps an embedding to the missing cells of its window."""

    head: Head = setting("conv", "Type of network in the decoder's head.", flag="--head")
    context: Context = setting(
        "observed",
        "Input of the decoder in addition to the embedding: the observed cells of the window, or none.",
        flag="--context",
    )
    noise: float = setting(
        0.1,
        "Strength of the noise on embeddings in training: its standard deviation relative to that of the embeddings, "
        "or the dropout rate.",
        flag="--noise",
        least=0,
        most=1000,
    )
    noise_kind: NoiseKind = setting("gaussian", "Kind of the noise on embeddings.", flag="--noise-kind")
    loss: Loss = setting(
        "huber",
        "Training loss: huber (Huber loss of artificially hidden cells, weighted by their expected size) or mse (mean "
        "squared error over all observed cells of a window, hidden or not).",
        flag="--loss",
    )
    width: int = setting(64, "Channels of the head; the mlp head has four times as many units.", least=1, most=8192)
    blocks: int = setting(
        5,
        "Residual blocks of the conv head; the lstm and transformer heads have half as many layers.",
        least=1,
        most=64,
    )
    kernel: int = setting(9, "Kernel size of the convolutions in steps, before dilation; odd.", least=1, most=9999)
    dropout: float = setting(0.3, "Dropout rate in training.", least=0, below=1)
    neighbours: int = setting(
        16,
        "Number of nearest windows of the series that the decoder sees; 0 for none.",
        names=("decoder_neighbours", "neighbours"),
        least=0,
        most=1024,
    )
    steps: int = setting(
        1600,
        "Maximum number of training steps; training stops earlier when the held-out error stops falling.",
        names=("decoder_steps",),
        least=1,
        most=10**7,
    )
    batch: int = setting(
        48,
        "Windows per training step; fewer for tables with many columns.",
        names=("decoder_batch",),
        least=1,
        most=65_536,
    )

    def contradictions(self) -> Iterator[str]:
        if self.kernel % 2 == 0:
            yield f"kernel must be odd, got {self.kernel}"
        if self.noise_kind == "dropout" and self.noise >= 1:
            yield f"noise must be below 1 when noise_kind is dropout, got {self.noise}"


@documented
@dataclass(frozen=True, kw_only=True)
class NeighbourSettings(Settings):
    """The strategy `neighbours`, which averages the windows with the nearest embeddings."""

    count: int = setting(10, "Number of nearest windows to average.", names=("neighbour_count",), least=1, most=10_000)
    metric: Metric = setting("cosine", "Distance measure between embeddings.", names=("neighbour_metric",))
    search: SearchKind = setting(
        "auto",
        "Search for the nearest windows: exact (all are compared), faiss (an index on disk, which needs the extra "
        "faiss), or auto: an index for more than 100,000 windows, on a CPU and if faiss is installed.",
        names=("neighbour_search",),
    )
    index: str | None = setting(
        None,
        "Folder that keeps the index of the nearest windows for the next run, which makes it again if the windows have "
        "changed; without it, the index is temporary.",
        names=("neighbour_index",),
    )
    index_engine: IndexEngine = setting(
        "none",
        "What builds the shards of the index: this process, one after the other (none), processes of this machine "
        "(local), or a Ray cluster (ray): the one at RAY_ADDRESS, or a new one on this machine. The machines of a "
        "cluster must all see the folder of the index and the one for temporary files (TMPDIR).",
        names=("neighbour_index_engine",),
    )
    weights: Weights = setting(
        "similarity",
        "Weights of the average: by similarity of the embeddings, uniform, or fitted to the window's observed cells.",
        names=("neighbour_weights",),
    )
    temperature: float = setting(
        0.1,
        "Temperature of the similarity weights; the lower it is, the more the nearest window counts.",
        names=("neighbour_temperature",),
        above=0,
    )
    match: Match = setting(
        "level",
        "Adjustment of a neighbour to the window, fitted on the cells observed in both: level (a shift), scale (a "
        "shift and a factor) or none.",
        names=("neighbour_match",),
    )
    overlap: bool = setting(
        False, "Whether neighbours may overlap the window that is being filled.", names=("neighbour_overlap",)
    )
    donor_table: str | None = setting(
        None,
        "Path of another table with the same columns, of another station for example: everything is learnt from both, "
        "and the other's windows are searched for neighbours too.",
        names=("donor_table", "bank"),
        flag="--donor-table",
        more_flags=("--bank",),
    )


@documented
@dataclass(frozen=True, kw_only=True)
class LatentSettings(Settings):
    """The strategy `latent`, which optimises the embedding to fit the observed cells."""

    head: Head = setting(
        "mlp",
        "Type of network in the head of the decoder that is inverted.",
        why="the other heads take many times as long",
        names=("latent_head",),
    )
    start: LatentStart = setting(
        "encoder",
        "Starting point of the optimisation: the encoder's embedding, zero, or random numbers.",
        names=("latent_start",),
    )
    restarts: int = setting(
        1,
        "Number of starting points; the result that fits the observed cells best is kept.",
        names=("latent_restarts",),
        least=1,
        most=1000,
    )
    optimiser: Optimiser = setting("adam", "Optimisation method.", names=("latent_optimiser",))
    steps: int = setting(200, "Maximum number of optimisation steps.", names=("latent_steps",), least=1, most=10**6)
    rate: float = setting(0.05, "Step size in standard deviations of the embedding.", names=("latent_rate",), above=0)
    pull: float = setting(
        0.01,
        "Weight of the penalty on the squared distance from the starting point, in standard deviations of the "
        "embedding.",
        names=("latent_pull",),
        least=0,
        most=10**6,
    )
    tolerance: float = setting(
        1e-3,
        "A window has converged when ten steps lower its loss by less than this share.",
        names=("latent_tolerance",),
        above=0,
    )


@documented
@dataclass(frozen=True, kw_only=True)
class TrainingSettings(Settings):
    """Training of the built-in encoder and the decoder."""

    learning_rate: float = setting(3e-3, "Peak learning rate, between a warm-up and a cosine decay.", above=0, most=1)
    patience: int = setting(
        10,
        "Training stops after this many checks without a lower held-out error.",
        why="single checks are noisy",
        least=1,
        most=10**7,
    )
    bfloat16: bool = setting(
        False,
        "Multiply matrices in bfloat16 while networks are trained, which a large GPU may do faster; weights and losses "
        "stay in single precision.",
        why="the networks are small",
    )
    check_every: int = setting(100, "Training steps between checks of the held-out error.", least=1, most=10**7)
    holdout: float = setting(
        0.05,
        "Share of the observed cells held out of training: half of them to weight the candidates, half to measure the "
        "error.",
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
        "Path of stored embeddings: a folder of TimeKD's .h5 files (or a folder above it), a packed file, or a "
        "file with an array of all windows or steps (.h5, .npy, .npz, .pt, .safetensors or .parquet).",
        flag="--embeddings",
        refit=False,
    )
    dataset: str = setting("embeddings", "Name of the dataset inside the .h5 files.", flag="--dataset")
    split: SplitSetting = setting(
        "auto",
        "How TimeKD divides the table into train, validation and test rows; auto is what fits the number of stored "
        "embeddings, and without them none.",
        flag="--split",
    )
    seq_len: int | None = setting(
        None, f"Steps per window of the embeddings. {FOUND} without them, 96.", flag="--seq-len", least=2, most=100_000
    )
    pred_len: int | None = setting(
        None,
        f"Forecast horizon of the embeddings: steps after each window that TimeKD forecasts. {FOUND} without them, 96.",
        flag="--pred-len",
        least=0,
        most=100_000,
    )
    stride: int | None = setting(
        None,
        f"Steps from the start of one window of the embeddings to the next. {FOUND} without them, 1.",
        names=("embedding_stride",),
        flag="--embedding-stride",
        least=1,
        most=100_000,
    )
    features: Features = setting(
        "M", "TimeKD's feature mode: M and MS embed all columns, S the target alone.", flag="--features"
    )
    target: str = setting("OT", "TimeKD's target column.", flag="--target")
    pooling: Pooling = setting(
        "mean",
        "How embeddings of single steps become embeddings of windows: their mean, their maximum, or the last step. "
        "With none, a decoder without context reads the embedding of each step, and all else their mean.",
        flag="--pooling",
    )
    elsewhere: Elsewhere = setting(
        "model",
        "Filling of rows that no stored embedding covers: model (the same strategy, with the built-in encoder trained "
        "on the table) or linear (linear interpolation, so that nothing else is trained).",
        flag="--elsewhere",
    )
    skip_alignment_check: bool = setting(
        False,
        "Use embeddings without checking whether each belongs to its window.",
        flag="--skip-alignment-check",
    )

    @property
    def plan(self) -> WindowPlan:
        """The windows of the embeddings, with TimeKD's settings where none are given."""
        return WindowPlan.from_dict(self.given_plan)

    @property
    def given_split(self) -> SplitKind | None:
        """The split, if it is given."""
        return None if self.split == "auto" else self.split

    @property
    def given_plan(self) -> dict[str, object]:
        """The settings of the plan that are not at their defaults, by name."""
        usual = StoredSettings()
        fields = {name: "stride" if name == "embedding_stride" else name for name in PLAN_SETTINGS}
        values = {name: (getattr(self, field), getattr(usual, field)) for name, field in fields.items()}
        return {name: value for name, (value, default) in values.items() if value != default}


@documented
@dataclass(frozen=True, kw_only=True)
class OutputSettings(Settings):
    """Limits, intervals and samples of the filled cells."""

    part: ClassVar[Part] = "writing"
    panel: ClassVar[str] = "Writing"

    fallback: Fallback = setting(
        "linear", "Filling of cells without an estimate: linear interpolation of their kind, or none (they stay empty)."
    )
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
        "Number of random completed tables to write (OUT.sample1.csv ...); they differ as much as the estimates are "
        "uncertain.",
        flag="--samples",
        least=0,
        most=1000,
        refit=False,
    )
    blank_doubtful: float | None = setting(
        None,
        "Blank readings that are wrong with this probability or more, such as 0.9, and fill them. Without it they are "
        "kept, but nothing is learnt from them.",
        flag="--blank-doubtful",
        above=0,
        most=1,
        refit=False,
    )
    max_gap: int | None = setting(
        None, "Longest gap to fill, in steps; longer gaps stay empty.", flag="--max-gap", least=0, refit=False
    )
    minimum: str | None = setting(
        None,
        "Lower limit of estimates: a number for all columns but directions, flags and codes, or COLUMN=NUMBER,...",
        flag="--min",
        refit=False,
        json_text=True,
    )
    maximum: str | None = setting(
        None,
        "Upper limit of estimates: a number for all columns but directions, flags and codes, or COLUMN=NUMBER,...",
        flag="--max",
        refit=False,
        json_text=True,
    )
    non_negative: tuple[str, ...] | None = setting(
        None,
        "Columns whose estimates must not be negative, separated by commas; * for all.",
        flag="--non-negative",
        refit=False,
    )
    margin: float | None = setting(
        0.1,
        "Estimates stay within the observed range of their column, widened by this share of it; none for no limit.",
        least=0,
        most=1000,
    )
