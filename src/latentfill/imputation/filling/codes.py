"""Cell codes: where the value of each cell of a filled table comes from."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from latentfill.core.series import BoolArray
from latentfill.core.strategy_table import STRATEGIES, cell_codes
from latentfill.tables.backends.column import Column

CodeArray = NDArray[np.int8]

_NUMBERS = {code.name: code.number for code in cell_codes()}


class Code(IntEnum):
    """Where the value of a cell comes from; `latentfill.core.strategy_table` says what each code means."""

    OBSERVED = _NUMBERS["observed"]
    DENOISE = _NUMBERS["denoise"]
    STORED = _NUMBERS["stored"]
    LINEAR = _NUMBERS["linear"]
    FALLBACK = _NUMBERS["fallback"]
    EMPTY = _NUMBERS["empty"]
    KRIGING = _NUMBERS["kriging"]
    NEIGHBOURS = _NUMBERS["neighbours"]
    LATENT = _NUMBERS["latent"]
    STORED_NEIGHBOURS = _NUMBERS["stored_neighbours"]
    STORED_LATENT = _NUMBERS["stored_latent"]
    SPLINE = _NUMBERS["spline"]
    LOCF = _NUMBERS["locf"]
    NOCB = _NUMBERS["nocb"]
    MEAN = _NUMBERS["mean"]
    MEDIAN = _NUMBERS["median"]
    SEASONAL = _NUMBERS["seasonal"]
    KNN = _NUMBERS["knn"]
    ITERATIVE = _NUMBERS["iterative"]
    AUTOREGRESSION = _NUMBERS["autoregression"]
    STATE_SPACE = _NUMBERS["state_space"]
    FACTORS = _NUMBERS["factors"]
    BOOSTED = _NUMBERS["boosted"]
    BLEND = _NUMBERS["blend"]
    STORED_BLEND = _NUMBERS["stored_blend"]
    SUSPECTED = _NUMBERS["suspected"]
    REPLACED = _NUMBERS["replaced"]


def count_codes(codes: CodeArray) -> dict[str, int]:
    """How many cells each code has, by the code's name; codes without cells are left out."""
    return {code.name: int(n) for code in cell_codes() if (n := np.count_nonzero(codes == code.number))}


def codes_as_read(column: Column, n_rows: int) -> CodeArray:
    """The codes of a column that is not filled: `EMPTY` for cells without a value, else `OBSERVED`."""
    numbers = column.numbers
    is_missing = np.isnan(numbers.values) & ~numbers.bad if numbers else np.ones(n_rows, dtype=bool)
    return np.where(is_missing, Code.EMPTY, Code.OBSERVED).astype(np.int8)


def is_from_stored(codes: CodeArray) -> BoolArray:
    """True where a cell was filled from stored embeddings, which may have seen held-out cells."""
    stored = [row.on_stored.number for row in STRATEGIES.values() if row.on_stored is not None]
    return np.isin(codes, (*stored, Code.STORED_BLEND))
