"""Errors of all candidates on held-out cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from latentfill.core.memory import return_free_memory
from latentfill.core.series import BoolArray, FloatArray, IntArray
from latentfill.embeddings.protocols.encoder import Encoder
from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.column_errors import in_columns
from latentfill.imputation.validation.column_units import ColumnUnits
from latentfill.imputation.validation.ensemble import Ensemble
from latentfill.imputation.validation.error_sample import ErrorSample, features_at
from latentfill.imputation.validation.holdout import MOST_WINDOWS, HeldOutSeries, evenly
from latentfill.imputation.validation.optimism import without_optimism
from latentfill.strategies.candidates import Candidates, Estimates, are_trained
from latentfill.windows.windows import ScaledSeries, apart, cut


@dataclass(frozen=True, slots=True, eq=False)
class HoldoutErrors:
    """Errors of K candidates on M held-out cells, scaled units."""

    cells: Cells
    errors: FloatArray  # (K, M) estimate - truth, see `errors_at`
    truth: FloatArray  # (M,)
    known: BoolArray  # (K, M) whether a candidate has an estimate
    features: FloatArray  # (M, F), see `features_at`

    @classmethod
    def of(
        cls, estimates: Estimates, hidden: BoolArray, truth: FloatArray, visible: FloatArray, parts: int = 1
    ) -> HoldoutErrors:
        """Errors on the `hidden` cells (T, C) with an estimate; the candidates read the `visible` values (T, C)."""
        cells = Cells.at(hidden & ~np.isnan(estimates.values).all(axis=0), visible, parts)
        at = (cells.step, cells.column)
        return cls(
            cells=cells,
            errors=errors_at(estimates.values[:, *at], truth[at]),
            truth=truth[at],
            known=~np.isnan(estimates.values[:, *at]),
            features=features_at(cells, visible, estimates),
        )

    @classmethod
    def joined(cls, parts: Iterable[HoldoutErrors]) -> HoldoutErrors:
        """The errors of one or more parts; see `Cells.joined`."""
        errors = list(parts)
        return cls(
            cells=Cells.joined(part.cells for part in errors),
            errors=np.concatenate([part.errors for part in errors], axis=1),
            truth=np.concatenate([part.truth for part in errors]),
            known=np.concatenate([part.known for part in errors], axis=1),
            features=np.concatenate([part.features for part in errors]),
        )

    def where(self, chosen: BoolArray) -> HoldoutErrors:
        """The errors on the cells for which `chosen` (M,) is True."""
        return HoldoutErrors(
            cells=self.cells.where(chosen),
            errors=self.errors[:, chosen],
            truth=self.truth[chosen],
            known=self.known[:, chosen],
            features=self.features[chosen],
        )

    def without_optimism(self, unseen: BoolArray) -> HoldoutErrors:
        """The errors as they would be if the candidates had seen none of the cells; `unseen` (M,) are those so far."""
        return replace(self, errors=without_optimism(self.errors, self.cells, unseen))

    def of_ensemble(self, ensemble: Ensemble, units: ColumnUnits) -> ErrorSample:
        """The errors (truth - estimate) of the candidates' weighted mean, in the columns of the table."""
        return self._in_columns(-(ensemble.at(self.cells) * self.errors).sum(axis=0), units)

    def of_candidate(self, candidate: int, units: ColumnUnits) -> ErrorSample:
        """The same for a single candidate."""
        return self._in_columns(-self.errors[candidate], units)

    def _in_columns(self, error: FloatArray, units: ColumnUnits) -> ErrorSample:
        return in_columns(ErrorSample(self.cells, error, self.features), self.truth, units)


@dataclass(frozen=True, slots=True, eq=False)
class HoldoutResults:
    """Errors of the candidates on two disjoint sets of held-out cells."""

    learn: HoldoutErrors  # for fitting weights and intervals
    check: HoldoutErrors  # for the reported error, and for correcting the coverage of intervals

    def where_filled(self, candidates: Candidates, strategy: str) -> HoldoutResults:
        """Only the cells that `strategy` has an estimate for."""
        learn, check = (
            errors.where(candidates.has_estimate(errors.known, strategy)) for errors in (self.learn, self.check)
        )
        return HoldoutResults(learn, check)


def measure(
    candidates: Candidates,
    encoder: Encoder | None,
    held_out: HeldOutSeries,
    starts: IntArray,
    *,
    alone: bool = False,
    trained: bool | None = None,
) -> HoldoutResults:
    """Errors of all candidates on held-out cells, estimated from the windows at `starts`.

    With `alone`, windows that do not overlap are estimated, each from its own cells.

    `learn` has the tuning cells, which no candidate has seen, and cells that are hidden in further rounds, on which no
    network and no trees were trained, but to which all others were fitted: that optimism is taken out. `check` has the
    score cells. `trained`: whether networks or trees were trained on the series itself; by default, if there are any.
    """
    errors_of, visible = partial(_in_windows if alone else _in_series, candidates, encoder), held_out.visible
    tuning, check = errors_of(visible, starts, held_out.series.values, (held_out.tuning, held_out.score))
    learn = [tuning]
    trained = are_trained(candidates.names) if trained is None else trained
    for hidden, round_starts in held_out.rounds(starts, candidates.length, trained=trained):
        learn += errors_of(visible.without(hidden), round_starts, visible.values, (hidden,))
        return_free_memory()
    unseen = np.repeat([True, False], [len(learn[0].cells), sum(len(errors.cells) for errors in learn[1:])])
    return HoldoutResults(HoldoutErrors.joined(learn).without_optimism(unseen), check)


def _in_series(
    candidates: Candidates,
    encoder: Encoder | None,
    visible: ScaledSeries,
    starts: IntArray,
    truth: FloatArray,
    masks: Sequence[BoolArray],
) -> list[HoldoutErrors]:
    """The errors on the hidden cells of each mask (T, C), if the candidates see the `visible` series."""
    estimates = candidates.estimate(visible, starts, encoder)
    return [HoldoutErrors.of(estimates, hidden, truth, visible.values, visible.parts) for hidden in masks]


def _in_windows(
    candidates: Candidates,
    encoder: Encoder | None,
    visible: ScaledSeries,
    starts: IntArray,
    truth: FloatArray,
    masks: Sequence[BoolArray],
) -> list[HoldoutErrors]:
    """The same, if they see a single window at a time; at most `MOST_WINDOWS` of the windows at `starts`."""
    chosen, length = evenly(apart(starts, candidates.length), MOST_WINDOWS), candidates.length
    windows = visible.cut(chosen, length)
    estimates = candidates.estimate_windows(windows, encoder)
    hidden_values = (cut(np.where(hidden, truth, np.nan), chosen, length) for hidden in masks)
    return [
        HoldoutErrors.joined(
            HoldoutErrors.of(estimates.of_window(i), ~np.isnan(of_window), of_window, windows.values[i])
            for i, of_window in enumerate(values)
        )
        for values in hidden_values
    ]


def errors_at(estimates: FloatArray, truth: FloatArray) -> FloatArray:
    """Errors (K, M), estimate - truth, of K candidates at M cells; each cell has at least one estimate.

    Where a candidate has no estimate, it gets the error of the first candidate that has one.
    """
    first = np.take_along_axis(estimates, (~np.isnan(estimates)).argmax(axis=0)[None], axis=0)
    return np.asarray(np.where(np.isnan(estimates), first, estimates) - truth)
