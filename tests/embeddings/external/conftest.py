"""Windows for tests of external encoders."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from latentfill.core.series import Series
from latentfill.embeddings.protocols.embedder import RawWindows, cut_raw_windows
from latentfill.windows.scaling import ColumnScaler


@pytest.fixture
def raw() -> RawWindows:
    """Two windows of four steps and two columns; b is missing throughout the first one."""
    values = np.array([[[10, np.nan], [np.nan, np.nan], [30, np.nan], [40, np.nan]], [[0, 1], [0, 1], [0, 3], [8, 3]]])
    return RawWindows(values, values / 10, None, ("a", "b"), np.array([10.0, 10.0]), None)


@pytest.fixture
def many(hourly: Callable[..., Series]) -> RawWindows:
    """Thirty windows of four steps and three columns, with gaps."""
    series = hourly(33, 3, gaps=0.2)
    return cut_raw_windows(series, ColumnScaler.fit(series.values), np.arange(30), 4)
