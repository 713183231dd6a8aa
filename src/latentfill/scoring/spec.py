"""The strategies and encoders that `evaluate` compares, and how it hides cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from latentfill.core.config import AUTO
from latentfill.core.errors import InputError, did_you_mean
from latentfill.core.strategy_table import STRATEGIES
from latentfill.embeddings.protocols.embedder import Embedder
from latentfill.windows.patterns import PATTERNS

MOST_HIDDEN = 0.9  # largest rate; with more cells hidden there is too little to learn from


@dataclass(frozen=True, kw_only=True)
class ScoringSpec:
    """The strategies and encoders to compare; cells are hidden once for each seed, pattern and rate.

    Raises an `InputError` that lists all invalid values.
    """

    strategies: tuple[str, ...] = (AUTO, "linear")
    patterns: tuple[str, ...] = ("like-gaps",)  # keys of `PATTERNS`
    rates: tuple[float, ...] = (0.1,)  # shares of the observed cells to hide
    seeds: tuple[int, ...] = (0,)
    encoders: tuple[str, ...] = ()  # encoders to compare, each embeds windows without hidden cells; (): builtin
    embedders: Mapping[str, Embedder] = field(default_factory=dict)  # further encoders, by their names in `encoders`
    allow_oracle: bool = False  # score stored embeddings, labelled "oracle", though they may have seen hidden cells
    trust_code: bool = False  # allow encoders that run code of a module or a file

    def __post_init__(self) -> None:
        if problems := list(self._problems()):
            raise InputError("evaluate: " + "; ".join(problems))

    def _problems(self) -> Iterator[str]:
        for kind, names, known in (
            ("strategy", self.strategies, (AUTO, *STRATEGIES)),
            ("pattern", self.patterns, tuple(PATTERNS)),
        ):
            yield from (did_you_mean(kind, name, known) for name in names if name not in known)
        for rate in self.rates:
            if not 0 < rate <= MOST_HIDDEN:
                yield f"a rate must be above 0 and at most {MOST_HIDDEN:g}, got {rate:g}"
        yield from (f"a seed must be 0 or more, got {seed}" for seed in self.seeds if seed < 0)
        for part in ("strategies", "patterns", "rates", "seeds"):
            if not getattr(self, part):
                yield f"{part} must not be empty"
