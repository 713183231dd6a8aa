"""How far an estimate may be off: intervals that hold as often as they say, and draws that are off as often.

Split conformal prediction (Papadopoulos et al. 2002; Lei et al. 2018) with locally weighted residuals: on held-out
cells a regression learns how large errors are (`SizeModel`), and the quantiles of errors in units of that size, per
column and gap length, make the bounds. Groups with few cells borrow from their column, their gap length and everything.
Cells that nothing else was learnt from then say at which level of these quantiles the coverage is the one asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.windows.gaps import BUCKET_NAMES, Beside, beside, bucket_of

LEVELS = np.linspace(0.0, 1.0, 201)  # probabilities at which quantiles are kept
LEAST = 1e-3  # scaled units; smaller errors and differences are all the same
NEAR = 48  # steps around a cell over which its column's changes are looked at
RIDGE = 1e-2  # pull of the regression's slopes towards zero, as a share of the cells
PRIOR_CELLS_OF_ERROR_SIZE = 20.0  # cells that a wider group counts for at most
EVERYTHING = 5.0  # cells that all of them together count for
DEPTH_CELLS = 100.0  # cells to check by that the cells to learn from count for
ROUNDS = 25  # of the regression
FAR_OFF = 4.0  # sizes beyond so many times what was expected count as that
LENT_GAPS = 5.0  # gaps that a wider group stands for at most
WARY_GAPS = 10.0  # bounds that rest on so many gaps aim at half the misses: few gaps say little, and are much alike
CALIBRATED = 50  # held-out cells below which intervals are not called calibrated


@dataclass(frozen=True, slots=True, eq=False)
class ErrorSample:
    """M cells of a scaled series that were hidden and estimated."""

    error: FloatArray  # (M,) truth - estimate
    step: IntArray  # (M,)
    column: IntArray  # (M,)
    bucket: IntArray  # (M,) of the gap each lies in, an index into BUCKET_NAMES
    features: FloatArray  # (M, F), see `features_at`
    occasion: IntArray  # (M,) cells of the same one were hidden together
    gap: IntArray  # (M,) first step of the gap each lies in

    def where(self, cells: BoolArray) -> ErrorSample:
        """Some of the cells (M,) alone."""
        return ErrorSample(*(getattr(self, name)[cells] for name in ErrorSample.__slots__))

    @classmethod
    def joined(cls, parts: Iterable[ErrorSample]) -> ErrorSample:
        """All of it, with the occasions told apart."""
        numbered = [(part, np.full(len(part.error), i)) for i, part in enumerate(parts)]
        return cls(
            error=np.concatenate([part.error for part, _ in numbered]),
            step=np.concatenate([part.step for part, _ in numbered]),
            column=np.concatenate([part.column for part, _ in numbered]),
            bucket=np.concatenate([part.bucket for part, _ in numbered]),
            features=np.concatenate([part.features for part, _ in numbered]),
            occasion=np.concatenate([number for _, number in numbered]),
            gap=np.concatenate([part.gap for part, _ in numbered]),
        )


def features_at(
    cells: BoolArray, seen: FloatArray, estimates: FloatArray, spread: FloatArray, sides: Beside | None = None
) -> FloatArray:
    """What may tell how far off an estimate is, (M, F), for M cells of a scaled series as it was `seen` (T, C).

    The spread (T, C) that kriging expects, the distance to the nearest observed cell, the length of the gap, how far
    the estimates (K, T, C) of the candidates disagree, how far the cells beside the gap are apart, how much the column
    moves around there, and how high it is. `sides` is `beside(seen)`, where that is at hand.
    """
    sides = sides or beside(seen)
    chosen = estimates[:, cells]
    known = ~np.isnan(chosen)
    highest, lowest = (np.where(known, chosen, fill) for fill in (-np.inf, np.inf))
    apart = np.where(known.any(axis=0), highest.max(axis=0) - lowest.min(axis=0), 0.0)
    level = np.where(known, chosen, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    level = np.clip(level, -5.0, 5.0)
    jump = np.nan_to_num(np.abs(sides.after - sides.before)[cells])
    expected = spread[cells]
    features = [
        np.log(np.where(np.isnan(expected), 1.0, np.maximum(expected, LEAST))),
        np.isnan(expected).astype(float),
        np.log(np.minimum(sides.back, sides.ahead)[cells]),
        np.log((sides.back + sides.ahead - 1)[cells]),
        np.log(LEAST + apart),
        np.log(LEAST + jump),
        np.log(LEAST + _movement(seen, sides)[cells]),
        level,
        level**2,
    ]
    return np.stack(features, axis=1)


def error_sample_at(
    cells: BoolArray, error: FloatArray, seen: FloatArray, estimates: FloatArray, spread: FloatArray
) -> ErrorSample:
    """Evidence of the `cells` (T, C) of a series as it was `seen`, with errors (M,) in the order of the cells."""
    step, column = np.nonzero(cells)
    sides = beside(seen)
    return ErrorSample(
        error=error,
        step=step,
        column=column,
        bucket=bucket_of((sides.back + sides.ahead - 1)[cells]),
        features=features_at(cells, seen, estimates, spread, sides),
        occasion=np.zeros(len(step), dtype=np.int64),
        gap=step - sides.back[cells] + 1,
    )


@dataclass(frozen=True, slots=True, eq=False)
class SizeModel:
    """How large the error of a cell is likely to be, scaled units: a gamma regression with logarithmic link.

    McCullagh and Nelder, "Generalized linear models" (1989), chapter 8.
    """

    centre: FloatArray  # (F,)
    scale: FloatArray  # (F,)
    slope: FloatArray  # (F,)
    of_column: FloatArray  # (C,) logarithm of the size of a cell with average features
    low: float  # logarithms of sizes are held between these two
    high: float

    @classmethod
    def fit(cls, evidence: ErrorSample, columns: int) -> SizeModel:
        """By scoring, with a level of its own for each column that is drawn to the mean where it has few cells."""
        m, f = evidence.features.shape
        if not m:
            return cls(np.zeros(f), np.ones(f), np.zeros(f), np.zeros(columns), 0.0, 0.0)
        size = np.abs(evidence.error) + LEAST
        centre, scale = evidence.features.mean(axis=0), evidence.features.std(axis=0)
        scale = np.where(scale > 1e-9, scale, 1.0)
        x = (evidence.features - centre) / scale
        gram = x.T @ x + RIDGE * m * np.eye(f)
        own, count = evidence.column, np.bincount(evidence.column, minlength=columns)
        total = np.bincount(own, weights=size, minlength=columns)
        level = np.log((total + PRIOR_CELLS_OF_ERROR_SIZE * size.mean()) / (count + PRIOR_CELLS_OF_ERROR_SIZE))
        slope, found = np.zeros(f), level[own]
        for _ in range(ROUNDS):  # slopes and levels in turn
            off = np.minimum(size / np.exp(found) - 1, FAR_OFF)
            slope = slope + np.linalg.solve(gram, x.T @ off - RIDGE * m * slope)
            found = np.clip(x @ slope + level[own], -20, 20)
            off = np.minimum(size / np.exp(found) - 1, FAR_OFF)
            level = level + np.bincount(own, weights=off, minlength=columns) / (count + PRIOR_CELLS_OF_ERROR_SIZE)
            found = np.clip(x @ slope + level[own], -20, 20)
        return cls(centre, scale, slope, level, *map(float, np.quantile(found, (0.001, 0.999))))

    def size(self, features: FloatArray, column: IntArray) -> FloatArray:
        """Likely size (M,) of the errors of cells with these features (M, F)."""
        found = (features - self.centre) / self.scale @ self.slope + self.of_column[column]
        return np.asarray(np.exp(np.clip(found, self.low, self.high)))


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Quantiles of errors in units of their likely size, learnt on held-out cells."""

    model: SizeModel
    quantiles: FloatArray  # (C, buckets, len(LEVELS)) of (truth - estimate) / size
    mean_size: FloatArray  # (C, buckets) mean of |truth - estimate| / size
    cells: IntArray  # (C, buckets) held-out cells of a group's own
    gaps: FloatArray  # (C, buckets) gaps that stand behind a group, its own and those it borrows
    depth: FloatArray  # (len(LEVELS),) coverage at which that share of the cells to check by is inside
    persistence: float  # correlation of normal scores from one step to the next
    together: FloatArray  # (C, C) correlation of normal scores between columns at one step

    @classmethod
    def fit(cls, learn: ErrorSample, check: ErrorSample, columns: int) -> Calibration:
        """The size from cells to `learn` from, the quantiles from those and from cells to `check` by."""
        model = SizeModel.fit(learn, columns)
        every = ErrorSample.joined([learn, check])
        if not len(every.error):
            shape = (columns, len(BUCKET_NAMES))
            empty = np.full((*shape, len(LEVELS)), np.nan)
            none = np.zeros(shape, dtype=np.int64)
            return cls(model, empty, np.full(shape, np.nan), none, np.ones(shape), LEVELS, 0.0, np.eye(columns))
        ratio = every.error / model.size(every.features, every.column)
        quantiles, mean_size, cells = _by_group(ratio, every.column, every.bucket, columns)
        scores = _normal_scores(quantiles[every.column, every.bucket], ratio)
        persistence, together = _dependence(scores, every, columns)
        place = _place(quantiles[check.column, check.bucket], ratio[len(learn.error) :])
        depth = _depth(np.abs(2 * place - 1))
        return cls(model, quantiles, mean_size, cells, _gaps(every, columns), depth, persistence, together)

    @property
    def calibrated(self) -> bool:
        """Whether there were enough held-out cells to rely on."""
        return int(self.cells.sum()) >= CALIBRATED

    def bounds(
        self, estimate: FloatArray, size: FloatArray, column: IntArray, bucket: IntArray, coverage: float
    ) -> tuple[FloatArray, FloatArray]:
        """Lower and upper bound (M,) that hold with probability `coverage`, in the units of the estimate."""
        few = self.gaps[column, bucket] / (self.gaps[column, bucket] + WARY_GAPS)
        upper = 1 - (1 - np.interp(coverage, LEVELS, self.depth)) / 2 * few
        table = self.quantiles[column, bucket]
        return estimate + size * quantile(table, 1 - upper), estimate + size * quantile(table, upper)

    def expected(self, size: FloatArray, column: IntArray, bucket: IntArray) -> FloatArray:
        """Mean absolute error to expect, (M,), in the units of `size`."""
        return np.asarray(size * self.mean_size[column, bucket])

    def draw(
        self, rng: np.random.Generator, estimate: FloatArray, size: FloatArray, cells: BoolArray, bucket: IntArray
    ) -> FloatArray:
        """Values (M,) of the `cells` (T, C) that are off as the estimates are: a Gaussian copula over time and columns.

        Errors of neighbouring steps, and of columns at one step, go together as they did on held-out cells.
        """
        column = np.nonzero(cells)[1]
        root = np.linalg.cholesky(self.together + 1e-6 * np.eye(len(self.together)))
        shocks = rng.normal(size=cells.shape) @ root.T / np.sqrt(1 + 1e-6)
        scores = np.empty(cells.shape)
        state = shocks[0]
        for step in range(len(shocks)):
            state = self.persistence * state + np.sqrt(1 - self.persistence**2) * shocks[step] if step else shocks[0]
            scores[step] = state
        return estimate + size * quantile(self.quantiles[column, bucket], ndtr(scores[cells]))

    def state(self) -> dict[str, FloatArray]:
        """Everything as arrays, the inverse of `load`."""
        model = {f"size.{name}": np.asarray(getattr(self.model, name), float) for name in SizeModel.__slots__}
        return model | {
            name: np.asarray(getattr(self, name), float) for name in Calibration.__slots__ if name != "model"
        }

    @classmethod
    def load(cls, state: Mapping[str, FloatArray]) -> Calibration:
        """The calibration that `state` was taken of."""
        size = {name: state[f"size.{name}"] for name in ("centre", "scale", "slope", "of_column")}
        model = SizeModel(**size, low=float(state["size.low"]), high=float(state["size.high"]))
        return cls(
            model=model,
            quantiles=state["quantiles"],
            mean_size=state["mean_size"],
            cells=state["cells"].astype(np.int64),
            gaps=state["gaps"],
            depth=state["depth"],
            persistence=float(state["persistence"]),
            together=state["together"],
        )


