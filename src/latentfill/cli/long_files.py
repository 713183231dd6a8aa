"""`impute`, `apply`, `fit` and `evaluate` on long files, which are filled block by block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from latentfill.cli.outputs import Outputs
from latentfill.cli.shown import Shown

if TYPE_CHECKING:
    from latentfill.imputation.imputer import Imputer
    from latentfill.imputation.streaming.long_file import LongFile
    from latentfill.imputation.streaming.outputs import StreamedOutputs


def open_long_file(imputer: Imputer, data: object, obstacles: Iterable[str] = ()) -> LongFile | None:
    """The table as a long file, all of whose rows have been read once; None if it is read as a whole.

    Each of the `obstacles` is something that needs the whole table.
    """
    from latentfill.imputation.streaming.when import open_long

    stream = open_long(imputer, data, obstacles)
    if stream is None:
        return None
    from latentfill.imputation.streaming.long_file import LongFile

    return LongFile.of(stream, imputer)


def write_long(file: LongFile, outputs: Outputs, shown: Shown, notes: Sequence[str] = ()) -> dict[str, object]:
    """Fill a long file, and write all outputs or none; print and return the summary.

    The `notes` on the model have been shown.
    """
    from latentfill.api.progress_bars import row_bar
    from latentfill.cli.console import make_console
    from latentfill.core.files import write_together

    with row_bar(make_console(), shown.quiet) as on_rows:

        def write() -> dict[str, object]:
            summary = file.fill(_streamed(outputs), on_rows, notes)
            outputs.check_read()
            return outputs.write_summary(summary)

        summary = write_together(write)
    outputs.show(summary, len(file.scan.notes) + len(notes), shown)
    return summary


def _streamed(outputs: Outputs) -> StreamedOutputs:
    from latentfill.imputation.streaming.outputs import StreamedOutputs

    return StreamedOutputs(
        table=outputs.table,
        bounds=outputs.bounds,
        codes=outputs.codes,
        doubt=outputs.doubt,
        samples=outputs.samples,
        precision=outputs.precision,
    )


def obstacles_of(outputs: Outputs) -> Iterator[str]:
    """What the outputs need the whole table for."""
    from latentfill.core.files import STANDARD
    from latentfill.tables.backends.streams.opening import is_streamable

    whole = {"--report": outputs.report, "--explain": outputs.explain, "--decisions": outputs.decisions}
    yield from (f"{name} needs the whole table" for name, given in {**whole, "figures": outputs.plots}.items() if given)
    if outputs.table == STANDARD:
        yield "standard output (-o -) is written in one piece"
    wrong: list[Path] = [path for path in _streamed(outputs).tables if not is_streamable(path)]
    if wrong and outputs.table != STANDARD:
        yield f"{wrong[0]} is neither a text file nor a Parquet file"
