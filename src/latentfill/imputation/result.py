"""What comes out: the filled series, one code per cell, and a summary a person or a program can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from latentfill.core.series import BoolArray, FloatArray, IntArray, Series
from latentfill.core.strategy_table import STRATEGIES, cell_codes
from latentfill.windows.gaps import BUCKET_NAMES, bucket_of, gap_lengths
from latentfill.windows.windows import covered

CodeArray = NDArray[np.int8]


class Code(IntEnum):
    """Where the value of a cell comes from; `latentfill.core.strategy_table` holds the same numbers."""

    OBSERVED = 0  # read from the input, untouched
    DENOISE = 1  # denoising decoder on the built-in encoder's embedding
    STORED = 2  # denoising decoder on stored embeddings
    LINEAR = 3  # linear interpolation, which held-out cells showed to be better here
    FALLBACK = 4  # linear interpolation, because no strategy reached the cell
    EMPTY = 5  # left empty
    KRIGING = 6  # kriging, the best linear estimate from all observed cells of the window
    NEIGHBOURS = 7  # the windows nearest in the built-in encoder's embedding
    LATENT = 8  # the latent of the built-in encoder, moved until its window agrees with the observed cells
    STORED_NEIGHBOURS = 9  # the windows nearest in the stored embeddings
    STORED_LATENT = 10  # the stored embedding, moved until its window agrees with the observed cells
    SPLINE = 11
    LOCF = 12  # last observation carried forward
    NOCB = 13  # next observation carried back
    MEAN = 14  # of the column
    MEDIAN = 15  # of the column
    SEASONAL = 16  # the mean course of the period
    KNN = 17  # scikit-learn's KNNImputer
    ITERATIVE = 18  # scikit-learn's IterativeImputer


def is_from_stored(codes: CodeArray) -> BoolArray:
    """True where a cell was filled from stored embeddings: what those have seen is not known."""
    of_stored = [row.on_stored.number for row in STRATEGIES.values() if row.on_stored is not None]
    return np.isin(codes, of_stored)


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """A filled series."""

    values: FloatArray  # (T, C) original units, NaN where left empty
    codes: CodeArray  # (T, C), see `Code`
    expected: FloatArray  # (T, C) mean absolute error to expect, original units; NaN where it is not known
    lower: FloatArray | None = None  # (T, C) bounds of the interval that was asked for; the value where observed
    upper: FloatArray | None = None
    samples: FloatArray | None = None  # (S, T, C) completed series that reflect the uncertainty

    def take_columns(self, index: IntArray) -> Filled:
        """The columns at `index`, in that order."""
        parts = {f.name: getattr(self, f.name) for f in fields(self)}
        return replace(self, **{name: part[..., index] for name, part in parts.items() if part is not None})


def score_summary(error: FloatArray, linear_error: FloatArray, units: str) -> dict[str, object]:
    """Errors (M,) on held-out cells beside linear interpolation's; `units` names what they are in."""
    if not error.size:
        return {"cells": 0}
    mse, linear = float(np.mean(error**2)), float(np.mean(linear_error**2))
    return {
        "cells": int(error.size),
        "units": units,
        "mse": mse,
        "mae": float(np.mean(np.abs(error))),
        "linear_mse": linear,
        "linear_mae": float(np.mean(np.abs(linear_error))),
        "mse_ratio_to_linear": mse / linear if linear > 0 else None,
    }


def count_cells(series: Series, filled: Filled) -> dict[str, object]:
    """Per column: what was observed, filled (by code and gap length, with the error to expect) and left empty."""
    lengths = gap_lengths(series.observed)
    return {
        name: _count_column(lengths[:, c], filled.codes[:, c], filled.expected[:, c])
        for c, name in enumerate(series.columns)
    }


def _count_column(lengths: IntArray, codes: CodeArray, expected: FloatArray) -> dict[str, object]:
    missing = lengths > 0
    by_length: dict[str, dict[str, object]] = {}
    for b, name in enumerate(BUCKET_NAMES):
        cells = missing & (bucket_of(lengths) == b)
        if cells.any():
            by_length[name] = {"cells": int(cells.sum()), "expected_absolute_error": _mean(expected[cells])}
            if is_from_stored(codes[cells]).any():
                by_length[name]["label"] = "oracle"
    return {
        "observed": int(np.count_nonzero(~missing)),
        "missing": int(np.count_nonzero(missing)),
        "left_empty": int(np.count_nonzero(codes == Code.EMPTY)),
        "by_code": count_codes(codes[missing]),
        "by_gap_length": by_length,
    }


def count_codes(codes: CodeArray) -> dict[str, int]:
    """How many cells each code has, by the code's name; codes without cells are left out."""
    return {code.name: int(n) for code in cell_codes() if (n := np.count_nonzero(codes == code.number))}


def coverage_of(starts: Mapping[str, IntArray], seq_len: int, n_steps: int) -> dict[str, object]:
    """Which rows (from 0 after the header) windows that start at `starts` cover, by split, and which they leave."""
    inside = np.zeros(n_steps, dtype=bool)
    for of_split in starts.values():
        inside |= covered(of_split, seq_len, n_steps)
    return {
        "splits": {
            split: {"windows": len(of_split), "rows": [int(of_split[0]), int(of_split[-1]) + seq_len - 1]}
            for split, of_split in starts.items()
            if len(of_split)
        },
        "rows_without_embeddings": row_ranges(~inside),
    }


def row_ranges(rows: BoolArray) -> list[list[int]]:
    """First and last index of each run of True, for saying which rows something holds for."""
    edges = np.diff(np.concatenate([[0], rows.astype(np.int8), [0]]))
    firsts, ends = np.nonzero(edges == 1)[0], np.nonzero(edges == -1)[0]
    return [[int(first), int(end) - 1] for first, end in zip(firsts, ends, strict=True)]


def _mean(values: FloatArray) -> float | None:
    """Mean of the known values for JSON, four significant digits; None when there are none."""
    known = values[~np.isnan(values)]
    return float(f"{known.mean():.4g}") if known.size else None
