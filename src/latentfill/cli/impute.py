"""`latentfill impute`: fit a model to a table and fill its gaps."""

from __future__ import annotations

import time
from typing import Any

from latentfill.cli.command_settings import make_imputer
from latentfill.cli.console import make_console, show_notes
from latentfill.cli.options import (
    COLUMNS,
    GRID,
    METHOD,
    OUTPUT,
    READING,
    RUNNING,
    STORED,
    Output,
    Quiet,
    Source,
    with_options,
)
from latentfill.cli.outputs import WRITING, Outputs


@with_options(READING, COLUMNS, GRID, STORED, METHOD, RUNNING, OUTPUT, WRITING)
def impute(source: Source, output: Output, quiet: Quiet = False, **given: Any) -> None:
    """Fit a model to a table and fill its gaps."""
    from latentfill.cli.progress import progress_bars

    outputs = Outputs.of(source, output, given)
    imputer = make_imputer(given)
    if outputs.explain:
        imputer.check_explains()
    began = time.monotonic()
    table = imputer.read(source)
    show_notes(table.notes, quiet)
    with progress_bars(make_console(), quiet) as imputer.progress:
        imputer.fit(table)
    filled = imputer.fill(table)
    filled.summary["seconds"] = round(time.monotonic() - began, 2)
    outputs.write(imputer, filled, quiet)
