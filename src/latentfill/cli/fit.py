"""`latentfill fit`: fit a model to a table and save it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentfill.cli.command_settings import make_imputer
from latentfill.cli.console import make_console, say, show_notes
from latentfill.cli.long_files import open_long_file
from latentfill.cli.options import (
    COLUMNS,
    LONG,
    MEMORY,
    METHOD,
    ONE_SERIES,
    OUTPUT,
    READING,
    REPLACE,
    RUNNING,
    STORED,
    WITH,
    Model,
    Quiet,
    Source,
    one_table,
    with_options,
)

if TYPE_CHECKING:
    from latentfill.imputation.streaming.long_file import LongFile


@with_options(ONE_SERIES, READING, WITH, COLUMNS, LONG, STORED, METHOD, RUNNING, MEMORY, OUTPUT, REPLACE)
def fit(source: Source, model: Model, quiet: Quiet = False, **given: Any) -> None:
    """Fit a model to a table and save it."""
    from latentfill.api.progress_bars import progress_bars
    from latentfill.cli.input_files import inputs_of, inputs_of_config, table_files
    from latentfill.core.output_paths import SMALLEST_MODEL, check_new, check_room, refuse_inputs
    from latentfill.imputation.saving.model_folder import check_model_path

    check_model_path(model)
    check_new([] if given["overwrite"] else [model])
    refuse_inputs([model], [*table_files(one_table(source)), *inputs_of(given)])
    imputer = make_imputer(given)
    refuse_inputs([model], inputs_of_config(imputer.config))
    check_room(model, SMALLEST_MODEL)
    if (long := open_long_file(imputer, one_table(source))) is not None:
        _fit_long(long, model, quiet)
        return
    table = imputer.read(one_table(source))
    show_notes(table.notes, quiet)
    with progress_bars(make_console(), quiet) as imputer.progress:
        imputer.fit(table)
    imputer.save(model)
    covariates = imputer.align(table)
    fitted_notes = () if imputer.config.causal else imputer.fitted_.notes
    show_notes([*(covariates.notes if covariates else ()), *fitted_notes], quiet)
    say(f"Model: {model}", quiet)


def _fit_long(file: LongFile, model: Path, quiet: bool) -> None:
    """Fit a model to stretches of a long file, and save it."""
    from latentfill.api.progress_bars import progress_bars

    imputer = file.imputer
    show_notes([*file.scan.notes, file.learnt_from], quiet)
    with progress_bars(make_console(), quiet) as imputer.progress:
        file.fit()
    imputer.save(model)
    show_notes(imputer.fitted_.notes, quiet)
    say(f"Model: {model}", quiet)
