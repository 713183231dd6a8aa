"""Scores of strategies on hidden cells, and their means over seeds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

METRICS = ("mse", "mae", "mre", "crps", "coverage", "width", "ratio_to_linear")
MEASURES = (*METRICS, "ratio_to_none")  # the last one only where encoders are compared
ALL = "all"  # in place of a column or a gap length: all of them together
ORACLE = "oracle"  # label of scores with embeddings that may have seen the hidden cells


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Errors of one strategy on one group of hidden cells in one run.

    MSE, MAE, CRPS and width are in standard deviations of each column, so that columns can be averaged.
    """

    strategy: str
    pattern: str  # in which cells were hidden
    rate: float  # share of the observed cells to hide, as asked for
    seed: int
    column: str  # or ALL
    gap: str  # length in steps, or ALL
    cells: int
    realised_rate: float  # share of the observed cells that was hidden, over all columns
    mse: float
    mae: float
    mre: float  # sum of absolute errors over sum of absolute values, original units, mean over the columns
    crps: float | None = None  # continuous ranked probability score; None without intervals
    coverage: float | None = None  # share of the cells inside their interval
    width: float | None = None  # mean width of the intervals
    ratio_to_linear: float | None = None  # MSE over that of linear interpolation; None if the latter is 0
    label: str | None = None  # "oracle" where the embeddings may have seen the hidden cells
    encoder: str | None = None  # where encoders are compared and the strategy uses one
    ratio_to_none: float | None = None  # MSE over that of the same strategy without an encoder
    window_seconds: float | None = None  # time the encoder takes per window
    window_bytes: int | None = None  # size of a window's vectors on disk


@dataclass(frozen=True, slots=True)
class Mean:
    """A metric of one strategy over the seeds."""

    mean: float
    spread: float  # standard deviation over the seeds, 0 for one
    seeds: int

    def text(self, digits: int = 4) -> str:
        """The mean with `digits` decimals, `± spread` after it if there are several seeds."""
        return f"{self.mean:.{digits}f}" + (f" ± {self.spread:.{digits}f}" if self.seeds > 1 else "")


class Key(NamedTuple):
    """What scores of different seeds have in common."""

    strategy: str
    pattern: str
    rate: float
    column: str
    gap: str
    encoder: str = ""  # empty where encoders are not compared

    @property
    def name(self) -> str:
        """The strategy, with its encoder if there is one."""
        return f"{self.strategy}, {self.encoder}" if self.encoder else self.strategy


def key_of(score: Score) -> Key:
    """The group over seeds that a score belongs to."""
    return Key(score.strategy, score.pattern, score.rate, score.column, score.gap, score.encoder or "")


def of_all_cells(scores: Iterable[Score]) -> list[Score]:
    """The scores over all columns and gap lengths."""
    return [score for score in scores if score.column == ALL and score.gap == ALL]


def over_seeds(scores: Iterable[Score]) -> dict[Key, dict[str, Mean]]:
    """Mean and spread of every metric over the seeds, by strategy, pattern, rate, column, gap length and encoder."""
    groups: dict[Key, list[Score]] = {}
    for score in scores:
        groups.setdefault(key_of(score), []).append(score)
    return {key: {m: mean for m in MEASURES if (mean := _mean_of(rows, m))} for key, rows in groups.items()}


def _mean_of(rows: Sequence[Score], metric: str) -> Mean | None:
    values = [value for row in rows if (value := getattr(row, metric)) is not None and not math.isnan(value)]
    if not values:
        return None
    return Mean(float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else 0.0, len(values))
