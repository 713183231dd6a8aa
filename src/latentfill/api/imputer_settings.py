"""`ImputerSettings`: the settings of an `Imputer` as keywords. Made by `latentfill settings --typed`; do not edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict

from latentfill.core.settings_base import Settings

Names = str | Sequence[str]
Values = Names | float | Sequence[float] | Mapping[str, object]


class ImputerSettings(TypedDict, total=False):
    """Settings by name, and groups of them as mappings."""

    time: Names | Literal[False] | None
    time_format: str | None
    timezone: str | None
    leave: Names
    columns: Names | None
    by: Names
    groups: Names
    pivot: Values | None
    missing: Values | None
    fill_text: bool
    grid: bool
    delimiter: str | None
    encoding: str | None
    comment: str | None
    skip_rows: int | None
    header_rows: int | None
    units_row: int | None
    names: Names | None
    sheet: str | None
    decimal: Literal[".", ","] | None
    thousands: str | None
    flags: str | None
    strategy: str
    effort: Literal["quick", "standard", "thorough"]
    candidates: Names
    time_budget: float | None
    kind: str | float | Mapping[str, object] | None
    causal: bool
    model: Literal["auto", "own", "shared"]
    ignore_memory: bool
    seed: int
    random_state: int
    device: str
    length: int
    stride: int
    alone: bool
    scaling: Literal["standard", "minmax"]
    dim: int
    layers: int
    attention_heads: int
    encoder_steps: int
    encoder_batch: int
    head: Literal["conv", "mlp", "lstm", "transformer"]
    context: Literal["observed", "none"]
    noise: float
    noise_kind: Literal["gaussian", "dropout"]
    loss: Literal["huber", "mse"]
    width: int
    blocks: int
    kernel: int
    dropout: float
    decoder_neighbours: int
    neighbours: int | Mapping[str, object] | Settings
    decoder_steps: int
    decoder_batch: int
    neighbour_count: int
    neighbour_metric: Literal["cosine", "euclidean"]
    neighbour_search: Literal["auto", "exact", "faiss"]
    neighbour_index: str | None
    neighbour_index_engine: Literal["none", "local", "ray"]
    neighbour_weights: Literal["similarity", "uniform", "fit"]
    neighbour_temperature: float
    neighbour_match: Literal["level", "scale", "none"]
    neighbour_overlap: bool
    donor_table: str | None
    bank: str | None
    latent_head: Literal["conv", "mlp", "lstm", "transformer"]
    latent_start: Literal["encoder", "zero", "random"]
    latent_restarts: int
    latent_optimiser: Literal["adam", "lbfgs"]
    latent_steps: int
    latent_rate: float
    latent_pull: float
    latent_tolerance: float
    learning_rate: float
    patience: int
    bfloat16: bool
    check_every: int
    holdout: float
    embeddings: object | None
    dataset: str
    split: Literal["auto", "none", "ett-hour", "ett-minute", "custom"]
    seq_len: int | None
    pred_len: int | None
    embedding_stride: int | None
    features: Literal["M", "MS", "S"]
    target: str
    pooling: Literal["mean", "max", "last", "none"]
    elsewhere: Literal["model", "linear"]
    skip_alignment_check: bool
    fallback: Literal["linear", "none"]
    intervals: float | None
    samples: int
    blank_doubtful: float | None
    max_gap: int | None
    minimum: str | float | Mapping[str, object] | None
    maximum: str | float | Mapping[str, object] | None
    non_negative: Names | None
    margin: float | None
    windows: Mapping[str, object] | Settings
    encoder: Mapping[str, object] | Settings
    decoder: Mapping[str, object] | Settings
    latent: Mapping[str, object] | Settings
    training: Mapping[str, object] | Settings
    stored: Mapping[str, object] | Settings
    output: Mapping[str, object] | Settings
