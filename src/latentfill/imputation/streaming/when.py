"""Whether a table is filled block by block: it is long, and nothing that is asked for needs all of it at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.machine import available_memory
from latentfill.core.memory_limit import memory_limit
from latentfill.imputation.imputer import Imputer
from latentfill.imputation.planning.costs import whole_bytes
from latentfill.imputation.planning.plan import SHARE, file_bytes, megabytes
from latentfill.imputation.streaming.scan import REACH
from latentfill.tables.backends.streams.opening import is_streamable, open_stream
from latentfill.tables.backends.streams.stream import RowStream, UnstreamableError
from latentfill.tables.options import TableOptions

MOST_CELLS = 1 << 22  # of a table that is filled as a whole; its model is learnt from all rows, which takes minutes
FEWEST_ROWS = 1 << 15  # of one that is filled block by block: stretches of fewer are no sample of it


def open_long(imputer: Imputer, data: object, obstacles: Iterable[str] = ()) -> RowStream[Any] | None:
    """The stream of a long file; None for data that are filled as a whole.

    Each of the `obstacles` is something else that needs the whole table. Raises an `InputError` with the first of them
    if the whole table does not fit in memory.
    """
    if not isinstance(data, Path) or not os.path.isfile(data) or not is_streamable(data) or imputer.options.by:
        return None
    needed = whole_bytes(0, file_bytes(data) or data.stat().st_size)
    try:
        stream = open_stream(data, imputer.options.layout)
        if not is_long(stream):
            return None
        needed = whole_bytes(stream.n_cells, stream.file_bytes)
        for obstacle in (*_of_reading(imputer.options), *_of_method(imputer), *obstacles):
            raise UnstreamableError(obstacle)
        return stream
    except UnstreamableError as error:
        refuse_too_large(data, needed, imputer.config, error)
        return None


def is_long(stream: RowStream[Any]) -> bool:
    """Whether a file has too many cells to be filled as a whole, in memory or in time."""
    if stream.n_cells < FEWEST_ROWS * len(stream.names):
        return False
    return stream.n_cells > MOST_CELLS or whole_bytes(stream.n_cells, stream.file_bytes) > _memory()


def refuse_too_large(path: Path, needed: float, config: Config, reason: Exception) -> None:
    """Raise an `InputError` for a file that is filled as a whole for a `reason`, if that needs too many bytes."""
    if needed > _memory() and not config.ignore_memory:
        raise InputError(
            f"{path} needs about {megabytes(needed)} of memory as a whole, of which {megabytes(_memory())} may be "
            f"used, and is not filled block by block, as {reason}. Change that, or allow more memory: --max-memory."
        ) from reason


def _memory() -> float:
    """Bytes that filling a table may take."""
    return min(memory_limit(), SHARE * (available_memory() or float("inf")))


def _of_reading(options: TableOptions) -> Iterator[str]:
    if options.pivot:
        yield "--pivot needs all readings of a long table"
    if options.fill_text:
        yield "--fill-text needs all words of a column"
    if options.timezone:
        yield "--timezone needs all stamps, of which some come twice; convert them to UTC"


def _of_method(imputer: Imputer) -> Iterator[str]:
    config, fitted = imputer.config, getattr(imputer, "fitted_", None)
    if imputer.covariates or (fitted is not None and fitted.covariates):
        yield "covariates (--with) are aligned with the whole table"
    if config.stored.embeddings or config.stored.plan.split != "none":
        yield "stored embeddings and splits refer to all rows"
    if config.neighbours.donor_table:
        yield "a donor table is learnt from beside the whole table"
    if (config.output.max_gap or 0) > REACH:
        yield f"--max-gap is more than the {REACH} steps that a block sees on either side"
    if config.causal:
        yield "--causal fits models of growing histories"
    if fitted is not None and (fitted.labels or fitted.by_series or fitted.stored):
        yield "the model fills words, many series, or from stored embeddings"
