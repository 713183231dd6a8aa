"""Fitting one model to stretches of one long series, instead of all of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from latentfill.core.column_order import in_order, working_order
from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.series import Series
from latentfill.imputation.doubt.trusted import trusted
from latentfill.imputation.fitting.bounds import bounds_of, check_kinds
from latentfill.imputation.fitting.fit import shrink_to
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.imputation.fitting.pool import Pool, find_kinds, fit_parts
from latentfill.imputation.fitting.time_budget import TimeBudget
from latentfill.nn.progress import ProgressCallback
from latentfill.windows.cycles import calendar_cycles, cycle_steps, shared_cycles
from latentfill.windows.scaling import ColumnScaler


def fit_stretches(
    stretches: Sequence[Series],
    config: Config,
    progress: ProgressCallback | None = None,
    compare_with: Sequence[str] = (),
) -> Fitted:
    """Fit one model to stretches of one series, in the order of time.

    All of them are scaled alike, and a cycle of the calendar counts where the whole series is long enough. Windows are
    half a window apart or more, as in `fit_pool`. Raises an `InputError` if no stretch has an observed value.
    """
    budget = TimeBudget.starting_now(config)
    bounds_of(config, stretches[0].columns)  # raises an error for unusable limits before any training
    stretches = [trusted(each) for each in stretches if each.observed.any()]
    if not stretches:
        raise InputError(
            "the stretches of the table that are learnt from hold no observed value. Leave out the rows without any."
        )
    order = working_order(stretches[0].columns, [each.values for each in stretches])
    stretches = [in_order(each, order) for each in stretches]
    config = shrink_to(config, max(each.n_steps for each in stretches))
    config = config.replace(stride=max(config.windows.stride, config.windows.length // 2))
    kinds = find_kinds(stretches, config.kind, cycle_steps(stretches[0]))
    check_kinds(config, order, kinds)
    pool = Pool(stretches, config.windows.length, cycles_of(stretches), kinds)
    scaler = ColumnScaler.fit(np.concatenate(pool.values), config.windows.scaling)
    scaled = pool.scaled([scaler] * len(stretches))
    return fit_parts(pool, scaled, scaler, config, budget, progress, compare_with)


def cycles_of(stretches: Sequence[Series]) -> tuple[float, ...]:
    """Lengths of the cycles of the series that the stretches are of, see `find_cycles`."""
    first, last = stretches[0].time, stretches[-1].time
    if first is None or last is None:
        return shared_cycles(stretches)
    seconds = (np.concatenate([first, last]).astype("datetime64[ms]").astype(np.int64) / 1000.0).tolist()
    return calendar_cycles(seconds[-1] - seconds[0], float(np.median(np.diff(seconds[: len(first)]))))
