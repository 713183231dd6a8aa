"""`latentfill inspect`: describe a table, stored embeddings, a model or a student."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from latentfill.cli.command_settings import config_and_reading
from latentfill.cli.console import make_console
from latentfill.cli.options import BY, COLUMNS, KIND, LONG, READING, SPLIT_PLAN, with_options


@with_options(READING, COLUMNS, KIND, BY, LONG, SPLIT_PLAN)
def inspect(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="A table, a folder of .h5 files, an .h5 file, a packed file, a model folder or a student folder.",
        ),
    ],
    table: Annotated[
        Path | None,
        typer.Option(help="Table that the embeddings were made from, to check that they belong to its windows."),
    ] = None,
    beside: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Other embeddings of the same windows, to compare with.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the description as JSON.")] = False,
    **given: Any,
) -> None:
    """Describe a table, stored embeddings, a model or a student; the exit code is 1 if there are problems."""
    from latentfill.cli.display import show_inspection
    from latentfill.imputation.inspection.inspect_path import inspect_path

    config, options = config_and_reading(given)
    inspection = inspect_path(path, options, config, table, beside)
    if as_json:
        print(json.dumps(inspection, indent=1))
    else:
        show_inspection(make_console(stderr=False), inspection)
    if inspection.get("problems"):
        raise typer.Exit(1)
