"""Single columns: a `Series` of pandas or of polars."""

from __future__ import annotations

from typing import Any

from latentfill.api.containers.container import Opened, filling_all, free_name
from latentfill.core.libraries import is_of
from latentfill.tables.options import TableOptions

UNNAMED = "value"


class OneColumn:
    """A series, read as a frame of one column; its name, index and attributes come back."""

    def is_mine(self, data: object) -> bool:
        return is_of(data, "pandas", "Series") or is_of(data, "polars", "Series")

    def open(self, data: Any, options: TableOptions) -> Opened:
        is_pandas = is_of(data, "pandas")
        index = list(map(str, data.index.names)) if is_pandas else []
        name = free_name(UNNAMED if data.name in (None, "") else str(data.name), index)
        frame = data.to_frame(name) if is_pandas else data.alias(name).to_frame()
        return Opened(
            frame, filling_all(options, [name]), lambda filled: filled[name].rename(data.name), takes_columns=False
        )
