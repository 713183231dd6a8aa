"""A series without the readings that are probably wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from latentfill.core.series import Series
from latentfill.imputation.doubt.find import find_doubt


def trusted(series: Series) -> Series:
    """The series in which readings that are probably wrong are missing: nothing is learnt from them."""
    wrong = find_doubt(series).wrong
    return replace(series, values=np.where(wrong, np.nan, series.values)) if wrong.any() else series
