"""How neighbours are searched, matched to a window, and averaged."""

from __future__ import annotations

from dataclasses import dataclass

from latentfill.core.config import Config
from latentfill.core.config_settings import IndexEngine, Match, Metric, SearchKind, Weights

KEY_SIZE = 64  # principal components of the embeddings, by which windows are compared
BANK_STRIDE = 4  # steps between the windows of a bank
BANK_CELLS = 1 << 24  # cells of a bank, at most
STRATEGY_BANK_CELLS = 1 << 26  # the same for the strategy `neighbours`


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How neighbours are searched, matched to a window, and averaged; the defaults are for the denoising decoder."""

    key_size: int | None = KEY_SIZE  # principal components that windows are compared by; None: the whole embedding
    metric: Metric = "cosine"
    search: SearchKind = "exact"
    index: str | None = None  # folder that keeps an index
    index_engine: IndexEngine = "none"  # that builds its shards
    count: int = 10  # neighbours that the index must find, beside those that overlap
    overlapping: bool = False  # whether neighbours may overlap the window to be filled
    match: Match = "level"  # a neighbour is shifted ("level"), shifted and scaled ("scale"), or not changed ("none")
    weights: Weights = "fit"  # by fit to the observed cells, by similarity of the embeddings, or uniform
    temperature: float = 0.1  # of the softmax over similarities, in units of the cosine or smallest squared distance
    stride: int = BANK_STRIDE  # steps between the windows of the bank
    cells: int = BANK_CELLS  # cells of the bank, at most


def rules_of(config: Config) -> Rules:
    """The rules of the strategy `neighbours`, from the settings."""
    return Rules(
        key_size=None,
        metric=config.neighbours.metric,
        search=config.neighbours.search,
        index=config.neighbours.index,
        index_engine=config.neighbours.index_engine,
        count=config.neighbours.count,
        overlapping=config.neighbours.overlap,
        match=config.neighbours.match,
        weights=config.neighbours.weights,
        temperature=config.neighbours.temperature,
        stride=1,
        cells=STRATEGY_BANK_CELLS,
    )
