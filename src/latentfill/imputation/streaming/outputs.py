"""Writes the outputs of a long file block by block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentfill.core.files import replacing
from latentfill.imputation.streaming.fill_block import FilledBlock
from latentfill.tables.backends.streams.writing import TableWriter, writing
from latentfill.tables.backends.table_files import write_columns


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamedOutputs:
    """The files to write for a long file, besides its summary."""

    table: Path
    bounds: Path | None = None  # None: they go into the table
    codes: Path | None = None
    doubt: Path | None = None
    samples: tuple[Path, ...] = ()
    precision: int | None = None

    @property
    def tables(self) -> tuple[Path, ...]:
        """Those whose format must be one that is written a piece at a time."""
        return (self.table, *(path for path in (self.bounds, self.codes) if path), *self.samples)

    @contextmanager
    def opened(self) -> Iterator[BlockWriter]:
        """Write all files in the block, which get their names when it ends."""
        with ExitStack() as stack:
            writers = {
                path: stack.enter_context(writing(path, stack.enter_context(replacing(path)))) for path in self.tables
            }
            yield BlockWriter(self, writers)


@dataclass(slots=True)
class BlockWriter:
    """Writes one block after the other."""

    outputs: StreamedOutputs
    writers: dict[Path, TableWriter]
    doubtful: list[dict[str, NDArray[Any]]] = field(default_factory=list)

    def add(self, filled: FilledBlock) -> None:
        """Write the next block."""
        outputs, imputation, source = self.outputs, filled.imputation, filled.block.table.source
        edits = imputation.edits(outputs.precision, bounds=outputs.bounds is None)
        self.writers[outputs.table].add(source, edits)
        for number, path in enumerate(outputs.samples):
            self.writers[path].add(source, imputation.sample_edits(number, outputs.precision))
        if outputs.bounds:
            self.writers[outputs.bounds].add_columns(imputation.bound_columns())
        if outputs.codes:
            self.writers[outputs.codes].add_columns(imputation.code_columns())
        if outputs.doubt:
            assert imputation.doubtful is not None
            columns = imputation.doubtful.columns()
            self.doubtful.append({**columns, "row": columns["row"] + filled.block.first_row})

    def finish(self) -> None:
        """Write the list of doubtful readings, the most doubtful first."""
        if self.outputs.doubt:
            joined = {name: np.concatenate([each[name] for each in self.doubtful]) for name in self.doubtful[0]}
            order = np.argsort(-joined["probability"], kind="stable")
            write_columns({name: column[order] for name, column in joined.items()}, self.outputs.doubt)
