"""An engine without processes, and the rows of small series."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

N_SERIES, N_ROWS = 6, 60


class Plain:
    """An engine that works in this process, on the last item first."""

    def __init__(self) -> None:
        self.done: list[Any] = []

    def map(self, function: Callable[[Any, Any], Any], shared: Any, items: Sequence[Any]) -> Iterator[Any]:
        for item in reversed(items):
            self.done.append(item)
            yield function(shared, item)


def rows_of(number: int, **columns: object) -> pa.Table:
    """The rows of one series, each with gaps of its own."""
    rng = np.random.default_rng(number)
    values = 10.0 * number + np.sin(np.arange(N_ROWS) / 4)[:, None] + rng.normal(0, 0.1, (N_ROWS, 2))
    values[rng.random(values.shape) < 0.1] = np.nan
    values[0] = 10.0 * number
    time = np.datetime64("2024-01-01", "ns") + np.arange(N_ROWS) * np.timedelta64(3600, "s")
    cells = {"time": time, "x": pa.array(values[:, 0], from_pandas=True), "y": pa.array(values[:, 1], from_pandas=True)}
    return pa.table({**{name: pa.repeat(pa.scalar(value), N_ROWS) for name, value in columns.items()}, **cells})


def read(folder: Path) -> pa.Table:
    """All rows of a data set."""
    return parquet.read_table(folder)


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder, by their paths in it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
