"""`latentfill apply`: fill a table with a saved model."""

from __future__ import annotations

from typing import Any

from latentfill.cli.command_settings import flag_settings
from latentfill.cli.console import show_notes
from latentfill.cli.long_files import obstacles_of, open_long_file, write_long
from latentfill.cli.options import (
    EMBEDDINGS,
    GRID,
    LONG,
    MEMORY,
    ONE_SERIES,
    OUTPUT,
    READING,
    RUNNING,
    WITH,
    Model,
    Output,
    Source,
    one_table,
    with_options,
)
from latentfill.cli.outputs import WRITING, Outputs, refuse_replacing
from latentfill.cli.shown import SHOWING, Shown


@with_options(ONE_SERIES, READING, WITH, GRID, LONG, EMBEDDINGS, RUNNING, MEMORY, OUTPUT, WRITING, SHOWING)
def apply(source: Source, model: Model, output: Output, **given: Any) -> None:
    """Fill the gaps of a table with a saved model."""
    data, shown = one_table(source), Shown.of(given)
    outputs = Outputs.of(data, output, given, model)
    refuse_replacing([outputs], given)
    from latentfill.imputation.imputer import Imputer

    imputer = Imputer.load(model, covariates=given["covariates"], **flag_settings(given))
    outputs.check(imputer)
    outputs = outputs.before_reading(data)
    if (long := open_long_file(imputer, data, obstacles_of(outputs))) is not None:
        outputs.check_read()
        show_notes(long.scan.notes, shown.quiet)
        write_long(long, outputs, shown)
        return
    table = imputer.read(data)
    outputs.check_read()
    show_notes(table.notes, shown.quiet)
    outputs.write(imputer, outputs.fill(imputer, table), shown)
