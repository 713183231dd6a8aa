"""`latentfill impute`: fit a model to a table and fill its gaps."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentfill.cli.command_settings import make_imputer
from latentfill.cli.console import make_console, show_notes
from latentfill.cli.long_files import obstacles_of, open_long_file, write_long
from latentfill.cli.many_series import ENGINE, fill_many_series, refuse_without_engine
from latentfill.cli.options import (
    COLUMNS,
    GRID,
    LONG,
    MEMORY,
    METHOD,
    OUTPUT,
    READING,
    RUNNING,
    SERIES,
    STORED,
    WITH,
    Given,
    MaybeOutput,
    OutputFolder,
    Source,
    one_table,
    with_options,
)
from latentfill.cli.outputs import WRITING, Outputs, refuse_replacing
from latentfill.cli.shown import NOTHING, SHOWING, Shown
from latentfill.core.errors import InputError

if TYPE_CHECKING:
    from latentfill.imputation.imputer import Imputer


@with_options(
    *(READING, WITH, COLUMNS, SERIES, ENGINE, LONG, GRID, STORED, METHOD, RUNNING, MEMORY, OUTPUT, WRITING, SHOWING)
)
def impute(source: Source, output: MaybeOutput = None, output_dir: OutputFolder = None, **given: Any) -> None:
    """Fit a model to a table and fill its gaps; with --output-dir, to each of several tables."""
    from latentfill.cli.each_table import fill_each

    shown = Shown.of(given)
    if given["engine"] is not None:
        fill_many_series(source, output, given, shown, make_imputer(given))
        return
    refuse_without_engine(given)
    if (output is None) == (output_dir is None):
        raise InputError(
            "name where the result goes: -o FILE for one table (several files are read as one), or --output-dir FOLDER "
            "to fill each file with a model of its own."
        )
    if output_dir is not None:
        make_imputer(given)  # settings that cannot be used are told once, and not for each table
        inner = shown if shown.everything else NOTHING
        fill_each(source, output_dir, given, shown, lambda data, outputs: _impute(data, outputs, given, inner))
        return
    assert output is not None
    data = one_table(source)
    outputs = Outputs.of(data, output, given)
    refuse_replacing([outputs], given)
    _impute(data, outputs, given, shown)


def _impute(data: Path | list[Path], outputs: Outputs, given: Given, shown: Shown) -> dict[str, object]:
    """Fill one table, and write the outputs; returns the summary."""
    from latentfill.api.progress_bars import progress_bars

    imputer = make_imputer(given)
    outputs.check(imputer)
    began, outputs = time.monotonic(), outputs.before_reading(data)
    if imputer.options.by:
        return _impute_stacked(imputer, data, outputs, shown)
    if (long := open_long_file(imputer, data, obstacles_of(outputs))) is not None:
        outputs.check_read()
        notes = [long.learnt_from]
        show_notes([*long.scan.notes, *notes], shown.quiet)
        with progress_bars(make_console(), shown.quiet) as imputer.progress:
            long.fit()
        return write_long(long, outputs, shown, notes)
    table = imputer.read(data)
    outputs.check_read()
    show_notes(table.notes, shown.quiet)
    with progress_bars(make_console(), shown.quiet) as imputer.progress:
        imputer.fit(table)
        filled = outputs.fill(imputer, table)
    filled.summary["seconds"] = round(time.monotonic() - began, 2)
    return outputs.write(imputer, filled, shown)


def _impute_stacked(imputer: Imputer, data: Path | list[Path], outputs: Outputs, shown: Shown) -> dict[str, object]:
    """Fill each series of a stacked table, and write the outputs; returns the summary."""
    from latentfill.api.progress_bars import series_bar
    from latentfill.core.files import write_together
    from latentfill.imputation.stacked import impute_stacked
    from latentfill.imputation.stacked_file import filled_parts, is_divisible
    from latentfill.tables.backends.stacked_text import UnusualTextError

    if outputs.explain:
        raise InputError("--explain is for one series; leave out --by, or --explain.")
    is_whole = outputs.doubt is not None or outputs.plots is not None  # whether something needs all series at once
    if isinstance(data, Path) and not is_whole and is_divisible(imputer, data, outputs.of_series):
        with suppress(UnusualTextError), series_bar(make_console(), shown.quiet) as on_series:
            with filled_parts(imputer, data, outputs.of_series, on_series, outputs.check_read) as parts:
                summary = write_together(lambda: outputs.write_parts(parts))
            outputs.show(summary, 0, shown)
            return summary
    table = imputer.read_groups(data)
    outputs.check_read()
    show_notes(table.notes, shown.quiet)
    with series_bar(make_console(), shown.quiet) as on_series:
        filled = impute_stacked(imputer, table, on_series)
    return outputs.write(imputer, filled, shown)
