"""A filled table with all that a page may show, made once for all tests of pages."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from latentfill import Imputer
from latentfill.imputation.imputation import Imputation

NASTY = "</script><script>alert(1)</script>"


def gappy_table(n_steps: int = 600) -> pa.Table:
    """Hours of a smooth column with short and long gaps and a spike, a column with a nasty name, and a direction."""
    rng = np.random.default_rng(0)
    t = np.arange(n_steps)
    cycle = np.sin(t / 24 * 2 * np.pi)
    smooth = np.round(10 + 3 * cycle + rng.normal(0, 0.2, n_steps).cumsum() * 0.2, 2)
    nasty = np.round(smooth * 2 + rng.normal(0, 0.3, n_steps), 1)
    direction = np.round((200 * np.abs(cycle) + 40 * rng.normal(size=n_steps)) % 360)
    smooth[200] += 40
    for start, stop in ((30, 31), (60, 63), (100, 105), (140, 160), (300, 340), (400, 401), (450, 452)):
        smooth[start:stop] = np.nan
    for start in range(20, 590, 30):
        nasty[start : start + 1 + start % 7] = np.nan
        direction[start + 9 : start + 11] = np.nan
    stamps = np.datetime64("2024-01-01T00", "s") + t * np.timedelta64(1, "h")
    columns = {"smooth": smooth, NASTY: nasty, "wind_dir": direction}
    return pa.table({"time": stamps, **{name: pa.array(each, from_pandas=True) for name, each in columns.items()}})


@pytest.fixture(scope="session")
def nasty() -> str:
    """A column name that must be shown as text."""
    return NASTY


@pytest.fixture(scope="session")
def table_with_gaps() -> pa.Table:
    """Hours with gaps in three columns."""
    return gappy_table()


@pytest.fixture(scope="session")
def filled(table_with_gaps: pa.Table) -> Imputation:
    """The table filled quickly, with intervals and with what each candidate alone would have filled."""
    imputer = Imputer(effort="quick", intervals=0.9, kind="wind_dir=circular:360").fit(table_with_gaps)
    return imputer.fill(table_with_gaps, compare=True)
