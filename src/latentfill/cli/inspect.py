"""`latentfill inspect`: say what a table, a set of embeddings or a model holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from latentfill.cli.console import make_console
from latentfill.cli.given import config_and_reading
from latentfill.cli.options import COLUMNS, READING, SPLIT_PLAN, with_options


@with_options(READING, COLUMNS, SPLIT_PLAN)
def inspect(
    path: Annotated[
        Path,
        typer.Argument(metavar="PATH", help="A table, .h5 folder or file, packed file, model or student folder."),
    ],
    table: Annotated[
        Path | None,
        typer.Option(help="The table that the embeddings were made from: checks that they belong to its windows."),
    ] = None,
    beside: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Other embeddings of the same windows: shows how they differ.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    **given: Any,
) -> None:
    """Say what a table, a set of embeddings or a model holds."""
    from latentfill.cli.display import show_inspection
    from latentfill.imputation.inspection.inspect_path import inspect_path

    config, options = config_and_reading(given)
    found = inspect_path(path, options, config, table, beside)
    if as_json:
        print(json.dumps(found, indent=1))
    else:
        show_inspection(make_console(stderr=False), found)
