"""Counts of observed, filled and empty cells by column, code and gap length."""

from __future__ import annotations

import numpy as np

from latentfill.core.series import FloatArray, IntArray, Series
from latentfill.imputation.filling.codes import Code, CodeArray, count_codes, is_from_stored
from latentfill.imputation.filling.filled import Filled
from latentfill.windows.gaps import BUCKET_NAMES, bucket_of, gap_lengths


def count_cells(series: Series, filled: Filled) -> dict[str, object]:
    """Counts of observed, filled and empty cells of each column, with expected errors by gap length, as JSON values."""
    lengths = gap_lengths(series.observed)
    return {
        name: _count_column(lengths[:, c], filled.codes[:, c], filled.expected[:, c])
        for c, name in enumerate(series.columns)
    }


def _count_column(lengths: IntArray, codes: CodeArray, expected: FloatArray) -> dict[str, object]:
    """The counts of one column (T,); `lengths` are gap lengths, 0 for observed cells."""
    missing = lengths > 0
    return {
        "observed": int(np.count_nonzero(~missing)),
        "missing": int(np.count_nonzero(missing)),
        "left_empty": int(np.count_nonzero(codes == Code.EMPTY)),
        "by_code": count_codes(codes[missing]),
        "by_gap_length": _by_gap_length(lengths[missing], codes[missing], expected[missing]),
    }


def _by_gap_length(lengths: IntArray, codes: CodeArray, expected: FloatArray) -> dict[str, dict[str, object]]:
    """Number and expected error of the missing cells (M,) of a column in gaps of each length."""
    by_length: dict[str, dict[str, object]] = {}
    for b, name in enumerate(BUCKET_NAMES):
        cells = bucket_of(lengths) == b
        if cells.any():
            by_length[name] = {"cells": int(cells.sum()), "expected_absolute_error": _mean(expected[cells])}
            if is_from_stored(codes[cells]).any():
                by_length[name]["label"] = "oracle"
    return by_length


def _mean(values: FloatArray) -> float | None:
    """Mean of the known values to four significant digits; None if there are none."""
    known = values[~np.isnan(values)]
    return float(f"{known.mean():.4g}") if known.size else None
