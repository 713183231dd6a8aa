"""Scores of strategies on hidden cells: rows, their means over seeds, differences between runs, and checks."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import NamedTuple

import numpy as np

from latentfill.core.errors import InputError, did_you_mean
from latentfill.core.series import FloatArray

METRICS = ("mse", "mae", "mre", "crps", "coverage", "width", "ratio_to_linear")
MEASURES = (*METRICS, "ratio_to_none")  # and what is known where encoders are put side by side
ALL = "all"  # the group that holds every cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One strategy on some of the cells that were hidden in one run.

    Errors are in standard deviations of their column, so that columns can be counted together.
    """

    strategy: str
    pattern: str
    rate: float  # asked for
    seed: int
    column: str  # or ALL
    gap: str  # length in steps, or ALL
    cells: int
    realised_rate: float  # share of the observed cells that was hidden, over all columns
    mse: float
    mae: float
    mre: float  # sum of absolute errors over sum of absolute values, both in original units, mean over the columns
    crps: float | None = None  # continuous ranked probability score
    coverage: float | None = None  # share of the cells inside their interval
    width: float | None = None  # mean width of the interval
    ratio_to_linear: float | None = None  # squared error over that of linear interpolation; None if that is exact
    label: str | None = None  # "oracle" where embeddings may have seen the hidden cells
    encoder: str | None = None  # where encoders are put side by side, and the strategy works on one
    ratio_to_none: float | None = None  # squared error over that without an encoder, from the observed cells alone
    window_seconds: float | None = None  # that the encoder takes to embed a window
    window_bytes: int | None = None  # of a window's vectors on disk


@dataclass(frozen=True, slots=True)
class Mean:
    """A metric of one strategy over the seeds."""

    mean: float
    spread: float  # standard deviation over the seeds, 0 for one
    seeds: int


class Key(NamedTuple):
    """What scores of different seeds have in common."""

    strategy: str
    pattern: str
    rate: float
    column: str
    gap: str
    encoder: str = ""  # empty where encoders are not put side by side

    @property
    def name(self) -> str:
        """The strategy, with the encoder it works on."""
        return f"{self.strategy}, {self.encoder}" if self.encoder else self.strategy


def key_of(score: Score) -> Key:
    return Key(score.strategy, score.pattern, score.rate, score.column, score.gap, score.encoder or "")


def over_seeds(scores: Iterable[Score]) -> dict[Key, dict[str, Mean]]:
    """Mean and spread of every metric over the seeds, by all that they have in common."""
    groups: dict[Key, list[Score]] = {}
    for score in scores:
        groups.setdefault(key_of(score), []).append(score)
    return {key: {m: found for m in MEASURES if (found := _mean_of(rows, m))} for key, rows in groups.items()}


def _mean_of(rows: Sequence[Score], metric: str) -> Mean | None:
    values = [value for row in rows if (value := getattr(row, metric)) is not None and not math.isnan(value)]
    if not values:
        return None
    return Mean(float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else 0.0, len(values))


@dataclass(frozen=True, slots=True)
class Difference:
    """How a metric changed from one run to another."""

    key: Key
    metric: str
    before: float
    after: float
    noise: float | None  # standard error of the change, from its spread over the seeds both have; None for one seed
    seeds: int  # that both have

    @property
    def change(self) -> float:
        return self.after - self.before

    @property
    def beyond_noise(self) -> bool:
        """Whether a paired t-test of the seeds sees the change, two-sided at 5 %; one seed alone shows nothing."""
        from scipy.special import stdtrit

        return self.noise is not None and abs(self.change) > stdtrit(self.seeds - 1, 0.975) * self.noise


def differences(before: Sequence[Score], after: Sequence[Score], metric: str = "mse") -> list[Difference]:
    """Changes of the overall metric, paired by seed; only what both runs have is compared."""
    first, second = (_by_seed(scores, metric) for scores in (before, after))
    found = []
    for key in first.keys() & second.keys():
        seeds = sorted(first[key].keys() & second[key].keys())
        if seeds:
            a, b = (np.array([scores[key][seed] for seed in seeds]) for scores in (first, second))
            noise = float(np.std(b - a, ddof=1) / math.sqrt(len(seeds))) if len(seeds) > 1 else None
            found.append(Difference(key, metric, float(a.mean()), float(b.mean()), noise, len(seeds)))
    return sorted(found, key=lambda one: one.key)


