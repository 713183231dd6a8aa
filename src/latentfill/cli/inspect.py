"""`latentfill inspect`: describe a table, stored embeddings, a model, a student or a summary."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentfill.cli.command_settings import config_and_reading
from latentfill.cli.console import make_console
from latentfill.cli.options import BY, COLUMNS, KIND, LONG, READING, REPLACE, SPLIT_PLAN, Given, with_options

if TYPE_CHECKING:
    from latentfill.core.config import Config
    from latentfill.tables.options import TableOptions


@with_options(READING, COLUMNS, KIND, BY, LONG, SPLIT_PLAN, REPLACE)
def inspect(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="A table, a folder of .h5 files, an .h5 file, a packed file, a model folder, a student folder, or a "
            "summary (.json), whose digests are compared with the files that were written with it.",
        ),
    ],
    table: Annotated[
        Path | None,
        typer.Option(help="Table that the embeddings were made from, to check that they belong to its windows."),
    ] = None,
    beside: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Other embeddings of the same windows, to compare with.")
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="HTML page about a table: what is missing, and an explorer of the gaps; needs 'report'."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the description as JSON.")] = False,
    **given: Any,
) -> None:
    """Describe a table, stored embeddings, a model, a student or a summary; exit code 1 if there are problems."""
    from latentfill.cli.display import show_inspection
    from latentfill.imputation.inspection.inspect_path import inspect_path

    config, options = config_and_reading(given)
    if report is not None:
        _check_report(path, report, given, [each for each in (table, beside) if each])
    inspection = inspect_path(path, options, config, table, beside)
    if report is not None:
        _write_report(path, report, inspection, config, options)
    if as_json:
        print(json.dumps(inspection, indent=1))
    else:
        show_inspection(make_console(stderr=False), inspection)
    if inspection.get("problems"):
        raise typer.Exit(1)


def _check_report(path: Path, report: Path, given: Given, inputs: Sequence[Path]) -> None:
    """Raise an `InputError` if the page cannot be made or written, or would destroy what is read."""
    from latentfill.core.errors import InputError
    from latentfill.core.output_paths import check_new, refuse_inputs
    from latentfill.report.rendering import check_installed
    from latentfill.tables.backends.table_files import check_output_path

    if given["by"]:
        raise InputError("--report is for one series; leave out --by, or inspect each series as a file of its own.")
    check_installed()
    check_output_path(path, report, table=False)
    refuse_inputs([report], [path, *inputs])
    check_new([] if given["overwrite"] else [report])


def _write_report(
    path: Path, report: Path, inspection: Mapping[str, object], config: Config, options: TableOptions
) -> None:
    """Write the page about a table."""
    from latentfill.cli.input_files import check_unchanged, file_digests, provenance, table_files
    from latentfill.core.errors import InputError
    from latentfill.core.files import write_bytes, write_together
    from latentfill.report.inspection_page import inspection_page
    from latentfill.tables.read import read_table

    if inspection["kind"] != "table":
        raise InputError(f"--report is for tables, and {path} holds {inspection['kind']}: leave it out.")
    digests = file_digests(table_files(path))
    table = read_table(path, options)
    check_unchanged(digests)
    page = inspection_page(table, config.kind, provenance(digests))
    write_together(lambda: write_bytes(report, page))
