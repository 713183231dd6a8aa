"""`latentfill totals`: sums and means of a filled table per period."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from latentfill.cli.command_settings import config_and_reading
from latentfill.cli.console import make_console
from latentfill.cli.options import COLUMNS, KIND, ONE_SERIES, READING, REPLACE, with_options


@with_options(READING, COLUMNS, ONE_SERIES, KIND, REPLACE)
def totals(
    filled: Annotated[Path, typer.Argument(metavar="FILLED", help="A table that `latentfill impute` filled.")],
    every: Annotated[
        str,
        typer.Option(help="Period: hour, day, week, month, quarter or year, also '2 weeks', or a number of rows."),
    ],
    samples: Annotated[
        list[Path] | None,
        typer.Option(
            help="A completed table of `impute --samples`; by default all those beside FILLED. May be repeated."
        ),
    ] = None,
    coverage: Annotated[float, typer.Option(help="Coverage of the intervals.")] = 0.9,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File for the totals, as a table; printed if not given.")
    ] = None,
    **given: Any,
) -> None:
    """Sums and means of a filled table per period, with intervals from its samples."""
    from latentfill.cli.display import show_totals
    from latentfill.core.files import write_together
    from latentfill.core.output_paths import check_new, refuse_inputs
    from latentfill.imputation.totals.table_totals import samples_beside, total_columns
    from latentfill.tables.backends.table_files import check_output_path, write_columns

    if output is not None:
        check_output_path(filled, output)
        check_new([] if given["overwrite"] else [output])
        beside = samples_beside(filled) if samples is None and filled.is_file() else []
        refuse_inputs([output], [filled, *(samples or beside)])
    config, options = config_and_reading(given)
    columns = total_columns(filled, every, samples, coverage, config.kind, options)
    if output is None:
        show_totals(make_console(stderr=False), columns, coverage)
    else:
        write_together(lambda: write_columns(columns, output))
