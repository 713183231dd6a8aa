"""`latentfill pack`: pack per-window embeddings into one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from latentfill.cli.command_settings import config_and_reading
from latentfill.cli.console import say, show_notes
from latentfill.cli.options import COLUMNS, ONE_SERIES, OVERWRITE, READING, SPLIT_PLAN, Quiet, with_options


@with_options(ONE_SERIES, READING, COLUMNS, SPLIT_PLAN, OVERWRITE)
def pack(
    source: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of .h5 files, or an .h5 file.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="PACKED", help="Packed file to write.")],
    table: Annotated[
        Path | None,
        typer.Option(help="Table that the embeddings were made from, to pair them with its windows and check them."),
    ] = None,
    quiet: Quiet = False,
    **given: Any,
) -> None:
    """Pack per-window .h5 embeddings into one file that is many times faster to read."""
    from latentfill.core.files import stem
    from latentfill.core.output_paths import refuse_inputs
    from latentfill.embeddings.packing import TableWithPlan
    from latentfill.embeddings.packing import pack as pack_into
    from latentfill.embeddings.stored.opening import open_embeddings
    from latentfill.tables.read import read_table

    refuse_inputs([output], [source] if table is None else [source, table])
    config, options = config_and_reading(given)
    dataset = config.stored.dataset
    if table is None:
        stored = open_embeddings(source, dataset=dataset)
        notes = pack_into(stored, output, overwrite=given["overwrite"])
    else:
        source_table = read_table(table, options)
        show_notes(source_table.notes, quiet)
        stored = open_embeddings(source, stem(table), config.stored.pred_len, dataset)
        table_with_plan = TableWithPlan(source_table.series, config.stored)
        notes = pack_into(stored, output, table_with_plan, overwrite=given["overwrite"])
    show_notes(notes, quiet)
    say(f"{output}: {', '.join(f'{n} windows of {split}' for split, n in stored.splits.items())}", quiet)
