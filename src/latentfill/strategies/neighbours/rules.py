"""How neighbours are found, fitted to a window, and averaged."""

from __future__ import annotations

from dataclasses import dataclass

from latentfill.core.config import Config
from latentfill.core.config_groups import Match, Metric, SearchKind, Weights

KEY_SIZE = 64  # principal components of the embeddings that windows are compared by
BANK_STRIDE = 4  # steps between the windows of a bank
BANK_CELLS = 1 << 24  # most cells of a bank
STRATEGY_BANK_CELLS = 1 << 26  # the same where neighbours are a strategy of their own


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How neighbours are found, fitted to a window, and averaged; the defaults are those of the denoising decoder."""

    key_size: int | None = KEY_SIZE  # principal components that windows are compared by; None: the whole embedding
    metric: Metric = "cosine"
    search: SearchKind = "exact"
    overlapping: bool = False  # whether windows that overlap the one to be filled may be neighbours
    match: Match = "level"  # whether a neighbour is shifted ("level"), shifted and scaled ("scale"), or taken as it is
    weights: Weights = "fit"  # by fit to the observed cells, by similarity of the embeddings, or all the same
    temperature: float = 0.1  # of weights by similarity, in units of a cosine or of the smallest squared distance
    stride: int = BANK_STRIDE  # steps between the windows of the bank
    cells: int = BANK_CELLS  # most cells of the bank


def rules_of(config: Config) -> Rules:
    """The rules that the settings of the strategy `neighbours` ask for."""
    return Rules(
        key_size=None,
        metric=config.neighbours.metric,
        search=config.neighbours.search,
        overlapping=config.neighbours.overlap,
        match=config.neighbours.match,
        weights=config.neighbours.weights,
        temperature=config.neighbours.temperature,
        stride=1,
        cells=STRATEGY_BANK_CELLS,
    )
