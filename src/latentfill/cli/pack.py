"""`latentfill pack`: put per-window embeddings into one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from latentfill.cli.console import say, show_notes
from latentfill.cli.given import config_and_reading
from latentfill.cli.options import COLUMNS, OVERWRITE, READING, SPLIT_PLAN, Quiet, with_options


@with_options(READING, COLUMNS, SPLIT_PLAN, OVERWRITE)
def pack(
    source: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of .h5 files, or an .h5 file.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="PACKED", help="The packed file.")],
    table: Annotated[
        Path | None,
        typer.Option(help="The table that the embeddings were made from: pairs and checks them."),
    ] = None,
    quiet: Quiet = False,
    **given: Any,
) -> None:
    """Pack per-window embeddings into one file, which is read many times as fast."""
    from latentfill.core.files import stem
    from latentfill.embeddings.stored.opening import open_embeddings
    from latentfill.embeddings.stored.packing import TableWithPlan
    from latentfill.embeddings.stored.packing import pack as pack_into
    from latentfill.tables.read import read_table

    config, options = config_and_reading(given)
    dataset = config.stored.dataset
    if table is None:
        stored = open_embeddings(source, dataset=dataset)
        pack_into(stored, output, overwrite=given["overwrite"])
    else:
        found = read_table(table, options)
        show_notes(found.notes, quiet)
        stored = open_embeddings(source, stem(table), config.stored.pred_len, dataset)
        pack_into(stored, output, TableWithPlan(found.series, config), overwrite=given["overwrite"])
    say(f"{output}: {', '.join(f'{n} windows of {split}' for split, n in stored.splits.items())}", quiet)
