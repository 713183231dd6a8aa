"""The `TimeSeries` of darts."""

from __future__ import annotations

from typing import Any

from latentfill.api.containers.container import Opened, counting_steps, filling_all, free_name
from latentfill.api.containers.numbers import plain, with_filled
from latentfill.api.containers.pandas_frames import new_frame
from latentfill.core.errors import InputError
from latentfill.core.libraries import is_of
from latentfill.tables.options import TableOptions


class DartsSeries:
    """A deterministic series, read as a frame with a column for each component.

    What comes back has the same times, frequency, type, static covariates, hierarchy and metadata.
    """

    def is_mine(self, data: object) -> bool:
        return is_of(data, "darts", "TimeSeries")

    def open(self, data: Any, options: TableOptions) -> Opened:
        if data.n_samples > 1:
            raise InputError(
                f"the TimeSeries has {data.n_samples} samples of each value, and one is needed. Fill one of its "
                "statistics, such as series.median(axis=2)."
            )
        values = data.all_values(copy=False)  # (T, C, 1)
        names = [str(name) for name in data.components]
        index = data.time_index.rename(free_name(str(data.time_index.name or "time"), names))
        frame = new_frame(dict(zip(names, plain(values[:, :, 0]).T, strict=True)), index)

        def back(filled: Any) -> Any:
            return data.with_values(with_filled(values, filled[names].to_numpy()[:, :, None]))

        stamped = options if data.has_datetime_index else counting_steps(options)
        return Opened(frame, filling_all(stamped, names), back, takes_rows=False, takes_columns=False)
