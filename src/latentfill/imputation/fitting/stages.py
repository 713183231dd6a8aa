"""Which strategies are worth their time on a table, judged by its size and by trials on a part of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.core.strategy_table import STRATEGIES
from latentfill.imputation.validation.holdout import HeldOutSeries
from latentfill.strategies.candidates import Candidates
from latentfill.strategies.column_correlation import correlations, most_correlated
from latentfill.strategies.protocols.strategy import StrategySpec, TrainingInputs
from latentfill.windows.windows import window_starts

FEWEST_ROWS = 12  # for anything but linear interpolation
FEWEST_OBSERVED = 500  # values, for the same: what is learnt from fewer often misleads
FEWEST_ROWS_OF_NETWORKS = 1000
KRIGING_ROWS_PER_COLUMN = 250  # fewest; with fewer, state_space alone is nearly always better
FEWEST_ROWS_OF_TREES = 4000
FEWEST_COLUMNS_OF_FACTORS = 10
FEWEST_COLUMNS_ALONE = 10
MOST_TRIED = {"state_space": 36, "kriging": 10}  # with at most so many columns, a strategy is used without a trial
TRIAL_STEPS = 3000  # steps in the middle of the series on which a strategy is tried
LEAST_GAIN = 0.02  # share by which a strategy must lower the error in its trial, in a table just too wide to do without
NO_ERROR = 1e-12  # mean squared error, in scaled units, that no strategy need lower
MOST_WANTED = 0.25  # gain beyond which a trial is not worth its own time
MIXES = np.linspace(0, 1, 11)  # weights of the tried strategy


@dataclass(frozen=True, slots=True, eq=False)
class Stages:
    """The strategies to fit, those to try first, and why others are left out."""

    certain: tuple[str, ...]
    to_try: tuple[str, ...] = ()
    skipped: dict[str, str] = field(default_factory=dict)  # the reason, by strategy

    def without(self, name: str, reason: str) -> Stages:
        """The same stages, with a strategy left out for a reason."""
        certain, to_try = (tuple(n for n in names if n != name) for names in (self.certain, self.to_try))
        return Stages(certain, to_try, self.skipped | {name: reason})

    def accepting(self, name: str) -> Stages:
        """The same stages, with a strategy that passed its trial."""
        return Stages((*self.certain, name), tuple(n for n in self.to_try if n != name), self.skipped)


def stages_by_size(names: Sequence[str], observed: BoolArray, *, stored: bool = False) -> Stages:
    """The strategies among `names` that suit the size of a table; on `stored` embeddings, networks always do.

    `observed` (T, C) says which cells have a value.
    """
    n_columns = observed.shape[1]
    to_try = tuple(name for name in names if n_columns > MOST_TRIED.get(name, n_columns))
    stages = Stages(tuple(name for name in names if name not in to_try), to_try)
    for name in names:
        asked_for = stored and STRATEGIES[name].needs_encoder
        reason = None if asked_for else _unsuitable(name, observed)
        stages = stages if reason is None else stages.without(name, reason)
    return stages


def least_gain(name: str, n_columns: int) -> float:
    """Share by which a strategy must lower the error in its trial: the more columns it would take, the more."""
    return LEAST_GAIN * n_columns / MOST_TRIED[name]


def _unsuitable(name: str, observed: BoolArray) -> str | None:
    """Why a strategy does not suit a table of this size; None if it does."""
    row, (n_steps, n_columns), n_observed = STRATEGIES[name], observed.shape, int(observed.sum())
    if row.kind != "baseline" and n_steps < FEWEST_ROWS:
        return f"the table has {n_steps} rows, fewer than {FEWEST_ROWS}"
    if row.kind != "baseline" and n_observed < FEWEST_OBSERVED:
        return f"the table has {n_observed} values, fewer than {FEWEST_OBSERVED}, too few to learn from"
    if row.needs_encoder and n_steps < FEWEST_ROWS_OF_NETWORKS:
        return f"the table has {n_steps} rows, fewer than {FEWEST_ROWS_OF_NETWORKS}, too few to train networks"
    rows_of_kriging = KRIGING_ROWS_PER_COLUMN * min(n_columns, MOST_TRIED["kriging"])
    if name == "kriging" and n_steps < rows_of_kriging:
        return f"the table has {n_steps} rows, fewer than {rows_of_kriging}, too few to learn its covariances"
    if name in MOST_TRIED and least_gain(name, n_columns) > MOST_WANTED:
        return f"with {n_columns} columns it would have to lower the error by {least_gain(name, n_columns):.0%}"
    if row.kind == "correction" and n_steps < FEWEST_ROWS_OF_TREES:
        return f"the table has {n_steps} rows, fewer than {FEWEST_ROWS_OF_TREES}, too few to train trees"
    if name == "autoregression" and n_columns < FEWEST_COLUMNS_ALONE:
        return f"with fewer than {FEWEST_COLUMNS_ALONE} columns, state_space keeps unrelated columns apart"
    if name == "factors" and n_columns < FEWEST_COLUMNS_OF_FACTORS:
        return f"the table has {n_columns} columns, fewer than {FEWEST_COLUMNS_OF_FACTORS}"
    return None


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """A part of a table: correlated columns, in the middle of the series."""

    held_out: HeldOutSeries
    columns: IntArray
    steps: slice

    @classmethod
    def of(cls, held_out: HeldOutSeries, n_columns: int) -> Trial:
        """A part with `n_columns`, around the middle of the steps in which cells are held out."""
        visible = held_out.visible.values
        middle = (held_out.own_steps or len(visible)) // 2
        first = max(0, min(middle - TRIAL_STEPS // 2, len(visible) - TRIAL_STEPS))
        steps = slice(first, first + TRIAL_STEPS)
        columns = most_correlated(correlations(visible[steps]), np.arange(visible.shape[1]), n_columns)
        return cls(held_out.part(steps, columns), columns, steps)

    def gain(self, name: str, spec: StrategySpec, others: FloatArray) -> float:
        """Share by which strategy `name` lowers the error on the tuning cells, beside `others` (K, T, C) of the table.

        It is fitted to the part alone, and mixed with the best of the others in the best proportion. Without tuning
        cells in the part there is no gain.
        """
        cells = self.held_out.tuning
        if not cells.any():
            return 0.0
        length = min(spec.config.windows.length, self.held_out.series.n_steps)
        starts = window_starts(self.held_out.series.n_steps, length, min(spec.config.windows.stride, length))
        inputs = TrainingInputs(data=self.held_out.training_data(starts, length), encoder=None)
        candidates, _ = Candidates.fit((name,), replace(spec, columns=len(self.columns)), inputs)
        tried = candidates.estimate(self.held_out.visible, starts, None).values[0]
        parts = (tried, *(estimate[self.steps][:, self.columns] for estimate in others))
        errors = [np.nan_to_num(part[cells]) - self.held_out.series.values[cells] for part in parts]
        best = min(errors[1:], key=lambda error: float(np.mean(error**2)))
        mixed = [float(np.mean((mix * errors[0] + (1 - mix) * best) ** 2)) for mix in MIXES]
        return 1 - min(mixed) / mixed[0] if mixed[0] > NO_ERROR else 0.0
