"""Frames and series that are wrapped by narwhals."""

from __future__ import annotations

from typing import Any

from latentfill.api.containers.container import Opened
from latentfill.core.libraries import is_of
from latentfill.tables.options import TableOptions


class NarwhalsObjects:
    """A frame or series of narwhals: what it wraps is read, and comes back wrapped."""

    def is_mine(self, data: object) -> bool:
        return is_of(data, "narwhals", "DataFrame", "Series")

    def open(self, data: Any, options: TableOptions) -> Opened:
        import narwhals as nw

        return Opened(data.to_native(), options, lambda filled: nw.from_native(filled, allow_series=True))
