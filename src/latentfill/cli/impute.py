"""`latentfill impute`: fit a model to a table and fill its gaps."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentfill.cli.command_settings import make_imputer
from latentfill.cli.console import make_console, show_notes
from latentfill.cli.options import (
    COLUMNS,
    GRID,
    LONG,
    METHOD,
    OUTPUT,
    READING,
    RUNNING,
    SERIES,
    STORED,
    WITH,
    Output,
    Quiet,
    Source,
    one_table,
    with_options,
)
from latentfill.cli.outputs import WRITING, Outputs
from latentfill.core.errors import InputError

if TYPE_CHECKING:
    from latentfill.imputation.imputer import Imputer


@with_options(READING, WITH, COLUMNS, SERIES, LONG, GRID, STORED, METHOD, RUNNING, OUTPUT, WRITING)
def impute(source: Source, output: Output, quiet: Quiet = False, **given: Any) -> None:
    """Fit a model to a table and fill its gaps."""
    from latentfill.cli.progress import progress_bars

    data = one_table(source)
    outputs = Outputs.of(data, output, given)
    imputer = make_imputer(given)
    outputs.check(imputer)
    began = time.monotonic()
    if imputer.options.by:
        _impute_stacked(imputer, data, outputs, quiet)
        return
    table = imputer.read(data)
    show_notes(table.notes, quiet)
    with progress_bars(make_console(), quiet) as imputer.progress:
        imputer.fit(table)
    filled = imputer.fill(table)
    filled.summary["seconds"] = round(time.monotonic() - began, 2)
    outputs.write(imputer, filled, quiet)


def _impute_stacked(imputer: Imputer, data: Path | list[Path], outputs: Outputs, quiet: bool) -> None:
    """Fill each series of a stacked table."""
    from latentfill.cli.progress import series_bar
    from latentfill.imputation.stacked import impute_stacked
    from latentfill.imputation.stacked_file import impute_stacked_file, is_divisible
    from latentfill.tables.backends.stacked_text import UnusualTextError

    if outputs.explain:
        raise InputError("--explain is for one series; leave out --by, or --explain.")
    is_listed = outputs.doubt is not None  # a list of readings of all series needs the whole table
    if isinstance(data, Path) and not is_listed and is_divisible(imputer, data, outputs.of_series):
        with suppress(UnusualTextError), series_bar(make_console(), quiet) as on_series:
            summary = impute_stacked_file(imputer, data, outputs.of_series, on_series)
            outputs.write_summary(summary, 0, quiet)
            return
    table = imputer.read_groups(data)
    show_notes(table.notes, quiet)
    with series_bar(make_console(), quiet) as on_series:
        filled = impute_stacked(imputer, table, on_series)
    outputs.write(imputer, filled, quiet)
