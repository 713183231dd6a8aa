"""`latentfill apply`: fill a table with a saved model."""

from __future__ import annotations

from typing import Any

from latentfill.cli.command_settings import flag_settings
from latentfill.cli.console import show_notes
from latentfill.cli.long_files import obstacles_of, open_long_file, write_long
from latentfill.cli.many_series import ENGINE, fill_many_series, refuse_without_engine
from latentfill.cli.options import (
    BY,
    EMBEDDINGS,
    GRID,
    LONG,
    MEMORY,
    OUTPUT,
    READING,
    RUNNING,
    WITH,
    Model,
    Output,
    Source,
    one_table,
    refuse_by,
    with_options,
)
from latentfill.cli.outputs import WRITING, Outputs, refuse_replacing
from latentfill.cli.shown import SHOWING, Shown


@with_options(BY, ENGINE, READING, WITH, GRID, LONG, EMBEDDINGS, RUNNING, MEMORY, OUTPUT, WRITING, SHOWING)
def apply(source: Source, model: Model, output: Output, **given: Any) -> None:
    """Fill the gaps of a table with a saved model."""
    from latentfill.imputation.imputer import Imputer

    shown = Shown.of(given)
    if given["engine"] is not None:
        imputer = Imputer.load(model, covariates=given["covariates"], **flag_settings(given))
        fill_many_series(source, output, given, shown, imputer, fitted=True)
        return
    refuse_without_engine(given)
    if given["by"] is not None:
        refuse_by("apply", given["by"], "add --engine local to fill all with this model, which writes a data set")
    data = one_table(source)
    outputs = Outputs.of(data, output, given, model)
    refuse_replacing([outputs], given)
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
