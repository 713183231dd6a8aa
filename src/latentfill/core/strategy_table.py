"""The strategies by name: the one place where a new one is registered.

A row says all that settings, cell codes and reports need to know, and which class does the work. The class is named,
not imported, so that this table is at hand before torch is.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import NamedTuple

from latentfill.core.errors import InputError


class CellCode(NamedTuple):
    """A number that stands, in the file of codes, for where the value of a cell comes from."""

    number: int  # 0 to 127; never given a second meaning, as files keep it
    name: str  # in reports
    meaning: str  # for people


@dataclass(frozen=True, slots=True)
class StrategyRow:
    """A strategy as settings, cell codes and reports know it."""

    name: str  # in settings, reports and saved models
    code: int  # number of the cells that it fills, see `CellCode`
    meaning: str  # of that code
    made_by: str  # "module:Class": a `Baseline`, or with `on_windows` a `Strategy`
    _: KW_ONLY
    on_windows: bool = False  # whether it estimates window by window, not a series as a whole
    needs_encoder: bool = False  # whether it works on embeddings
    on_stored: CellCode | None = None  # the code where its embeddings are stored ones

    def code_of_cells(self, *, stored: bool) -> CellCode:
        """The code of the cells that it fills, on `stored` embeddings or others."""
        if stored and self.on_stored is not None:
            return self.on_stored
        return CellCode(self.code, self.name, f"{self.name}: {self.meaning}")


STRATEGIES: dict[str, StrategyRow] = {}  # in the order in which names are listed; cheap ones are fitted first


def register(*rows: StrategyRow) -> None:
    """Make strategies known by their names; a name or a code that is taken is refused."""
    for row in rows:
        taken = {code.number: code.name for code in cell_codes()}
        codes = [row.code_of_cells(stored=stored).number for stored in (False, True)]
        if row.name in STRATEGIES:
            raise InputError(f"there is a strategy {row.name!r} already; choose another name.")
        for number in codes:
            if not 0 <= number < 128:
                raise InputError(f"strategy {row.name!r} wants the cell code {number}; codes are from 0 to 127.")
            if number in taken:
                raise InputError(
                    f"strategy {row.name!r} wants the cell code {number}, which is that of {taken[number]!r}; the "
                    f"first free one is {max(taken) + 1}."
                )
        STRATEGIES[row.name] = row


# Cells that no strategy filled.
OBSERVED = CellCode(0, "observed", "observed: read from the input, untouched")
FALLBACK = CellCode(4, "fallback", "fallback: linear interpolation, as no strategy reached the cell")
EMPTY = CellCode(5, "empty", "empty: nothing is known that could fill it, or the gap is longer than max_gap")


def cell_codes() -> list[CellCode]:
    """All cell codes, by number."""
    codes = [row.code_of_cells(stored=stored) for row in STRATEGIES.values() for stored in (False, True)]
    return sorted({OBSERVED, FALLBACK, EMPTY, *codes}, key=lambda code: code.number)


_PACKAGE = "latentfill.strategies"

register(
    StrategyRow(
        "linear",
        3,
        "linear interpolation, asked for or better on held-out cells",
        f"{_PACKAGE}.baselines.interpolation:Linear",
    ),
    StrategyRow("spline", 11, "natural cubic spline", f"{_PACKAGE}.baselines.interpolation:Spline"),
    StrategyRow("locf", 12, "last observation carried forward", f"{_PACKAGE}.baselines.interpolation:LastObserved"),
    StrategyRow("nocb", 13, "next observation carried back", f"{_PACKAGE}.baselines.interpolation:NextObserved"),
    StrategyRow("mean", 14, "mean of the column", f"{_PACKAGE}.baselines.averages:Mean"),
    StrategyRow("median", 15, "median of the column", f"{_PACKAGE}.baselines.averages:Median"),
    StrategyRow("seasonal", 16, "mean course of the period the data show", f"{_PACKAGE}.baselines.seasonal:Seasonal"),
    StrategyRow(
        "knn", 17, "the most similar rows, by scikit-learn's KNNImputer", f"{_PACKAGE}.baselines.rows:NearestRows"
    ),
    StrategyRow(
        "iterative",
        18,
        "rows regressed on each other, by scikit-learn's IterativeImputer",
        f"{_PACKAGE}.baselines.rows:Iterative",
    ),
    StrategyRow(
        "kriging",
        6,
        "best linear estimate from the observed cells, asked for or better on held-out cells",
        f"{_PACKAGE}.kriging.strategy:KrigingStrategy",
        on_windows=True,
    ),
    StrategyRow(
        "neighbours",
        7,
        "the windows nearest in the built-in encoder's embedding",
        f"{_PACKAGE}.neighbours.strategy:NeighboursStrategy",
        on_windows=True,
        needs_encoder=True,
        on_stored=CellCode(9, "stored_neighbours", "stored_neighbours: the windows nearest in the stored embeddings"),
    ),
    StrategyRow(
        "denoise",
        1,
        "denoising decoder on the built-in encoder's embedding",
        f"{_PACKAGE}.denoise.strategy:DenoiseStrategy",
        on_windows=True,
        needs_encoder=True,
        on_stored=CellCode(2, "stored", "stored: denoising decoder on the stored embeddings"),
    ),
    StrategyRow(
        "latent",
        8,
        "the built-in encoder's embedding, optimised against the observed cells",
        f"{_PACKAGE}.latent.strategy:LatentStrategy",
        on_windows=True,
        needs_encoder=True,
        on_stored=CellCode(
            10, "stored_latent", "stored_latent: the stored embedding, optimised against the observed cells"
        ),
    ),
)
