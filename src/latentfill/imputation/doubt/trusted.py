"""A series without the readings that are probably wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from latentfill.core.series import BoolArray, Series
from latentfill.imputation.doubt.find import find_doubt


def trusted(series: Series) -> Series:
    """The series in which readings that are probably wrong are missing: nothing is learnt from them."""
    return without(series, find_doubt(series).wrong)


def without(series: Series, cells: BoolArray) -> Series:
    """The series in which some readings (T, C) are missing."""
    return replace(series, values=np.where(cells, np.nan, series.values)) if cells.any() else series