def quantile(table: FloatArray, level: FloatArray) -> FloatArray:
    """Quantiles (M,) at levels (M,) of distributions given by their quantiles (M, len(LEVELS)) at `LEVELS`."""
    place = np.clip(level, 0, 1) * (len(LEVELS) - 1)
    below = np.minimum(place.astype(np.int64), len(LEVELS) - 2)
    rows = np.arange(len(table))
    share = place - below
    return np.asarray((1 - share) * table[rows, below] + share * table[rows, below + 1])


def continuous_ranked_probability(table: FloatArray, truth: FloatArray) -> FloatArray:
    """Continuous ranked probability score (M,) of distributions (M, len(LEVELS)): twice the mean pinball loss.

    Matheson and Winkler (1976); Laio and Tamea (2007) for the sum over quantiles. The extreme levels 0 and 1 are left
    out: they count nothing.
    """
    error = truth[:, None] - table[:, 1:-1]
    level = LEVELS[1:-1]
    return np.asarray(2 * np.mean(np.maximum(level * error, (level - 1) * error), axis=1))


def _by_group(
    ratio: FloatArray, column: IntArray, bucket: IntArray, columns: int
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Quantiles, mean size and number of cells by column and bucket; wider groups lend some."""
    buckets = len(BUCKET_NAMES)
    order = np.argsort(ratio, kind="stable")
    ratio, column, bucket = ratio[order], column[order], bucket[order]
    group = column * buckets + bucket
    cells = np.bincount(group, minlength=columns * buckets).reshape(columns, buckets)
    of_column, of_bucket = cells.sum(axis=1), cells.sum(axis=0)
    quantiles = np.empty((columns, buckets, len(LEVELS)))
    mean_size = np.empty((columns, buckets))
    for c in range(columns):
        in_column = column == c
        for b in range(buckets):
            in_bucket = bucket == b
            weight = np.full(len(ratio), EVERYTHING / len(ratio))
            weight[in_column] += min(1.0, PRIOR_CELLS_OF_ERROR_SIZE / max(of_column[c], 1))
            weight[in_bucket] += min(1.0, PRIOR_CELLS_OF_ERROR_SIZE / max(of_bucket[b], 1))
            weight[in_column & in_bucket] += 1.0
            total = np.cumsum(weight)
            middle = (total - weight / 2) / total[-1]
            quantiles[c, b] = np.interp(LEVELS, middle, ratio)
            mean_size[c, b] = (weight * np.abs(ratio)).sum() / total[-1]
    return quantiles, mean_size, cells


def _gaps(evidence: ErrorSample, columns: int) -> FloatArray:
    """How many gaps the groups' quantiles rest on: all of their own, a few of their column's and of their length's."""
    names = np.stack([evidence.occasion, evidence.column, evidence.gap, evidence.bucket])
    _, column, _, bucket = np.unique(names, axis=1)
    own = np.zeros((columns, len(BUCKET_NAMES)))
    np.add.at(own, (column, bucket), 1.0)
    lent = np.minimum(own.sum(axis=1), LENT_GAPS)[:, None] + np.minimum(own.sum(axis=0), LENT_GAPS)
    return np.asarray(own + lent)


def _normal_scores(table: FloatArray, ratio: FloatArray) -> FloatArray:
    """Standard normal scores (M,) of where each ratio lies in its own distribution (M, len(LEVELS))."""
    return np.asarray(ndtri(np.clip(_place(table, ratio), 0.005, 0.995)))


def _place(table: FloatArray, ratio: FloatArray) -> FloatArray:
    """Probabilities (M,) of staying below each ratio in its own distribution (M, len(LEVELS)), ties in the middle."""
    return np.asarray(((table < ratio[:, None]).mean(axis=1) + (table <= ratio[:, None]).mean(axis=1)) / 2)


def _depth(depth: FloatArray) -> FloatArray:
    """Quantiles at `LEVELS` of how far out cells (M,) lie in their distributions; few cells are drawn to those levels.

    Cells to learn from were estimated with more of the series hidden, so their errors are somewhat larger.
    """
    if not len(depth):
        return LEVELS
    weight = len(depth) / (len(depth) + DEPTH_CELLS)
    return np.asarray(weight * np.quantile(depth, LEVELS) + (1 - weight) * LEVELS)


def _dependence(scores: FloatArray, evidence: ErrorSample, columns: int) -> tuple[float, FloatArray]:
    """Correlation of scores from one step to the next in a column, and between columns at one step."""
    base = int(evidence.step.max()) + 2
    place = evidence.occasion * base + evidence.step
    order = np.lexsort((place, evidence.column))
    follows = (np.diff(place[order]) == 1) & (np.diff(evidence.column[order]) == 0)
    first, second = scores[order][:-1][follows], scores[order][1:][follows]
    persistence = _correlation(first, second)
    steps, row = np.unique(place, return_inverse=True)
    wide = np.full((len(steps), columns), np.nan)
    wide[row, evidence.column] = scores
    known = ~np.isnan(wide)
    filled = np.where(known, wide, 0.0)
    both = known.T.astype(float) @ known
    size = np.sqrt((filled.T**2) @ known)
    together = filled.T @ filled / np.maximum(size * size.T, 1e-9) * both / (both + PRIOR_CELLS_OF_ERROR_SIZE)
    np.fill_diagonal(together, 1.0)
    value, vector = np.linalg.eigh(together)
    definite = (vector * np.maximum(value, 1e-3)) @ vector.T
    scale = np.sqrt(np.diag(definite))
    return persistence, definite / np.outer(scale, scale)


def _correlation(first: FloatArray, second: FloatArray) -> float:
    """Of two sets of scores around zero, between 0 and 0.99; drawn to 0 where they are few."""
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    found = float((first * second).sum()) / size if size > 0 else 0.0
    return float(np.clip(found * len(first) / (len(first) + PRIOR_CELLS_OF_ERROR_SIZE), 0.0, 0.99))


def _movement(seen: FloatArray, sides: Beside) -> FloatArray:
    """Mean absolute change between successive observed cells within `NEAR` steps of each cell, (T, C)."""
    change = np.abs(seen - sides.before) / np.maximum(sides.back, 1)
    known = ~np.isnan(change)
    total = np.cumsum(np.pad(np.where(known, change, 0.0), ((1, 0), (0, 0))), axis=0)
    count = np.cumsum(np.pad(known.astype(float), ((1, 0), (0, 0))), axis=0)
    step = np.arange(len(seen))
    first, stop = np.maximum(step - NEAR, 0), np.minimum(step + NEAR + 1, len(seen))
    n = count[stop] - count[first]
    overall = total[-1] / np.maximum(count[-1], 1)
    return np.asarray(np.where(n > 0, (total[stop] - total[first]) / np.maximum(n, 1), overall))
