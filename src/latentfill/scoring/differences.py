"""How a metric changed from one run of `latentfill evaluate` to another."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from latentfill.scoring.scores import Key, Score, key_of, of_all_cells


@dataclass(frozen=True, slots=True)
class Difference:
    """The change of a metric between two runs, over the seeds that both have."""

    key: Key
    metric: str
    before: float
    after: float
    noise: float | None  # standard error of the mean change over the seeds; None for a single seed
    seeds: int  # number of seeds that both runs have

    @property
    def change(self) -> float:
        """The metric after minus the metric before."""
        return self.after - self.before

    @property
    def beyond_noise(self) -> bool:
        """Whether a paired t-test over the seeds finds the change significant (two-sided, 5 %); never for one seed."""
        from scipy.special import stdtrit  # takes a while to import

        return self.noise is not None and abs(self.change) > stdtrit(self.seeds - 1, 0.975) * self.noise


def differences(before: Sequence[Score], after: Sequence[Score], metric: str = "mse") -> list[Difference]:
    """Changes of a metric over all hidden cells, paired by seed, for every key that both runs have."""
    first, second = (_by_seed(scores, metric) for scores in (before, after))
    changes = []
    for key in first.keys() & second.keys():
        seeds = sorted(first[key].keys() & second[key].keys())
        if seeds:
            a, b = (np.array([scores[key][seed] for seed in seeds]) for scores in (first, second))
            noise = float(np.std(b - a, ddof=1) / math.sqrt(len(seeds))) if len(seeds) > 1 else None
            changes.append(Difference(key, metric, float(a.mean()), float(b.mean()), noise, len(seeds)))
    return sorted(changes, key=lambda difference: difference.key)


def _by_seed(scores: Iterable[Score], metric: str) -> dict[Key, dict[int, float]]:
    """The metric over all hidden cells, by key and seed."""
    values: dict[Key, dict[int, float]] = {}
    for score in of_all_cells(scores):
        if (value := getattr(score, metric)) is not None:
            values.setdefault(key_of(score), {})[score.seed] = value
    return values