def _by_seed(scores: Iterable[Score], metric: str) -> dict[Key, dict[int, float]]:
    found: dict[Key, dict[int, float]] = {}
    for score in scores:
        if score.column == ALL and score.gap == ALL and (value := getattr(score, metric)) is not None:
            found.setdefault(key_of(score), {})[score.seed] = value
    return found


@dataclass(frozen=True, slots=True)
class Check:
    """A condition under which a run counts as failed, such as `ratio_to_linear>1.0` or `auto.mae>=0.3`."""

    text: str
    strategy: str | None  # None: the first one of the run
    metric: str
    relation: str
    limit: float

    @classmethod
    def parse(cls, text: str) -> Check:
        match = re.fullmatch(r"\s*(?:([\w-]+)\.)?(\w+)\s*(<=|>=|<|>)\s*(-?[\d.]+(?:[eE]-?\d+)?)\s*", text)
        if not match:
            raise InputError(f"a check reads METRIC>NUMBER or STRATEGY.METRIC<NUMBER, got {text!r}.")
        strategy, metric, relation, number = match.groups()
        if metric not in MEASURES:
            raise InputError(f"check {text!r}: {did_you_mean('metric', metric, MEASURES)}")
        try:
            return cls(text.strip(), strategy, metric, relation, float(number))
        except ValueError as error:
            raise InputError(f"check {text!r}: {number!r} is not a number.") from error

    def failures(self, scores: Sequence[Score]) -> list[str]:
        """A sentence for each pattern, rate and encoder with which the condition holds for the mean over the seeds."""
        strategy = self.strategy or scores[0].strategy
        if strategy not in {score.strategy for score in scores}:
            known = dict.fromkeys(score.strategy for score in scores)
            raise InputError(f"check {self.text!r}: {did_you_mean('strategy', strategy, known)}")
        overall = [score for score in scores if score.column == ALL and score.gap == ALL]
        if all(getattr(score, self.metric) is None for score in overall):
            wanted = "--encoders were" if self.metric == "ratio_to_none" else "intervals were"
            raise InputError(f"check {self.text!r}: this run has no {self.metric} ({wanted} not asked for).")
        found = []
        for key, metrics in over_seeds(overall).items():
            if key.strategy == strategy and (mean := metrics.get(self.metric)) and self._holds(mean.mean):
                where = f"{key.name}, {key.pattern} {key.rate:g}"
                found.append(f"{self.text}: {where}: {self.metric} is {mean.mean:.4g}")
        return found

    def _holds(self, value: float) -> bool:
        relations = {"<": value < self.limit, "<=": value <= self.limit, ">": value > self.limit}
        return relations.get(self.relation, value >= self.limit)


def score_cells(
    estimate: FloatArray, truth: FloatArray, spread: FloatArray, linear: FloatArray
) -> dict[str, float | None]:
    """MSE, MAE and ratio to linear interpolation of M cells (original units), in units of their columns' spread."""
    error, line = (estimate - truth) / spread, (linear - truth) / spread
    mse, of_linear = float(np.mean(error**2)), float(np.mean(line**2))
    ratio = mse / of_linear if of_linear > 0 else None
    return {"mse": mse, "mae": float(np.mean(np.abs(error))), "ratio_to_linear": ratio}


def to_json(about: Mapping[str, object], scores: Sequence[Score]) -> bytes:
    """A run as JSON: what it was, and its scores."""
    return (json.dumps({**about, "scores": [asdict(score) for score in scores]}, indent=1) + "\n").encode()


def read_json(path: Path) -> list[Score]:
    """The scores of a run that was written as JSON."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return [Score(**score) for score in record["scores"]]
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} does not hold scores that `latentfill evaluate -o` wrote ({error}).") from error


def to_csv(scores: Sequence[Score]) -> bytes:
    """The scores as CSV, a row each; empty where a metric is not known."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [field.name for field in fields(Score)]
    writer.writerow(names)
    for score in scores:
        values = (getattr(score, name) for name in names)
        writer.writerow("" if value is None else value for value in values)
    return text.getvalue().encode()
