"""Table of all strategies by name; a new strategy is registered here.

A row holds what settings, cell codes and reports need, and the class that implements the strategy. The class is given
by name and imported when it is used, so that this table works without importing torch.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Literal, NamedTuple

from latentfill.core.errors import InputError
from latentfill.core.messages import quoted

# baseline: a simple imputer; series: learns from the whole series and estimates it at once; windows: window by window;
# correction: corrects the estimates of another strategy.
Kind = Literal["baseline", "series", "windows", "correction"]


class CellCode(NamedTuple):
    """A number in the file of cell codes; it says where the value of a cell comes from."""

    number: int  # 0 to 127; keep the meaning of a number for ever, because saved files contain it
    name: str  # as reports show it
    meaning: str  # description for users


@dataclass(frozen=True, slots=True)
class StrategyRow:
    """A strategy: its name, its cell codes, and the class that implements it."""

    name: str  # in settings, reports and saved models
    code: int  # number of the code for cells that the strategy fills, see `CellCode`
    meaning: str  # description of the code
    implementation: str  # "module:Class" of a `Baseline`, `SeriesStrategy`, `Strategy` or `Correction`, as `kind` says
    _: KW_ONLY
    kind: Kind = "baseline"
    needs_encoder: bool = False  # whether it uses embeddings
    corrects: str | None = None  # strategy that is fitted with it, to be corrected
    on_stored: CellCode | None = None  # code for cells that the strategy fills from stored embeddings

    @property
    def on_windows(self) -> bool:
        """Whether it estimates window by window."""
        return self.kind == "windows"

    def cell_code(self, *, stored: bool) -> CellCode:
        """Code for cells that the strategy fills; `stored`: from stored embeddings."""
        if stored and self.on_stored is not None:
            return self.on_stored
        return CellCode(self.code, self.name, f"{self.name}: {self.meaning}")


STRATEGIES: dict[str, StrategyRow] = {}  # by name; listed and fitted in this order, cheap ones first


def register(*rows: StrategyRow) -> None:
    """Add strategies to the table; an `InputError` if a name or a code is already in use."""
    for row in rows:
        taken = {code.number: code.name for code in cell_codes()}
        codes = [row.cell_code(stored=stored).number for stored in (False, True)]
        if row.name in STRATEGIES:
            raise InputError(f"there is a strategy {quoted(row.name)} already; choose another name.")
        for number in codes:
            if not 0 <= number < 128:
                raise InputError(f"strategy {quoted(row.name)} has the cell code {number}; use a code from 0 to 127.")
            if number in taken:
                raise InputError(
                    f"strategy {quoted(row.name)} has the cell code {number}, which {quoted(taken[number])} uses "
                    "already; use "
                    f"{max(taken) + 1} instead."
                )
        STRATEGIES[row.name] = row


# Codes for cells that no strategy filled.
OBSERVED = CellCode(0, "observed", "observed: read from the input, unchanged")
FALLBACK = CellCode(4, "fallback", "fallback: linear interpolation, because no strategy had an estimate")
EMPTY = CellCode(5, "empty", "empty: there was no estimate, the gap is longer than max_gap, or the fill was refused")
BLEND = CellCode(23, "blend", "blend: weighted mean of several strategies, see the weights")
STORED_BLEND = CellCode(24, "stored_blend", "stored_blend: the same, with strategies on stored embeddings among them")
SUSPECTED = CellCode(25, "suspected", "suspected: may be a marker of a missing value; unchanged, and not learnt from")
REPLACED = CellCode(26, "replaced", "replaced: a reading that is probably wrong, blanked and filled on request")


def cell_codes() -> list[CellCode]:
    """All cell codes, sorted by number."""
    codes = [row.cell_code(stored=stored) for row in STRATEGIES.values() for stored in (False, True)]
    others = (OBSERVED, FALLBACK, EMPTY, BLEND, STORED_BLEND, SUSPECTED, REPLACED)
    return sorted({*others, *codes}, key=lambda code: code.number)


_PACKAGE = "latentfill.strategies"

register(
    StrategyRow(
        "linear",
        3,
        "linear interpolation, chosen in the settings or better on held-out cells",
        f"{_PACKAGE}.baselines.interpolation:Linear",
    ),
    StrategyRow("spline", 11, "natural cubic spline", f"{_PACKAGE}.baselines.interpolation:Spline"),
    StrategyRow("locf", 12, "last observation carried forward", f"{_PACKAGE}.baselines.interpolation:LastObserved"),
    StrategyRow("nocb", 13, "next observation carried back", f"{_PACKAGE}.baselines.interpolation:NextObserved"),
    StrategyRow("mean", 14, "mean of the column", f"{_PACKAGE}.baselines.averages:Mean"),
    StrategyRow("median", 15, "median of the column", f"{_PACKAGE}.baselines.averages:Median"),
    StrategyRow(
        "seasonal", 16, "mean cycle of the period found in the data", f"{_PACKAGE}.baselines.seasonal:Seasonal"
    ),
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
        "autoregression",
        19,
        "autoregression with noise of the column by itself, smoothed over the whole series",
        f"{_PACKAGE}.state_space.strategy:AutoregressionStrategy",
        kind="series",
    ),
    StrategyRow(
        "state_space",
        20,
        "vector autoregression with noise of related columns, smoothed over the whole series",
        f"{_PACKAGE}.state_space.strategy:StateSpaceStrategy",
        kind="series",
    ),
    StrategyRow(
        "factors",
        21,
        "dynamic factors of all columns, and an autoregression of what they leave of the column",
        f"{_PACKAGE}.state_space.strategy:FactorStrategy",
        kind="series",
    ),
    StrategyRow(
        "kriging",
        6,
        "best linear estimate from the observed cells, chosen in the settings or better on held-out cells",
        f"{_PACKAGE}.kriging.strategy:KrigingStrategy",
        kind="windows",
    ),
    StrategyRow(
        "boosted",
        22,
        "kriging corrected by boosted trees that were trained on hidden cells",
        f"{_PACKAGE}.boosted.boosted:Boosted",
        kind="correction",
        corrects="kriging",
    ),
    StrategyRow(
        "neighbours",
        7,
        "the windows nearest in the built-in encoder's embedding",
        f"{_PACKAGE}.neighbours.strategy:NeighboursStrategy",
        kind="windows",
        needs_encoder=True,
        on_stored=CellCode(9, "stored_neighbours", "stored_neighbours: the windows nearest in the stored embeddings"),
    ),
    StrategyRow(
        "denoise",
        1,
        "denoising decoder on the built-in encoder's embedding",
        f"{_PACKAGE}.denoise.strategy:DenoiseStrategy",
        kind="windows",
        needs_encoder=True,
        on_stored=CellCode(2, "stored", "stored: denoising decoder on the stored embeddings"),
    ),
    StrategyRow(
        "latent",
        8,
        "the built-in encoder's embedding, optimised against the observed cells",
        f"{_PACKAGE}.latent.strategy:LatentStrategy",
        kind="windows",
        needs_encoder=True,
        on_stored=CellCode(
            10, "stored_latent", "stored_latent: the stored embedding, optimised against the observed cells"
        ),
    ),
)
