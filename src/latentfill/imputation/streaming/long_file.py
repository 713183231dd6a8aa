"""`LongFile`: a table that is learnt from in stretches and filled block by block."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Self

from latentfill.core.inputs import reading
from latentfill.core.series import Series
from latentfill.core.stages import tell_stage
from latentfill.core.workers import in_parallel
from latentfill.imputation.fitting.stretches import fit_stretches
from latentfill.imputation.imputer import Imputer, check_stamps
from latentfill.imputation.planning.costs import whole_bytes
from latentfill.imputation.streaming.blocks import blocks
from latentfill.imputation.streaming.fill_block import FilledBlock, fill_block
from latentfill.imputation.streaming.outputs import StreamedOutputs
from latentfill.imputation.streaming.scan import Scan, side_by_side
from latentfill.imputation.streaming.totals import Totals
from latentfill.imputation.streaming.when import refuse_too_large
from latentfill.tables.backends.streams.stream import RowStream, UnstreamableError

OnRows = Callable[[int, int], None]  # called with the number of rows that are filled, and of all


@dataclass(frozen=True, slots=True, eq=False)
class LongFile:
    """A long file whose rows have all been read once."""

    scan: Scan
    imputer: Imputer

    @classmethod
    def of(cls, stream: RowStream[Any], imputer: Imputer) -> Self | None:
        """Read a file with the options of an imputer, and the columns of its model if it has one.

        None if the file turns out to be one that is read as a whole; an `InputError` if that does not fit in memory.
        """
        tell_stage("reading all rows once")
        options, fitted = imputer.options, getattr(imputer, "fitted_", None)
        try:
            if fitted is None:
                with reading(stream.path):
                    return cls(Scan.of(stream, options), imputer)
            with reading(stream.path), imputer.reading_columns_of_model():
                found = cls(Scan.of(stream, replace(options, columns=fitted.columns, leave=())), imputer)
            check_stamps(found.scan.reader.found.axis is not None, stamped=fitted.stamped)
            return found
        except UnstreamableError as error:
            refuse_too_large(stream.path, whole_bytes(stream.n_cells, stream.file_bytes), imputer.config, error)
            return None

    @property
    def learnt_from(self) -> str:
        """What models are fitted to, as a sentence for the user."""
        n_rows, n_stretches = len(self.scan.reader.found.values.values), len(self.scan.sample.pieces)
        return f"The table is long: models are fitted to {n_rows} of its rows, in {n_stretches} stretches."

    @property
    def stretches(self) -> list[Series]:
        """The series of the stretches that are learnt from."""
        return [table.series for table in self.scan.stretches]

    def fit(self) -> None:
        """Fit the imputer to the stretches."""
        self.imputer.adopt(fit_stretches(self.stretches, self.imputer.config, self.imputer.progress))

    def _filled_blocks(self) -> Iterator[FilledBlock]:
        """All blocks in their order, several side by side."""
        fitted, model = self.imputer.fitted_, self.imputer.model_id_
        numbered = enumerate(blocks(self.scan))
        while some := list(islice(numbered, side_by_side(self.scan.reader.stream))):
            yield from in_parallel(lambda item: fill_block(fitted, item[1], item[0], model), some)

    def fill(
        self, outputs: StreamedOutputs, on_rows: OnRows | None = None, notes: Sequence[str] = ()
    ) -> dict[str, object]:
        """Fill all blocks with the imputer's model, and write the outputs; returns the summary, with `notes` on it."""
        began, imputer, totals = time.monotonic(), self.imputer, Totals(self.imputer.fitted_)
        tell_stage("filling block by block")
        with reading(self.scan.reader.stream.path), outputs.opened() as writer:
            for filled in self._filled_blocks():
                writer.add(filled)
                totals.add(filled)
                if on_rows:
                    on_rows(totals.rows, self.scan.n_rows)
            writer.finish()
        summary = totals.summary(self.scan, imputer.options, imputer.model_id_, notes)
        return summary | {"fill_seconds": round(time.monotonic() - began, 2)}
