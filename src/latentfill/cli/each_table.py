"""`latentfill impute A B --output-dir FOLDER`: each table by itself, with its own model."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import typer

from latentfill.cli.console import say
from latentfill.cli.options import Given
from latentfill.cli.outputs import Outputs, refuse_replacing
from latentfill.cli.shown import Shown, print_json
from latentfill.core.errors import InputError, LatentFillError
from latentfill.core.files import STANDARD
from latentfill.imputation.summary.headlines import in_one_line

Fill: TypeAlias = Callable[[Path, Outputs], dict[str, object]]  # fills a table, returns its summary
OF_ONE_TABLE = (
    "intervals_to",
    "codes",
    "explain",
    "doubt",
    "report",
    "decisions",
    "summary",
)  # options that name a single file


def fill_each(sources: Sequence[Path], folder: Path, given: Given, shown: Shown, fill: Fill) -> None:
    """Fill each table into the folder, and print a line for each; exit code 1 if one of them cannot be filled."""
    if named := [f"--{name.replace('_', '-')}" for name in OF_ONE_TABLE if given[name] is not None]:
        raise InputError(f"with --output-dir, {', '.join(named)} would name one file for all tables: leave it out.")
    tables = [table for source in sources for table in _tables_in(source)]
    _check_names(tables)
    planned = [(table, _plan(table, folder / table.name, _of_table(table, given), tables)) for table in tables]
    refuse_replacing([outputs for _, outputs in planned if isinstance(outputs, Outputs)], given)
    results = [_fill_one(table, outputs, shown, fill) for table, outputs in planned]
    if shown.as_json:
        print_json(results)
    if any("error" in result for result in results):
        raise typer.Exit(1)


def _tables_in(source: Path) -> Iterator[Path]:
    """The table itself, or the tables in a folder."""
    from latentfill.tables.backends.joined_files import files_in

    if source == STANDARD:
        raise InputError("standard input has no name for a file in --output-dir: write it with -o FILE.")
    yield from files_in(source) if source.is_dir() else [source]


def _check_names(tables: Sequence[Path]) -> None:
    """Raise an `InputError` if two tables have the same name, and so the same output."""
    counts = Counter(table.name for table in tables)
    if doubled := [str(table) for table in tables if counts[table.name] > 1]:
        raise InputError(
            f"with --output-dir, each result has the name of its table, which {', '.join(doubled)} do not have alone: "
            "fill them into different folders."
        )


def _of_table(table: Path, given: Given) -> Given:
    """The options for one table, whose figures have a folder of their own."""
    return given if given["plots"] is None else {**given, "plots": given["plots"] / table.name}


def _plan(table: Path, output: Path, given: Given, tables: Sequence[Path]) -> Outputs | LatentFillError:
    """The outputs of a table, or why it cannot have them, such as because they would destroy one of all `tables`."""
    try:
        return Outputs.of(table, output, given, *tables)
    except LatentFillError as error:
        return error


def _fill_one(table: Path, outputs: Outputs | LatentFillError, shown: Shown, fill: Fill) -> dict[str, object]:
    """Fill a table, or print why it cannot be filled; returns what the JSON output says of it."""
    try:
        if isinstance(outputs, LatentFillError):
            raise outputs
        summary = fill(table, outputs)
    except LatentFillError as error:
        print(f"error: {table}: {error}", file=sys.stderr)
        return {"table": str(table), "error": str(error)}
    say(f"{table} -> {outputs.table}: {in_one_line(summary)}", shown.quiet)
    return {"table": str(table), "filled": str(outputs.table), "summary": summary}
