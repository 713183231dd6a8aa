"""Scores of strategies on hidden cells, and their means over seeds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

METRICS = ("mse", "mae", "mre", "crps", "coverage", "width", "ratio_to_linear", "ratio_to_locf")
MEASURES = (*METRICS, "ratio_to_none")  # the last is measured only where encoders are compared
ALL = "all"  # stands for all columns, or for all gap lengths
YARDSTICK = "linear"  # the strategy that all others of a run are compared with
PAST_YARDSTICK = "locf"  # the same where cells are filled from the past alone
ORACLE = "oracle"  # label of scores with embeddings that may have seen the hidden cells


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Errors of one strategy on one group of hidden cells in one run.

    MSE, MAE, CRPS and width are in standard deviations of each column, so that columns can be averaged.
    """

    strategy: str
    pattern: str  # pattern of the hidden cells
    rate: float  # requested share of the observed cells to hide
    seed: int
    column: str  # or ALL
    gap: str  # length in steps, or ALL
    cells: int  # number of hidden cells in the group
    realised_rate: float  # share of the observed cells of all columns that were hidden
    mse: float
    mae: float
    mre: float  # sum of absolute errors over sum of absolute values, original units, mean over the columns
    crps: float | None = None  # continuous ranked probability score; None without intervals
    coverage: float | None = None  # share of the cells inside their interval
    width: float | None = None  # mean width of the intervals
    ratio_to_linear: float | None = None  # MSE over the MSE of linear interpolation; None if the latter is 0
    ratio_to_locf: float | None = None  # filled from the past alone, instead: over the MSE of the last observation
    label: str | None = None  # "oracle" where the embeddings may have seen the hidden cells
    encoder: str | None = None  # name, if encoders are compared and the strategy uses one
    ratio_to_none: float | None = None  # MSE over the MSE of the same strategy on encoder `none`
    window_seconds: float | None = None  # time that the encoder takes per window
    window_bytes: int | None = None  # size of one window's embedding on disk
    gaps: int | None = None  # number of gaps that the cells lie in; None in files of earlier versions
    nominal: float | None = None  # coverage that the intervals are made for; None without intervals


@dataclass(frozen=True, slots=True)
class Mean:
    """Mean of a metric over the seeds."""

    mean: float
    spread: float  # standard deviation over the seeds, 0 for one
    seeds: int

    def text(self, digits: int = 4) -> str:
        """The mean with `digits` decimals, followed by `± spread` if there are several seeds."""
        return f"{self.mean:.{digits}f}" + (f" ± {self.spread:.{digits}f}" if self.seeds > 1 else "")


class Key(NamedTuple):
    """The fields that identify scores which differ only in their seed."""

    strategy: str
    pattern: str
    rate: float
    column: str
    gap: str
    encoder: str = ""  # empty where encoders are not compared

    @property
    def name(self) -> str:
        """The strategy, followed by its encoder if there is one."""
        return f"{self.strategy}, {self.encoder}" if self.encoder else self.strategy


def yardstick_of(scores: Iterable[Score]) -> str:
    """The strategy that all others are compared with."""
    names = {score.strategy for score in scores}
    return PAST_YARDSTICK if PAST_YARDSTICK in names and YARDSTICK not in names else YARDSTICK


def key_of(score: Score) -> Key:
    """The key of a score: all its identifying fields but the seed."""
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
    """Mean and spread of the known values of a metric; None without any."""
    values = [value for row in rows if (value := getattr(row, metric)) is not None and not math.isnan(value)]
    if not values:
        return None
    return Mean(float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else 0.0, len(values))
