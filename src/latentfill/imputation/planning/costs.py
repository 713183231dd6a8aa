"""What fitting and filling cost: processor time and memory, from the size of a table and the strategies that suit it.

The constants are seconds on the machine that `core/machine.py` compares with, fitted to runs on made tables of 5 to
100 000 rows and 1 to 4000 columns (benchmarks/plan.py has others). A model with its trials costs what its parts cost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from latentfill.core.config import Config
from latentfill.core.series import BoolArray
from latentfill.core.strategy_table import STRATEGIES
from latentfill.imputation.fitting.stages import MOST_TRIED, TRIAL_STEPS, stages_by_size
from latentfill.imputation.fitting.strategy_fitter import candidate_names

KB, MB = 1e3, 1e6
TOGETHER = 36  # columns of a group of state_space
ACCEPTED = {"state_space": 0.5, "kriging": 0.2}  # share of the trials that are passed: the whole table is fitted too
OF_KRIGING = 0.42  # of the time to learn it, for estimating held-out cells; filling takes less
OF_FILLING = 0.08
MODELS_OF_THE_PAST = 3.0  # all fits of growing histories, as a multiple of one fit of the whole
BYTES_PER_CELL = 225  # of all arrays of a fill
READ = 9.0  # bytes in memory for a byte of a text file
BASELINES: Mapping[str, float] = {"knn": 6e-5, "iterative": 9e-5, "spline": 2e-6, "seasonal": 2e-6}  # s per cell


class Amount(NamedTuple):
    """Seconds of a processor, and bytes of memory."""

    seconds: float
    memory: float = 0.0


BASE = Amount(0.6, 105 * MB)  # starting Python with all that linear interpolation imports
LEARNING = Amount(0.0, 70 * MB)  # what the strategies that learn import, and their arrays of a usual size
NETWORKS = Amount(2.5, 450 * MB)  # importing torch, and its arrays


@dataclass(frozen=True, slots=True, eq=False)
class Size:
    """The size of a series."""

    observed: BoolArray  # (T, C)
    missing: int  # cells
    file_bytes: int = 0  # of its part of a text file

    @property
    def steps(self) -> int:
        """T."""
        return int(self.observed.shape[0])

    @property
    def columns(self) -> int:
        """C."""
        return int(self.observed.shape[1])

    @property
    def cells(self) -> int:
        """T * C."""
        return int(self.observed.size)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a fill of one series costs, without starting the program and holding the file."""

    seconds: Mapping[str, float]  # of a processor, by part
    memory: float  # bytes, with those of the program
    skipped: Mapping[str, str]  # strategies that do not suit the table, with the reason


def read_bytes(file_bytes: float) -> float:
    """Memory that a text file takes while it is read and written."""
    return READ * file_bytes


def whole_bytes(n_cells: float, file_bytes: float) -> float:
    """Memory that reading and filling a table as a whole takes, without kriging and networks."""
    return BASE.memory + LEARNING.memory + BYTES_PER_CELL * n_cells + read_bytes(file_bytes)


def costs_of(size: Size, config: Config) -> Cost:
    """What filling a series of this size costs."""
    names = candidate_names(config, (config.strategy,))
    stages = stages_by_size(names, size.observed, stored=bool(config.stored.embeddings))
    amounts = {name: _of_strategy(name, size.steps, size.columns, config) for name in stages.certain}
    for name in stages.to_try:
        tried = _of_strategy(name, min(size.steps, TRIAL_STEPS), MOST_TRIED[name], config)
        whole = _of_strategy(name, size.steps, size.columns, config)
        share = ACCEPTED[name]
        amounts[name] = Amount(tried.seconds + share * whole.seconds, max(tried.memory, share * whole.memory))
        for corrected in (each for each in stages.certain if STRATEGIES[each].corrects == name):
            amounts[corrected] = Amount(*(share * each for each in amounts[corrected]))
    kriging = amounts.get("kriging", Amount(0.0)).seconds
    times = MODELS_OF_THE_PAST if config.causal else 1.0
    seconds = {
        "reading and writing": 4e-4 * size.columns + 1.4e-6 * size.cells,
        "doubtful readings and kinds": 1.4e-6 * size.cells,
        **{name: times * each.seconds for name, each in amounts.items() if each.seconds},
        "testing": times * (_linear(0.05 if len(amounts) == 1 else 0.3, 1.7e-6, 3e-4, size) + OF_KRIGING * kriging),
        "filling": _linear(0.03, 1.7e-6, 2e-4, size) + OF_FILLING * kriging + _samples(size, config),
    }
    memory = BASE.memory + sum(each.memory for each in amounts.values())
    memory += BYTES_PER_CELL * size.cells + 25 * KB * size.columns
    memory += LEARNING.memory if len(amounts) > 1 else 0.0
    return Cost(_within(config, seconds), memory, stages.skipped)


