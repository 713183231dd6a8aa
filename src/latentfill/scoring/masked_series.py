"""A series with some of its observed cells hidden, to be estimated and scored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from latentfill.core.column_order import column_order, in_order
from latentfill.core.errors import InputError
from latentfill.core.messages import quoted
from latentfill.core.seeds import SeedStream
from latentfill.core.series import BoolArray, Series
from latentfill.scoring.spec import ScoringSpec
from latentfill.windows.cycles import cycle_steps
from latentfill.windows.patterns import PATTERNS


@dataclass(frozen=True, slots=True, eq=False)
class MaskedSeries:
    """A series and a mask of its observed cells that are hidden."""

    series: Series
    hidden: BoolArray  # (T, C)
    pattern: str  # key of `PATTERNS`
    rate: float  # requested share of the observed cells to hide
    seed: int

    @property
    def visible(self) -> Series:
        """The series with the hidden cells missing."""
        return replace(self.series, values=np.where(self.hidden, np.nan, self.series.values))

    def in_order(self, columns: tuple[str, ...]) -> MaskedSeries:
        """The same series and mask with the columns in the order of `columns`."""
        hidden = self.hidden[:, column_order(columns, self.series.columns)]
        return replace(self, series=in_order(self.series, columns), hidden=hidden)

    @property
    def realised_rate(self) -> float:
        """Share of the observed cells that are hidden; it may differ from `rate`."""
        return float(self.hidden.sum() / self.series.observed.sum())

    @property
    def title(self) -> str:
        """Pattern, rate and seed as text."""
        return f"{self.pattern} {self.rate:g}, seed {self.seed}"


def masked_series(series: Series, spec: ScoringSpec) -> Iterator[MaskedSeries]:
    """The series with cells hidden, once for each seed, pattern and rate.

    Raises an `InputError` if a pattern at a rate hides no cell.
    """
    for seed in spec.seeds:
        for number, pattern in enumerate(spec.patterns):
            for rate in spec.rates:
                rng = SeedStream.SCORING.generator(seed, number, round(1e6 * rate))
                hidden = PATTERNS[pattern](rng, series.values, rate, cycle_steps(series))
                if not hidden.any():
                    raise InputError(
                        f"pattern {quoted(pattern)} at rate {rate:g} finds no cell to hide; raise the rate."
                    )
                yield MaskedSeries(series, hidden, pattern, rate, seed)