def _within(config: Config, seconds: Mapping[str, float]) -> Mapping[str, float]:
    """The costs within the time budget, which leaves out strategies rather than taking longer."""
    fixed = ("reading and writing", "doubtful readings and kinds", "filling")
    fitting = sum(each for name, each in seconds.items() if name not in fixed)
    if config.time_budget is None or fitting <= config.time_budget:
        return seconds
    share = config.time_budget / fitting
    return {name: each if name in fixed else share * each for name, each in seconds.items()}


def _linear(fixed: float, per_cell: float, per_column: float, size: Size) -> float:
    return fixed + per_cell * size.cells + per_column * size.columns


def _samples(size: Size, config: Config) -> float:
    """Time for completed tables."""
    return 4e-6 * size.cells * (config.output.samples or 0)


# --- strategies -------------------------------------------------------------------------------------------------


def _of_strategy(name: str, steps: int, columns: int, config: Config) -> Amount:
    """What a strategy costs on a series of these steps and columns."""
    if STRATEGIES[name].needs_encoder:
        return _network(name, columns, config)
    cost = _COSTS.get(name)
    return cost(steps, columns) if cost else Amount(BASELINES.get(name, 0.0) * steps * columns)


def _autoregression(steps: int, columns: int) -> Amount:
    return Amount(0.12 + 7e-6 * steps * columns + 4e-4 * columns)


def _state_space(steps: int, columns: int) -> Amount:
    cells = steps * columns
    return Amount(0.2 + 8e-6 * cells + 7e-7 * cells * min(columns, TOGETHER))


def _factors(steps: int, columns: int) -> Amount:
    return Amount(0.2 + 9e-6 * steps * columns + 5e-4 * columns)


def _kriging(steps: int, columns: int) -> Amount:
    together = min(columns, MOST_TRIED["kriging"])  # more than so many are kriged in groups
    per_step = (2e-5 * together + 3e-7 * together**3.5) * columns / together
    return Amount(1.0 + per_step * steps, 250 * MB + 0.5 * KB * steps * columns)


def _boosted(steps: int, columns: int) -> Amount:
    cells = steps * columns
    return Amount(1.2 + 2e-5 * cells + 2.4e-6 * cells * min(columns, MOST_TRIED["kriging"]), 90 * MB)


def _network(name: str, columns: int, config: Config) -> Amount:
    """The encoder counts with each strategy that uses it; early stopping ends most training before its last step."""
    steps = config.encoder.steps + (config.decoder.steps if name != "neighbours" else 0)
    return Amount(NETWORKS.seconds + STOPPED * steps * (STEP + STEP_OF_COLUMN * columns), NETWORKS.memory)


STOPPED = 0.6  # share of the training steps that are done
STEP, STEP_OF_COLUMN = 0.012, 0.002  # seconds
_COSTS: Mapping[str, Callable[[int, int], Amount]] = {
    "autoregression": _autoregression,
    "state_space": _state_space,
    "factors": _factors,
    "kriging": _kriging,
    "boosted": _boosted,
}
